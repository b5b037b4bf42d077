// What is done after a thread has died, at whatever instruction: nothing that it
// had claimed stays parked, nothing that it held stays held, and whoever it was
// about to wake is woken.

import { Bell } from "./bell";
import { passOn } from "./driver";
import { DriverLock } from "./driver_lock";
import { FREE_PARKERS, PARKER_BYTES, parkerAt, PARKERS } from "./layout";
import { Parker } from "./parker";
import { poll } from "./poll";
import { Registry } from "./registry";
import { Sleepers } from "./sleepers";
import { buryTimers, deliverAll } from "./timers";

function used(): i32 {
  return changetype<Registry>(FREE_PARKERS).used;
}

/**
 * Frees the parkers of a dead thread, and the driver. `rouseAll()` is to follow.
 * Returns whether the caller is to close the driver's descriptors.
 */
export function buryThread(thread: i32): bool {
  buryTimers(thread);
  let isLast = false;
  const count = used();
  for (let index = 0; index < count; index++) {
    const parker = changetype<Parker>(parkerAt(index));
    const base = parker.base;
    // The claim first: whoever claims a parker has said so before it is claimed.
    if (!parker.isClaimed(base) || parker.owner != thread) continue;
    // All before it is free, and another one's.
    Sleepers.remove(index);
    DriverLock.unkeep(index);
    if (DriverLock.holder() == index + 1 && buryDriver()) isLast = true;
    if (!parker.abandon(base)) continue;
    changetype<Registry>(FREE_PARKERS).free(PARKERS, PARKER_BYTES, index);
  }
  return isLast;
}

/** The driver's owner is dead: what it had in its hands is passed on. */
function buryDriver(): bool {
  deliverAll();
  const isLast = poll().bury();
  DriverLock.release();
  return isLast;
}

/**
 * Wakes whoever sleeps, as a dead thread may have made a token available, called
 * or rung, and not have woken anybody yet. Nobody gets a token: who has none
 * sleeps on. Where waking is the host's, it is to wake all, too.
 */
export function rouseAll(): void {
  const count = used();
  for (let index = 0; index < count; index++) {
    changetype<Parker>(parkerAt(index)).rouse();
  }
  Bell.rouse();
  // It may have left the driver, and called nobody yet.
  passOn();
}
