// Timers as their users see them: armed from any thread, fired by whoever holds
// the driver.

import { DriverLock } from "./driver_lock";
import { header, isShutdown } from "./header";
import { FREE_TIMERS, parkerAt, timersAt, WHEEL } from "./layout";
import { LOCKED, Mutex } from "./mutex";
import { CONFLICT, DONE, Parker, RING, STALE } from "./parker";
import { Registry } from "./registry";
import { ARMED, IDLE, Timer } from "./timer";
import { NEVER, Wheel } from "./wheel";

/** The driver has no owner: `handOff()` finds one. */
export const HAND_OFF: i32 = 3;
/** The runtime was shut down. */
export const TIMER_ENDED: i32 = 4;

/** The one wheel of a memory. */
export function wheel(): Wheel {
  return changetype<Wheel>(WHEEL);
}

/**
 * Locks the wheel. A thread that may not wait gives the negative of its id, and
 * tries until it has the lock: who holds it does so for microseconds.
 */
function lockWheel(thread: i32): void {
  if (thread > 0) {
    Mutex.lock(wheel().lockWord, thread);
    return;
  }
  while (Mutex.tryLock(wheel().lockWord, -thread) != LOCKED);
}

function unlockWheel(thread: i32): void {
  Mutex.unlock(wheel().lockWord, abs(thread));
}

/** A tick is a millisecond, as in Tokio: finer ones mostly wake more often. */
function toTick(ms: f64): f64 {
  return (ms - header().epochMs);
}

/**
 * Arms a timer, or arms it anew. Returns DONE, STALE, TIMER_ENDED, or what it
 * takes to have the driver's owner know: RING or HAND_OFF.
 */
export function armTimer(
  timer: Timer,
  base: i32,
  deadlineMs: f64,
  thread: i32,
): i32 {
  // Rounded up: a timer never fires early.
  const tick = <i64> ceil<f64>(toTick(deadlineMs));
  lockWheel(thread);
  let code = STALE;
  if (timer.isClaimed(base)) {
    // Set before the wheel is emptied, under this lock: none comes in after.
    if (isShutdown()) {
      code = TIMER_ENDED;
    } else {
      wheel().arm(timer, tick);
      // The owner published what it sleeps to under this lock, so it has either
      // seen the timer or is compared with here. Source: tokio #6682.
      code = timer.tick < wheel().nextWake ? RING : DONE;
    }
  }
  unlockWheel(thread);
  return code == DONE || code == RING ? tellDriver(code) : code;
}

/** How to have the driver's owner know of an earlier deadline. */
function tellDriver(code: i32): i32 {
  const holder = DriverLock.holder();
  if (holder == 0) return HAND_OFF;
  if (code == DONE || holder > 0) return code;
  changetype<Parker>(parkerAt(-holder - 1)).ringDoorbell();
  return DONE;
}

/** Takes a timer out. Returns whether it was armed, or -1 if it is stale. */
export function cancelTimer(timer: Timer, base: i32, thread: i32): i32 {
  lockWheel(thread);
  let found = -1;
  if (timer.isClaimed(base)) {
    found = timer.read() == ARMED ? 1 : 0;
    if (found != 0) wheel().disarm(timer, IDLE);
  }
  unlockWheel(thread);
  return found;
}

/** Frees a timer, armed or not. Returns whether the claim was in force. */
export function releaseTimer(timer: Timer, base: i32, thread: i32): bool {
  lockWheel(thread);
  const isClaimed = timer.isClaimed(base);
  if (isClaimed) {
    if (timer.read() == ARMED) wheel().disarm(timer, IDLE);
    timer.release(base);
  }
  unlockWheel(thread);
  return isClaimed;
}

/**
 * Publishes when the driver's owner will wake. Returns it, in milliseconds on
 * the shared clock; infinity if there is no timer.
 */
export function prepareTimers(thread: i32): f64 {
  lockWheel(thread);
  const tick = wheel().nextExpiration();
  wheel().nextWake = tick;
  unlockWheel(thread);
  if (tick == NEVER) return Infinity;
  return header().epochMs + <f64> tick;
}

/**
 * Collects a batch of timers that are due, for the driver's owner to deliver
 * without the lock. Returns how many; ask again until it is 0.
 */
export function collectTimers(nowMs: f64, thread: i32): i32 {
  const tick = <i64> floor<f64>(toTick(nowMs));
  lockWheel(thread);
  const fired = wheel().collect(tick);
  wheel().nextWake = wheel().nextExpiration();
  unlockWheel(thread);
  return fired;
}

/** Unparks the target at `place` in the batch. Returns DONE or WAKE. */
export function deliverTimer(place: i32): i32 {
  const parker = changetype<Parker>(<usize> wheel().batchTarget(place));
  const base = wheel().batchBase(place);
  if (base == 0) return DONE;
  const code = parker.unpark(base);
  // After it, and not before: who dies between the two leaves it to another.
  wheel().endDelivery(place);
  // Who sleeps in the shared driver is the caller; a parker that was released
  // needs no timer.
  return code == RING || code == STALE || code == CONFLICT ? DONE : code;
}

/**
 * Delivers what is left of the batch of a driver's owner that is dead. Whoever
 * this wakes is to be roused: see `rouseAll()`.
 */
export function deliverAll(): void {
  for (let place = 0; place < wheel().size; place++) deliverTimer(place);
}

/** If the thread died with the wheel's lock, repairs the wheel, and unlocks it. */
export function buryTimers(thread: i32): void {
  const word = wheel().lockWord;
  if (Mutex.isOwner(word, thread)) {
    const first = timersAt(header().parkers, header().locks);
    wheel().repair(first, changetype<Registry>(FREE_TIMERS).used);
    Mutex.unlock(word, thread);
  }
  // It may have been about to wake the next one, or been that.
  Mutex.rouse(word);
}

/** Takes out every timer, and lets nobody arm another. */
export function closeTimers(thread: i32): void {
  lockWheel(thread);
  wheel().close();
  unlockWheel(thread);
}
