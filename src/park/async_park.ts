// A park that yields to the event loop: the same token, another sleep.

import { DRIVER } from "../core/core.generated.ts";
import { handOff, type Local, wakeSummoned } from "../core/local.ts";
import type { Driver } from "../driver.ts";
import {
  keepToken,
  type ParkerPlace,
  type ParkResult,
  toResult,
} from "./result.ts";
import { fireTimers } from "./turn.ts";

/** Longest delay that event loops can count: 2^31 - 1 ms, 24 days. */
const LONGEST_MS = 0x7fffffff;

/**
 * Parks until there is a token, the deadline has passed, this event loop has
 * fired timers, the signal is aborted, or the runtime is shut down.
 *
 * @param loop The driver on the parker's own doorbell.
 * @param deadline In milliseconds on the shared clock, or `Infinity`.
 */
export async function parkInLoop(
  local: Local,
  loop: Driver,
  { address, claim }: ParkerPlace,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<ParkResult> {
  const { core, host } = local;
  const code = core.parkerCommitLoop(address, claim);
  if (code !== DRIVER) return toResult(code, "park")!;
  const leave = (served: number): number => {
    const timedOut = Number(isPast(local, deadline));
    const end = core.parkerLeaveLoop(address, claim, served, timedOut);
    handOff(local);
    return end;
  };
  const ring = () => loop.unpark();
  signal?.addEventListener("abort", ring, { once: true });
  // Nothing else keeps the process from ending while it waits.
  host.keepAlive.hold();
  let end: number;
  try {
    end = leave(await sleep(local, loop, address, deadline, signal));
  } catch (error) {
    keepToken(local, { address, claim }, leave(0));
    throw error;
  } finally {
    host.keepAlive.drop();
    signal?.removeEventListener("abort", ring);
  }
  const result = toResult(end, "park");
  if (result === undefined || result === "timed-out") signal?.throwIfAborted();
  return result ?? "shutdown";
}

/** Grants the event loop one turn, and polls the driver if it is free. */
export async function pollInLoop(
  local: Local,
  address: number,
): Promise<ParkResult> {
  if (local.core.shutdownBegun()) return "shutdown";
  await local.host.turn();
  const { core } = local;
  if (!core.driverKeep(address)) return "timed-out";
  const served = turnOfKeeper(local, address);
  // This event loop does not come back: another may.
  wakeSummoned(local, core.driverHandOff());
  return served > 0 ? "driver" : "timed-out";
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function isPast(local: Local, deadline: number): boolean {
  return deadline !== Infinity && local.host.now() >= deadline;
}

/** Sleeps until there is a reason to wake. Returns how many timers it fired. */
async function sleep(
  local: Local,
  loop: Driver,
  address: number,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { core, host, timerThread } = local;
  for (;;) {
    if (core.parkerIsNotified(address) || core.shutdownBegun()) return 0;
    if (signal?.aborted || isPast(local, deadline)) return 0;
    // Whichever event loop keeps the driver wakes for everybody's timers.
    // Without timers, the core has it that whoever arms one rings.
    const due = core.driverKeep(address) && core.timersArmed() > 0
      ? Math.min(core.timersPrepare(timerThread), deadline)
      : deadline;
    await loop.park(
      due === Infinity ? due : clamp(due - host.now(), 0, LONGEST_MS),
    );
    const served = turnOfKeeper(local, address);
    if (served > 0) return served;
  }
}

/** Fires timers, if this event loop still keeps the driver. */
function turnOfKeeper(local: Local, address: number): number {
  const { core } = local;
  if (!core.driverHold(address)) return 0;
  try {
    core.parkerAddTurn(address);
    return fireTimers(local);
  } finally {
    wakeSummoned(local, core.driverYield());
  }
}
