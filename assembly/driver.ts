// Who is to own the driver, when its owner leaves.
//
// Tokio leaves a driver without an owner until somebody parks. Here whoever
// leaves work behind wakes a sleeper to take it over.

import { DriverLock } from "./driver_lock";
import { header } from "./header";
import { FREE_PARKERS, parkerAt } from "./layout";
import { AGAIN, Parker, WAKE } from "./parker";
import { poll } from "./poll";
import { Registry } from "./registry";
import { Sleepers } from "./sleepers";
import { wheel } from "./timers";

/** Whether a blocking park is to try the driver, before its own word. */
export function mayDrive(): bool {
  if (!header().hasBlockingDriver) return false;
  // Its own word is the cheaper sleep, and whoever arms a timer summons one of
  // those who sleep there.
  return !header().hasTimersOnly || wheel().count != 0;
}

/** Whether there is work for the driver, and nobody who does it. */
export function isDriverWanted(): bool {
  const holder = DriverLock.holder();
  // An event loop that keeps the driver sees to its timers alone.
  if (holder <= 0 && poll().isWanted) return true;
  return holder == 0 && wheel().count != 0;
}

/**
 * Wakes a sleeper to take the driver, if it has work and no owner. Returns the
 * address of a word on which the host is to wake a sleeper, or 0.
 */
export function handOff(): usize {
  if (!isDriverWanted()) return 0;
  // Threads first: an event loop serves the driver only between its own tasks.
  if (header().hasBlockingDriver) {
    const found = summonSleeper(true);
    if (found != 0) return found == DELIVERED ? 0 : found;
  }
  if (DriverLock.holder() == 0 && wheel().count != 0) summonSleeper(false);
  return 0;
}

const DELIVERED: usize = 1;

/** Returns 0 if nobody sleeps so, `DELIVERED`, or the word to wake. */
function summonSleeper(blocking: bool): usize {
  const used = changetype<Registry>(FREE_PARKERS).used;
  for (let place = 0; place << 5 < used; place++) {
    let bits = Sleepers.word(place);
    for (; bits != 0; bits &= bits - 1) {
      const parker = parkerAt((place << 5) + <i32> ctz<i32>(bits));
      const code = blocking
        ? changetype<Parker>(parker).summon()
        : changetype<Parker>(parker).summonEventLoop();
      if (code == AGAIN) continue;
      return code == WAKE ? parker : DELIVERED;
    }
  }
  return 0;
}

/**
 * Leaves the driver for a thread that can block, after a turn of an event loop,
 * which keeps it if there is none. Returns as `handOff()`.
 */
export function yieldDriver(): usize {
  DriverLock.release();
  if (!header().hasBlockingDriver || !isDriverWanted()) return 0;
  const found = summonSleeper(true);
  return found == DELIVERED ? 0 : found;
}

/** As `handOff()`, unless waking is the host's: then it is to call that. */
export function passOn(): void {
  if (!header().hasHostWait) handOff();
}

/** Leaves the driver, and hands it to a sleeper if there is work. */
export function leaveDriver(): void {
  DriverLock.release();
  passOn();
}
