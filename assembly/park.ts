// A park from its entry to its end: which sleep, and what ends it.

import { Counters } from "./counters";
import { isDriverWanted, leaveDriver, mayDrive, passOn } from "./driver";
import { DriverLock } from "./driver_lock";
import { header, isShutdown } from "./header";
import { parkerIndex } from "./layout";
import {
  AGAIN,
  DRIVER,
  ENDED,
  hasSummons,
  hasToken,
  Parker,
  SLEEP,
  taken,
  TIMED_OUT,
} from "./parker";
import { Sleepers } from "./sleepers";

/**
 * Commits the owner to a sleep. Returns DRIVER or SLEEP, or why it must not
 * sleep: UNPARKED, ENDED, STALE, CONFLICT.
 */
export function commitPark(parker: Parker, base: i32): i32 {
  if (isShutdown()) return ENDED;
  const index = parkerIndex(changetype<usize>(parker));
  while (true) {
    if (mayDrive() && DriverLock.take(index)) {
      const code = parker.commitDriver(base);
      // Others may have lost the lock to this short visit.
      if (code != DRIVER) leaveDriver();
      return code;
    }
    const code = parker.commitCondvar(base);
    if (code != SLEEP) return code;
    Sleepers.add(index);
    // The owner may have left, or the first timer come, after the driver was
    // tried and before the bit was set: then nobody saw this sleeper [D3].
    if (!header().hasBlockingDriver || !isDriverWanted()) return SLEEP;
    const ended = endSleep(parker, base, false);
    if (ended != AGAIN) return ended;
  }
}

/**
 * Ends a sleep on the state word. Returns UNPARKED, ENDED or TIMED_OUT, or
 * AGAIN if there was neither token nor deadline.
 */
export function endSleep(parker: Parker, base: i32, timedOut: bool): i32 {
  const counters = Counters.of(changetype<usize>(parker));
  Sleepers.remove(parkerIndex(changetype<usize>(parker)));
  const found = parker.reset(base);
  if (hasToken(found)) {
    counters.countUnpark();
    // It was called to the driver and goes elsewhere: call the next.
    if (hasSummons(found)) passOn();
    return taken();
  }
  if (timedOut) {
    counters.countTimeout();
    if (hasSummons(found)) passOn();
    return TIMED_OUT;
  }
  counters.countNoop();
  return AGAIN;
}

/**
 * Parks, the token having been looked for, until there is one, for `timeoutNs`
 * at most, or for ever if that is negative. Returns UNPARKED, ENDED or
 * TIMED_OUT; DRIVER if the caller is to sleep in the driver and then call
 * `leavePark()`; AGAIN, if the caller is to ask again with the time that is
 * left; STALE or CONFLICT.
 */
export function park(parker: Parker, base: i32, timeoutNs: i64): i32 {
  while (true) {
    let code = commitPark(parker, base);
    if (code != SLEEP) return code;
    code = sleep(parker, base, timeoutNs);
    if (code != AGAIN) return code;
    // Summoned. With a deadline, the time that is left is the caller's to tell,
    // unless the driver is there to be taken: then it goes to sleep in it.
    if (timeoutNs >= 0) return drive(parker, base);
  }
}

/**
 * As `commitPark()`, for a thread that stands by: it takes the driver only when
 * that has work, and nobody who does it.
 */
export function commitStandBy(parker: Parker, base: i32): i32 {
  const index = parkerIndex(changetype<usize>(parker));
  while (true) {
    if (isDriverWanted()) return commitPark(parker, base);
    if (isShutdown()) return ENDED;
    const code = parker.commitCondvar(base);
    if (code != SLEEP) return code;
    Sleepers.add(index);
    // Work may have come before the bit was set [D3].
    if (!isDriverWanted()) return SLEEP;
    const ended = endSleep(parker, base, false);
    if (ended != AGAIN) return ended;
  }
}

/** As `park()`, without end, for a thread that stands by. */
export function standBy(parker: Parker, base: i32): i32 {
  while (true) {
    let code = commitStandBy(parker, base);
    if (code != SLEEP) return code;
    code = sleep(parker, base, -1);
    if (code != AGAIN) return code;
  }
}

/** Sleeps on the state word, and ends the sleep. */
function sleep(parker: Parker, base: i32, timeoutNs: i64): i32 {
  while (true) {
    const ended = parker.wait(base, timeoutNs);
    if (parker.isWoken(base)) return endSleep(parker, base, false);
    // A wake-up proves nothing: an unpark of the sleep before may ring late.
    if (timeoutNs >= 0) return endSleep(parker, base, ended == 2);
  }
}

/** Takes the driver, or has the caller ask again. */
function drive(parker: Parker, base: i32): i32 {
  if (!header().hasBlockingDriver) return AGAIN;
  if (!DriverLock.take(parkerIndex(changetype<usize>(parker)))) return AGAIN;
  const code = parker.commitDriver(base);
  if (code != DRIVER) leaveDriver();
  return code;
}

/**
 * Ends a sleep in the shared driver. Returns UNPARKED or ENDED, DRIVER if it
 * served something, TIMED_OUT, or AGAIN.
 */
export function leavePark(
  parker: Parker,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  const found = parker.reset(base);
  leaveDriver();
  return countEnd(parker, found, served, timedOut);
}

/** Counts how a sleep in a driver ended, and says so. */
function countEnd(
  parker: Parker,
  found: i32,
  served: i32,
  timedOut: bool,
): i32 {
  const counters = Counters.of(changetype<usize>(parker));
  if (hasToken(found)) {
    counters.countUnpark();
    return taken();
  }
  if (served != 0) {
    counters.countEvent();
    return DRIVER;
  }
  if (timedOut) {
    counters.countTimeout();
    return TIMED_OUT;
  }
  counters.countNoop();
  return AGAIN;
}

/**
 * Commits the owner to a sleep in its event loop. Returns DRIVER, or why it
 * must not sleep: UNPARKED, ENDED, STALE, CONFLICT.
 */
export function commitLoop(parker: Parker, base: i32): i32 {
  let code = parker.take(base);
  if (code != AGAIN) return code;
  if (isShutdown()) return ENDED;
  code = parker.commitLoop(base);
  if (code == DRIVER) Sleepers.add(parkerIndex(changetype<usize>(parker)));
  return code;
}

/** Ends a sleep in the owner's event loop. Returns as `leavePark()`. */
export function leaveLoop(
  parker: Parker,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  const index = parkerIndex(changetype<usize>(parker));
  Sleepers.remove(index);
  const found = parker.reset(base);
  DriverLock.unkeep(index);
  passOn();
  return countEnd(parker, found, served, timedOut);
}
