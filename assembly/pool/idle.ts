// Who sleeps, who searches, and who is to be woken.
//
// The policy is that of Tokio's Idle, multi_thread/idle.rs: wake nobody while
// somebody searches. Tokio counts; here each worker has a bit of its own, so
// that no count can drift from what it counts, and a dead worker's part can be
// taken out.

import { IDLE } from "../layout";
import { pool } from "./map";

/** The low half of a word, one bit a worker: it sleeps, or is about to. */
const PARKED: u64 = 0xffffffff;
/** The high half: it looks for work, or was woken to. */
const SEARCHING_SHIFT: i32 = 32;

/** Which workers there are: words of 32 bits, behind the idle words. */
const ACTIVE: usize = IDLE + 64;
/** The highest index of a worker that there ever was, + 1. */
const SPAN: usize = IDLE + 96;

/**
 * The set of sleeping workers, and that of searching ones.
 *
 *    63                32 31                 0
 *   ┌────────────────────┬────────────────────┐
 *   │ searching          │ parked             │ a word for 32 workers
 *   └────────────────────┴────────────────────┘
 *
 * A worker with neither bit runs tasks, or is not there. It sets its own bits;
 * whoever wakes it turns PARKED into SEARCHING before it delivers the token.
 *
 * Invariant: no worker has both bits.
 */
export class Idle {
  private static wordOf(worker: i32): usize {
    return IDLE + (<usize> (worker / pool().perWord) << 3);
  }

  private static parked(worker: i32): u64 {
    return <u64> 1 << (worker % pool().perWord);
  }

  private static searching(worker: i32): u64 {
    return Idle.parked(worker) << SEARCHING_SHIFT;
  }

  private static words(): i32 {
    const perWord = pool().perWord;
    return (Idle.span + perWord - 1) / perWord;
  }

  /** Whether somebody searches. */
  private static isSearched(): bool {
    const words = Idle.words();
    for (let place = 0; place < words; place++) {
      // SeqCst. Pairs with the writes that end a search: who brings work looks
      // for searchers, whose last one looks for work [I1].
      const seen = atomic.load<u64>(IDLE + (<usize> place << 3));
      if ((seen >> SEARCHING_SHIFT) != 0) return true;
    }
    return false;
  }

  /**
   * Chooses a sleeper to wake and makes it a searcher; -1 if somebody searches
   * already, or nobody sleeps. The caller delivers the token.
   */
  static wake(): i32 {
    if (Idle.isSearched()) return -1;
    const words = Idle.words();
    for (let place = 0; place < words; place++) {
      const word = IDLE + (<usize> place << 3);
      while (true) {
        // Acquire. Pairs with the exchange in `park()` [I2].
        const seen = atomic.load<u64>(word);
        if ((seen >> SEARCHING_SHIFT) != 0) return -1;
        if ((seen & PARKED) == 0) break;
        // The first: the others may sleep so long that they are not needed.
        const bit = seen & (~seen + 1);
        const woken = (seen ^ bit) | (bit << SEARCHING_SHIFT);
        // Parked -> searching, and nobody else was made one since.
        // AcqRel. Pairs with the exchange in `park()` [I2].
        if (atomic.cmpxchg<u64>(word, seen, woken) == seen) {
          return place * pool().perWord + <i32> ctz<u64>(bit);
        }
      }
    }
    return -1;
  }

  /**
   * The worker is about to sleep, and searches no more. Returns whether nobody
   * does: then it has to look at all queues once more. Tokio has only the last
   * searcher do so; but one that was not let search may have looked before the
   * last push, and the searchers that it left the work to may all be busy.
   */
  static park(worker: i32): bool {
    const word = Idle.wordOf(worker);
    const mine = Idle.searching(worker);
    // Relaxed: nobody else writes the bits of a worker that is awake.
    const before = atomic.load<u64>(word);
    const change = Idle.parked(worker) | (before & mine);
    // Running or searching -> parked.
    // SeqCst. Pairs with the loads in `wake()` [I1] [I2].
    atomic.xor<u64>(word, change);
    return !Idle.isSearched();
  }

  /**
   * A worker woke up. Returns whether it is awake for the pool too: it was
   * woken to search, or it has work of its own. Else it is to sleep again.
   */
  static unpark(worker: i32, hasWork: bool): bool {
    const word = Idle.wordOf(worker);
    const mine = Idle.parked(worker);
    // Acquire. Pairs with the exchange in `wake()` [I2].
    if ((atomic.load<u64>(word) & mine) == 0) return true;
    if (!hasWork) return false;
    // Parked -> running, unless somebody makes it a searcher first.
    // AcqRel. Pairs with the exchange in `wake()` [I2].
    atomic.and<u64>(word, ~mine);
    return true;
  }

  /** Whether the worker searches. */
  static isSearching(worker: i32): bool {
    // Relaxed: nobody else writes the bits of a worker that is awake.
    const seen = atomic.load<u64>(Idle.wordOf(worker));
    return (seen & Idle.searching(worker)) != 0;
  }

  /**
   * Makes a running worker a searcher, unless half of the workers are. A soft
   * bound: several may pass it at the same time. Source: tokio, idle.rs.
   */
  static search(worker: i32): bool {
    let searchers: i32 = 0;
    const words = Idle.words();
    for (let place = 0; place < words; place++) {
      // Relaxed: the bound is soft.
      const seen = atomic.load<u64>(IDLE + (<usize> place << 3));
      searchers += <i32> popcnt<u64>(seen >> SEARCHING_SHIFT);
    }
    if (searchers * 2 >= Idle.active) return false;
    // Running -> searching.
    // SeqCst. Pairs with the load in `wake()`: who sees it leaves the work to
    // this worker, which has yet to look [I1].
    atomic.or<u64>(Idle.wordOf(worker), Idle.searching(worker));
    return true;
  }

  /** A searcher has found work. Returns whether it was the last searcher. */
  static found(worker: i32): bool {
    // Searching -> running.
    // SeqCst. Pairs with the loads in `wake()` [I1].
    atomic.and<u64>(Idle.wordOf(worker), ~Idle.searching(worker));
    return !Idle.isSearched();
  }

  /** A worker comes. */
  static enter(worker: i32): void {
    // Relaxed: bounds and batches are as good with the number before.
    atomic.or<i32>(Idle.activeWord(worker), 1 << (worker & 31));
    let seen = Idle.span;
    while (seen <= worker) {
      // Up, and never down.
      // SeqCst. Pairs with the load in `span`: who does not know of this worker
      // has looked before it searched, or had work [I1].
      const found = atomic.cmpxchg<i32>(SPAN, seen, worker + 1);
      if (found == seen) return;
      seen = found;
    }
  }

  /** Where the indices of workers end that there ever were. */
  static get span(): i32 {
    // SeqCst. Pairs with the exchange in `enter()` [I1].
    return atomic.load<i32>(SPAN);
  }

  /**
   * A worker goes, or is dead. Returns whether nobody searches any more: then
   * somebody has to look at all queues once more.
   */
  static leave(worker: i32): bool {
    // Relaxed: as above.
    atomic.and<i32>(Idle.activeWord(worker), ~(1 << (worker & 31)));
    const mine = Idle.parked(worker) | Idle.searching(worker);
    // Any -> not there.
    // SeqCst. Pairs with the loads in `wake()` [I1].
    atomic.and<u64>(Idle.wordOf(worker), ~mine);
    return !Idle.isSearched();
  }

  private static activeWord(worker: i32): usize {
    return ACTIVE + (<usize> (worker >> 5) << 2);
  }

  /** How many workers there are. */
  static get active(): i32 {
    let count: i32 = 0;
    const span = Idle.span;
    for (let place = 0; place << 5 < span; place++) {
      // Relaxed: as above.
      count += popcnt<i32>(atomic.load<i32>(Idle.activeWord(place << 5)));
    }
    return count;
  }
}
