// A condition variable: a count of notifications, and a count of waiters.
//
// After condvar_2 of Mara Bos, Rust Atomics and Locks, chapter 9.

/**
 * Waits for a predicate that a mutex guards.
 *
 * Invariant: a notification after `prepare()` and before `wait()` changes the
 * sequence, so that the wait does not begin.
 */
export class Condvar {
  /** Joins the waiters. Returns the sequence to wait on; the mutex is held. */
  static prepare(sequence: usize, waiters: usize): i32 {
    // Relaxed: the mutex orders it before the notifier's load, if the notifier
    // changed the predicate under that mutex [M1].
    atomic.add<i32>(waiters, 1);
    // Acquire. Pairs with the addition in `notify()` [C1].
    return atomic.load<i32>(sequence);
  }

  /** Sleeps until notified, with the mutex unlocked. Returns 2 on timeout. */
  static wait(sequence: usize, seen: i32, timeoutNs: i64): i32 {
    // Blocks only while nobody notified.
    // Acquire. Pairs with the addition in `notify()` [C1].
    return atomic.wait<i32>(sequence, seen, timeoutNs);
  }

  /** Leaves the waiters. */
  static finish(waiters: usize): void {
    // Relaxed: a count too high costs a notify that wakes nobody.
    atomic.sub<i32>(waiters, 1);
  }

  /** Wakes `count` waiters; all, if it is negative. */
  static notify(sequence: usize, waiters: usize, count: i32): i32 {
    // Relaxed: ordered by the mutex, as in `prepare()` [M1].
    if (atomic.load<i32>(waiters) == 0) return 0;
    // Release. Pairs with the load in `prepare()` and with `wait()` [C1].
    atomic.add<i32>(sequence, 1);
    // Relaxed: the addition above carries the notification.
    return atomic.notify(sequence, count);
  }
}
