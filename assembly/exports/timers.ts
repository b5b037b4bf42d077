// Exports: timers, and the turn of the wheel.

import { header } from "../header";
import { FREE_TIMERS, TIMER_BYTES, timersAt } from "../layout";
import { Registry } from "../registry";
import { Timer } from "../timer";
import * as timers from "../timers";

function timerOf(address: i32): Timer {
  return changetype<Timer>(<usize> address);
}

/** Claims a timer for a parker. Returns its address, or 0 if all are taken. */
export function timerClaim(target: i32, targetBase: i32): i32 {
  const records = timersAt(header().parkers, header().locks);
  const index = changetype<Registry>(FREE_TIMERS).claim(
    records,
    TIMER_BYTES,
    header().timers,
  );
  if (index < 0) return 0;
  const address = records + <usize> index * TIMER_BYTES;
  changetype<Timer>(address).claim(target, targetBase);
  return <i32> address;
}

/** The base of the claim in force, or of the free timer. */
export function timerBase(address: i32): i32 {
  return timerOf(address).base;
}

/** Whether `base` is the claim in force. */
export function timerIsClaimed(address: i32, base: i32): bool {
  return timerOf(address).isClaimed(base);
}

/** Frees a timer, armed or not. Returns whether the claim was in force. */
export function timerRelease(address: i32, base: i32, thread: i32): bool {
  if (!timers.releaseTimer(timerOf(address), base, thread)) return false;
  const records = timersAt(header().parkers, header().locks);
  changetype<Registry>(FREE_TIMERS).free(
    records,
    TIMER_BYTES,
    <i32> ((<usize> address - records) / TIMER_BYTES),
  );
  return true;
}

/** Arms a timer. Returns DONE, RING, HAND_OFF, STALE or TIMER_ENDED. */
export function timerArm(
  address: i32,
  base: i32,
  deadlineMs: f64,
  thread: i32,
): i32 {
  return timers.armTimer(timerOf(address), base, deadlineMs, thread);
}

/** Takes a timer out. Returns 1 if it was armed, 0 if not, -1 if stale. */
export function timerCancel(address: i32, base: i32, thread: i32): i32 {
  return timers.cancelTimer(timerOf(address), base, thread);
}

/** Takes out every timer, for one who died as it shut the runtime down. */
export function timersClose(thread: i32): void {
  timers.closeTimers(thread);
}

/** IDLE, ARMED, FIRED or CLOSED. */
export function timerState(address: i32): i32 {
  return timerOf(address).read();
}

/** Timers in the wheel. */
export function timersArmed(): i32 {
  return timers.wheel().count;
}

/** Publishes when the driver's owner will wake, and returns it. */
export function timersPrepare(thread: i32): f64 {
  return timers.prepareTimers(thread);
}

/** Collects a batch of due timers. Returns how many. */
export function timersCollect(nowMs: f64, thread: i32): i32 {
  return timers.collectTimers(nowMs, thread);
}

/** Unparks the target of one of the batch. Returns DONE or WAKE. */
export function timersDeliver(place: i32): i32 {
  return timers.deliverTimer(place);
}

/** The parker that one of the batch is for. */
export function timersTarget(place: i32): i32 {
  return timers.wheel().batchTarget(place);
}
