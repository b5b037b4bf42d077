// A mutex of one word, and of three states.
//
// After mutex_3 of Mara Bos, Rust Atomics and Locks, chapter 9: unlocked,
// locked, locked with waiters. The word also names the owner.

/** What the word of a free mutex holds. */
const UNLOCKED: i32 = 0;
/** Others wait, or have waited: unlocking has to notify. */
const CONTENDED: i32 = 1;

export const LOCKED: i32 = 0;
export const LOCK_TIMED_OUT: i32 = 1;
/** Not locked by somebody else, and try again. */
export const LOCK_AGAIN: i32 = 2;
/** The calling thread holds it already. */
export const LOCK_OWNED: i32 = 3;
/** The calling thread does not hold it. */
export const LOCK_FOREIGN: i32 = 4;

/**
 * The word of a mutex:
 *
 *    31                            1    0
 *   ┌───────────────────────────────┬──────┐
 *   │ thread id of the owner, or 0  │ cont.│
 *   └───────────────────────────────┴──────┘
 *
 * Invariant: only the owner writes 0.
 */
export class Mutex {
  /** Locks if nobody holds the mutex. Returns LOCKED, OWNED or AGAIN. */
  static tryLock(word: usize, thread: i32): i32 {
    // UNLOCKED -> locked. Acquire. Pairs with the exchange in `unlock()` [M1].
    const seen = atomic.cmpxchg<i32>(word, UNLOCKED, thread << 1);
    if (seen == UNLOCKED) return LOCKED;
    return (seen >>> 1) == thread ? LOCK_OWNED : LOCK_AGAIN;
  }

  /** Locks, however long it takes. */
  static lock(word: usize, thread: i32): void {
    if (Mutex.tryLock(word, thread) != LOCKED) {
      Mutex.lockContended(word, thread, -1);
    }
  }

  /**
   * Locks after `tryLock()` has failed, and sleeps for at most `timeoutNs`, or
   * for ever if that is negative. Returns LOCKED, TIMED_OUT, or AGAIN if a timed
   * sleep ended: call this again, and not `tryLock()`, with the time that is
   * left. Others may have slept beside it, and only who locks from here knows.
   */
  static lockContended(
    word: usize,
    thread: i32,
    timeoutNs: i64,
  ): i32 {
    while (true) {
      // Relaxed: a guess, which the exchanges below confirm or refute.
      let seen = atomic.load<i32>(word);
      if (seen == UNLOCKED) {
        const mine = (thread << 1) | CONTENDED;
        // UNLOCKED -> locked with waiters, since others may wait still.
        // Acquire. Pairs with the exchange in `unlock()` [M1].
        if (atomic.cmpxchg<i32>(word, UNLOCKED, mine) == UNLOCKED) {
          return LOCKED;
        }
        continue;
      }
      if ((seen & CONTENDED) == 0) {
        // Locked -> locked with waiters, so that unlocking notifies.
        // Relaxed: the wait below compares the word again.
        const found = atomic.cmpxchg<i32>(word, seen, seen | CONTENDED);
        if (found != seen) continue;
        seen |= CONTENDED;
      }
      // Blocks only while the same owner holds it.
      // Acquire. Pairs with the exchange in `unlock()` [M1].
      if (atomic.wait<i32>(word, seen, timeoutNs) == 2) return LOCK_TIMED_OUT;
      if (timeoutNs >= 0) return LOCK_AGAIN;
    }
  }

  /** Whether this thread holds it. */
  static isOwner(word: usize, thread: i32): bool {
    // Relaxed: nobody else writes this thread's id.
    return (atomic.load<i32>(word) >>> 1) == thread;
  }

  /** Has all who wait try again: whoever was to wake one may be dead. */
  static rouse(word: usize): void {
    // Relaxed: it carries nothing.
    atomic.notify(word, -1);
  }

  /** Unlocks. Returns LOCKED if it did, or FOREIGN. */
  static unlock(word: usize, thread: i32): i32 {
    if (!Mutex.isOwner(word, thread)) return LOCK_FOREIGN;
    // Locked -> UNLOCKED. An exchange, since waiters may announce themselves.
    // Release. Pairs with the exchanges that lock [M1].
    if ((atomic.xchg<i32>(word, UNLOCKED) & CONTENDED) != 0) {
      // After unlocking, so that whom it wakes does not run into the lock.
      // Relaxed: the exchange above carries the state.
      atomic.notify(word, 1);
    }
    return LOCKED;
  }
}
