// A park that blocks the thread: in the driver if it is free, else on the
// parker's own word.

import { DRIVER, PARKED_CONDVAR, SLEEP } from "../core/core.generated.ts";
import { handOff, type Local, wakeSummoned } from "../core/local.ts";
import type { Futex } from "../host.ts";
import type { ParkerHandle } from "../core/handle.ts";
import { keepToken, type ParkResult, toResult } from "./result.ts";
import { takeTurns } from "./turn.ts";

/**
 * Parks until there is a token, the deadline has passed, the thread has served
 * the driver, or the runtime is shut down.
 *
 * @param deadline In milliseconds on the shared clock, or `Infinity`.
 */
export function parkBlocking(
  local: Local,
  handle: ParkerHandle,
  deadline: number,
): ParkResult {
  const { core, futex } = local;
  const { address, claim } = handle;
  for (;;) {
    const left = timeLeft(local, deadline);
    const code = futex
      ? parkInHost(local, futex, handle, left)
      : core.parkerPark(address, claim, left);
    const end = code === DRIVER ? parkInDriver(local, handle, deadline) : code;
    const result = toResult(end, "park");
    // A sleep that ended early, or in vain, goes on until the deadline.
    if (result !== undefined && result !== "timed-out") return result;
    if (timeLeft(local, deadline) === 0) return "timed-out";
  }
}

/**
 * Drives for all, when nobody else does, until the runtime is shut down or there
 * is a token.
 */
export function standBy(local: Local, handle: ParkerHandle): ParkResult {
  const { core, futex } = local;
  const { address, claim } = handle;
  for (;;) {
    const code = futex
      ? sleepCommitted(
        local,
        futex,
        handle,
        Infinity,
        core.parkerCommitStandBy(address, claim),
      )
      : core.parkerStandBy(address, claim);
    const end = code === DRIVER ? parkInDriver(local, handle, Infinity) : code;
    const result = toResult(end, "park");
    if (result === "unparked" || result === "shutdown") return result;
  }
}

/** Polls the driver once, if it is free. Does not touch the token. */
export function pollDriver(local: Local, address: number): ParkResult {
  const { core, driver } = local;
  if (core.shutdownBegun()) return "shutdown";
  if (!driver?.blocks || !core.driverTake(address)) return "timed-out";
  try {
    return takeTurns(local, address, -Infinity) > 0 ? "driver" : "timed-out";
  } finally {
    wakeSummoned(local, core.driverLeave());
  }
}

function timeLeft(local: Local, deadline: number): number {
  if (deadline === Infinity) return Infinity;
  return Math.max(deadline - local.host.now(), 0);
}

/** Sleeps in the driver, which this thread holds, and leaves it. */
function parkInDriver(
  local: Local,
  { address, claim }: ParkerHandle,
  deadline: number,
): number {
  const { core } = local;
  const leave = (served: number): number => {
    const timedOut = Number(timeLeft(local, deadline) === 0);
    const code = core.parkerLeave(address, claim, served, timedOut);
    handOff(local);
    return code;
  };
  let served: number;
  try {
    served = takeTurns(local, address, deadline);
  } catch (error) {
    keepToken(local, { address, claim }, leave(0));
    throw error;
  }
  return leave(served);
}

/** The core's `park()`, with the host's futex in place of its wait. */
function parkInHost(
  local: Local,
  futex: Futex,
  handle: ParkerHandle,
  timeout: number,
): number {
  const code = local.core.parkerCommit(handle.address, handle.claim);
  return sleepCommitted(local, futex, handle, timeout, code);
}

/** Sleeps, if that is what the core says. */
function sleepCommitted(
  local: Local,
  futex: Futex,
  handle: ParkerHandle,
  timeout: number,
  code: number,
): number {
  if (code === DRIVER) return code;
  const end = code === SLEEP
    ? sleepInHost(local, futex, handle, timeout)
    : code;
  handOff(local);
  return end;
}

/** Sleeps on the state word, to which the parker is committed. */
function sleepInHost(
  { core }: Local,
  futex: Futex,
  { address, claim }: ParkerHandle,
  timeout: number,
): number {
  let timedOut = false;
  do {
    timedOut = futex.wait(address, claim | PARKED_CONDVAR, timeout);
    // With a deadline, how much time is left is the caller's to tell.
  } while (timeout === Infinity && !core.parkerIsWoken(address, claim));
  return core.parkerEndSleep(address, claim, Number(timedOut));
}
