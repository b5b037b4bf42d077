// The set of parkers whose owners sleep outside the driver: one bit each.

import { SLEEPERS } from "./layout";

/** Whom a driver without an owner can be handed to. */
export class Sleepers {
  /** Adds the parker. Its owner has committed to sleep. */
  static add(index: i32): void {
    // SeqCst. Pairs with the load in `word()`: who falls asleep looks at the
    // driver once more, who leaves the driver looks for sleepers [D3].
    atomic.or<i32>(Sleepers.address(index >> 5), 1 << (index & 31));
  }

  /** Removes the parker. Its owner is awake. */
  static remove(index: i32): void {
    // Relaxed: a bit that is there too long costs a look at the state word.
    atomic.and<i32>(Sleepers.address(index >> 5), ~(1 << (index & 31)));
  }

  /** The bits of parkers 32 x `place` and on. */
  static word(place: i32): i32 {
    // SeqCst. Pairs with the addition in `add()` [D3].
    return atomic.load<i32>(Sleepers.address(place));
  }

  private static address(place: i32): usize {
    return SLEEPERS + (<usize> place << 2);
  }
}
