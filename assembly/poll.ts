// The operating system's selector that all threads share, for drivers that sleep
// in one: its descriptors, and who uses them. They are closed when the last one
// is done, so that nobody writes to what somebody else has opened since.

import { POLL } from "./layout";

/** The runtime is shut down: nobody begins to use them any more. */
const CLOSING: i32 = 1 << 30;

/** What the driver's threads share. */
@unmanaged
export class Poll {
  /** Those who use the descriptors, and `CLOSING`. */
  private users: i32;
  /** Turns of the driver. Its owner counts. */
  private turns: i32;
  /** Registrations that there are. */
  private live: i32;
  /** Events may have been lost with a thread that died as it fetched them. */
  private lost: i32;
  /** Somebody has started a thread that does nothing but drive. */
  private driven: i32;
  /** The driver's owner is one of the users. Read when that is dead. */
  private asleep: i32;
  /** The selector, and the bell. Written before others know the memory. */
  selector: i32;
  bell: i32;

  private get usersWord(): usize {
    return changetype<usize>(this) + offsetof<Poll>("users");
  }

  private get turnsWord(): usize {
    return changetype<usize>(this) + offsetof<Poll>("turns");
  }

  private get liveWord(): usize {
    return changetype<usize>(this) + offsetof<Poll>("live");
  }

  private get lostWord(): usize {
    return changetype<usize>(this) + offsetof<Poll>("lost");
  }

  private get drivenWord(): usize {
    return changetype<usize>(this) + offsetof<Poll>("driven");
  }

  /** Begins to use the descriptors. Returns false if they are being closed. */
  enter(): bool {
    // Relaxed: a guess, which the exchange below confirms or refutes.
    let seen = atomic.load<i32>(this.usersWord);
    while ((seen & CLOSING) == 0) {
      // One more. An exchange and not an addition: who is refused was never
      // there, so that the last of the others sees that it is the last.
      // Acquire. Pairs with the exchange in `close()` [U1].
      const found = atomic.cmpxchg<i32>(this.usersWord, seen, seen + 1);
      if (found == seen) return true;
      seen = found;
    }
    return false;
  }

  /** Ends it. Returns whether the caller is to close them. */
  leave(): bool {
    // One less. Who brings it to none, after `close()`, closes.
    // AcqRel. Pairs with the exchanges in `enter()` and `close()` [U1].
    return atomic.sub<i32>(this.usersWord, 1) == (CLOSING | 1);
  }

  /** As `enter()`, for the driver's owner. */
  sleep(): bool {
    if (!this.enter()) return false;
    this.asleep = 1;
    return true;
  }

  /** As `leave()`, for the driver's owner. */
  wake(): bool {
    this.asleep = 0;
    return this.leave();
  }

  /**
   * The driver's owner is dead: what it had fetched, and not passed on, is to be
   * asked for again. Returns as `leave()`.
   */
  bury(): bool {
    const isLast = this.asleep != 0 && this.wake();
    // Release. Pairs with the exchange in `hasLost()` [U2].
    atomic.store<i32>(this.lostWord, 1);
    return isLast;
  }

  /** Lets nobody begin any more. Returns whether the caller is to close them. */
  close(): bool {
    // Open -> closing. Whoever finds nobody there, the first time, closes.
    // AcqRel. Pairs with the exchanges in `enter()` and `leave()` [U1].
    return atomic.or<i32>(this.usersWord, CLOSING) == 0;
  }

  /** The next turn. The driver's owner counts. */
  nextTurn(): i32 {
    // Relaxed: the driver's lock orders its owners.
    return atomic.add<i32>(this.turnsWord, 1) + 1;
  }

  /** There is one registration more. */
  add(): void {
    // SeqCst. Pairs with the load in `isWanted`: who leaves the driver looks for
    // work, who brings work looks for an owner [D2].
    atomic.add<i32>(this.liveWord, 1);
  }

  /** There is one less. */
  remove(): void {
    // Relaxed: one too many costs a turn in vain.
    atomic.sub<i32>(this.liveWord, 1);
  }

  /** Whether there is something to be polled for. */
  get isWanted(): bool {
    // SeqCst. Pairs with the addition in `add()` [D2].
    return atomic.load<i32>(this.liveWord) != 0;
  }

  /** Whether that is so. The caller, who holds the driver, sees to it. */
  hasLost(): bool {
    // Relaxed: a guess, which is mostly right.
    if (atomic.load<i32>(this.lostWord) == 0) return false;
    // Lost -> seen to. Acquire. Pairs with the store in `bury()` [U2].
    return atomic.xchg<i32>(this.lostWord, 0) != 0;
  }

  /**
   * Says whether there is a thread that drives, or is about to be. Returns
   * whether there was none: who says the first is to start it.
   */
  drive(driven: i32): bool {
    // Any -> yes or no. Relaxed: it says nothing of anything else. Who says no
    // wakes those who had seen a yes.
    return atomic.xchg<i32>(this.drivenWord, driven) == 0;
  }
}

/** The one of a memory. */
export function poll(): Poll {
  return changetype<Poll>(POLL);
}
