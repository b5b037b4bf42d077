// Who sleeps in the driver. A lock that is tried and never waited for.
//
// After Tokio's TryLock<Driver>, tokio/src/util/try_lock.rs; unlike that one it
// names its owner, and lets an event loop keep the driver without holding
// others out.

import { DRIVER_LOCK } from "./layout";

/**
 * The one word of the lock:
 *
 *   0            free
 *   index + 1    held: that parker's thread sleeps in the driver or runs a turn
 *   -index - 1   kept: that parker's event loop will run a turn when a timer is
 *                due, unless a thread that can block takes the driver over
 *
 * Invariant: a turn is run by the holder only.
 */
export class DriverLock {
  /** Takes the driver for a thread. Fails at once if another thread holds it. */
  static take(index: i32): bool {
    // 0 -> held. Acquire. Pairs with the exchange in `release()` [D1].
    const seen = atomic.cmpxchg<i32>(DRIVER_LOCK, 0, index + 1);
    if (seen == 0) return true;
    if (seen > 0) return false;
    // Kept -> held. Acquire. Pairs with the exchange in `keep()` [D1].
    return atomic.cmpxchg<i32>(DRIVER_LOCK, seen, index + 1) == seen;
  }

  /** Keeps the free driver for an event loop. */
  static keep(index: i32): bool {
    // 0 -> kept. AcqRel. Pairs with the exchanges in `take()` and
    // `release()` [D1].
    const seen = atomic.cmpxchg<i32>(DRIVER_LOCK, 0, -index - 1);
    return seen == 0 || seen == -index - 1;
  }

  /** Turns the caller's keep into a hold, if nobody took it. */
  static hold(index: i32): bool {
    // Kept -> held. Acquire. Pairs with the exchange in `take()` [D1].
    return atomic.cmpxchg<i32>(DRIVER_LOCK, -index - 1, index + 1) ==
      -index - 1;
  }

  /** Gives up the caller's keep, if nobody took it. */
  static unkeep(index: i32): void {
    // Kept -> 0. SeqCst. Pairs with the load in `holder()`: who leaves the
    // driver looks for work, who brings work looks for an owner [D2].
    atomic.cmpxchg<i32>(DRIVER_LOCK, -index - 1, 0);
  }

  /** Gives up the caller's hold. */
  static release(): void {
    // Held -> 0. Release. Pairs with the exchange in `take()` [D1].
    // SeqCst. Pairs with the load in `holder()`: who leaves the driver looks
    // for work, who brings work looks for an owner [D2].
    atomic.xchg<i32>(DRIVER_LOCK, 0);
  }

  /** The word, as above. */
  static holder(): i32 {
    // SeqCst. Pairs with the writes in `unkeep()` and `release()` [D2].
    return atomic.load<i32>(DRIVER_LOCK);
  }
}
