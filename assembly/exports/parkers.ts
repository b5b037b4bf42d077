// Exports: claiming, parking and unparking.

import { buryThread, rouseAll } from "../burial";
import { Counters } from "../counters";
import { header } from "../header";
import {
  FREE_PARKERS,
  PARKER_BYTES,
  parkerAt,
  parkerIndex,
  PARKERS,
} from "../layout";
import * as parking from "../park";
import { DONE, Parker } from "../parker";
import { Registry } from "../registry";
import { toNs } from "../units";

function parkerOf(address: i32): Parker {
  return changetype<Parker>(<usize> address);
}

/** Claims a parker for a thread. Returns its address; 0 if all are taken. */
export function parkerClaim(thread: i32): i32 {
  const index = changetype<Registry>(FREE_PARKERS).claim(
    PARKERS,
    PARKER_BYTES,
    header().parkers,
  );
  if (index < 0) return 0;
  const address = parkerAt(index);
  changetype<Parker>(address).own(thread);
  changetype<Parker>(address).claim();
  Counters.of(address).reset();
  return <i32> address;
}

/** Makes a detached parker the thread's. Returns whether it was detached. */
export function parkerAdopt(address: i32, base: i32, thread: i32): bool {
  return parkerOf(address).adopt(base, thread);
}

/** Leaves a parker to whoever adopts it. Returns whether it was the thread's. */
export function parkerDetach(address: i32, base: i32, thread: i32): bool {
  return parkerOf(address).detach(base, thread);
}

/** Frees a parker. Returns DONE, STALE or CONFLICT. */
export function parkerRelease(address: i32, base: i32): i32 {
  const code = parkerOf(address).release(base);
  if (code == DONE) {
    changetype<Registry>(FREE_PARKERS).free(
      PARKERS,
      PARKER_BYTES,
      parkerIndex(address),
    );
  }
  return code;
}

/**
 * Frees what a thread has left that has died, and wakes whoever it was to wake.
 * Returns whether the caller is to close the driver's descriptors.
 */
export function threadBury(thread: i32): bool {
  const isLast = buryThread(thread);
  rouseAll();
  return isLast;
}

/** Wakes whoever sleeps, for no reason: who has no token sleeps on. */
export function parkersRouse(): void {
  rouseAll();
}

/** Parkers ever claimed: the addresses behind them were not. */
export function parkersUsed(): i32 {
  return changetype<Registry>(FREE_PARKERS).used;
}

/** The base of the claim in force, or of the free parker. */
export function parkerBase(address: i32): i32 {
  return parkerOf(address).base;
}

/** Whether `base` is the claim in force. */
export function parkerIsClaimed(address: i32, base: i32): bool {
  return parkerOf(address).isClaimed(base);
}

/** Takes the token if it is there. Returns UNPARKED, ENDED or AGAIN. */
export function parkerTake(address: i32, base: i32): i32 {
  return parkerOf(address).take(base);
}

/** Makes the token available. Returns DONE, RING, WAKE or STALE. */
export function parkerUnpark(address: i32, base: i32): i32 {
  return parkerOf(address).unpark(base);
}

/** Parks. Returns a code: see `park()` in park.ts. */
export function parkerPark(address: i32, base: i32, timeoutMs: f64): i32 {
  return parking.park(parkerOf(address), base, toNs(timeoutMs));
}

/** Parks, and takes the driver only when nobody else does. As `parkerPark()`. */
export function parkerStandBy(address: i32, base: i32): i32 {
  return parking.standBy(parkerOf(address), base);
}

/** Commits to such a sleep that the host sleeps. As `parkerCommit()`. */
export function parkerCommitStandBy(address: i32, base: i32): i32 {
  return parking.commitStandBy(parkerOf(address), base);
}

/** Commits to a sleep that the host sleeps. Returns SLEEP, DRIVER or an end. */
export function parkerCommit(address: i32, base: i32): i32 {
  return parking.commitPark(parkerOf(address), base);
}

/** Whether the sleep that the host sleeps is over. */
export function parkerIsWoken(address: i32, base: i32): bool {
  return parkerOf(address).isWoken(base);
}

/** Ends the sleep that the host slept. */
export function parkerEndSleep(address: i32, base: i32, timedOut: bool): i32 {
  return parking.endSleep(parkerOf(address), base, timedOut);
}

/** Ends a sleep in the shared driver. */
export function parkerLeave(
  address: i32,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  return parking.leavePark(parkerOf(address), base, served, timedOut);
}

/** Commits to a sleep in the owner's event loop. */
export function parkerCommitLoop(address: i32, base: i32): i32 {
  return parking.commitLoop(parkerOf(address), base);
}

/** Ends a sleep in the owner's event loop. */
export function parkerLeaveLoop(
  address: i32,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  return parking.leaveLoop(parkerOf(address), base, served, timedOut);
}

/** The word that the owner's event loop listens to. */
export function parkerDoorbell(address: i32): i32 {
  return <i32> parkerOf(address).doorbell;
}

/** Whether a token came for an owner that sleeps in a driver. */
export function parkerIsNotified(address: i32): bool {
  return parkerOf(address).isNotified();
}

/** Adds to the time that the owner was asleep. */
export function parkerAddParked(address: i32, ms: f64): void {
  Counters.of(address).addParked(<i64> (ms * 1e6));
}

/** Counts a turn of the driver. */
export function parkerAddTurn(address: i32): void {
  Counters.of(address).countTurn();
}

/** A counter, by its place in `Counters`. */
export function parkerCounter(address: i32, place: i32): f64 {
  return Counters.of(address).read(place);
}
