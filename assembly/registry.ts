// Which records of a region are taken. A lock-free stack of those given back,
// in front of a count of those never taken.
//
// The stack is Treiber's (Systems Programming: Coping with Parallelism, 1986),
// with a tag in its head against ABA.

/** Where every record keeps the link to the next free one. */
const NEXT: usize = 12;
const ONE_POP: i64 = 1 << 32;
const INDEX: i64 = 0xffffffff;

/**
 * The free list of one region.
 *
 *    63                32 31                 0
 *   ┌────────────────────┬────────────────────┐
 *   │ pops so far        │ index + 1, or 0    │ head
 *   └────────────────────┴────────────────────┘
 */
@unmanaged
export class Registry {
  private head: i64;
  /** Records ever taken. Those behind were never touched. */
  private taken: i32;

  private get headWord(): usize {
    return changetype<usize>(this) + offsetof<Registry>("head");
  }

  private get takenWord(): usize {
    return changetype<usize>(this) + offsetof<Registry>("taken");
  }

  /** How many records were ever taken: an index beyond was not. */
  get used(): i32 {
    // SeqCst. Pairs with the exchange in `grow()`: a claim that this load
    // misses comes after it, and so sees the shutdown flag [S2].
    return atomic.load<i32>(this.takenWord);
  }

  /** Takes a record. Returns its index, or -1 if there is none. */
  claim(records: usize, bytes: usize, capacity: i32): i32 {
    // Acquire. Pairs with the exchange in `free()` [F1].
    let seen = atomic.load<i64>(this.headWord);
    while ((seen & INDEX) != 0) {
      const index = <i32> (seen & INDEX) - 1;
      // Relaxed: if another claim took this record in between, the link may be
      // anything, and the tag makes the exchange fail.
      const next = atomic.load<i32>(records + <usize> index * bytes + NEXT);
      const rest = (seen & ~INDEX) + ONE_POP + <i64> <u32> next;
      // AcqRel. Pairs with the exchange in `free()` [F1].
      const found = atomic.cmpxchg<i64>(this.headWord, seen, rest);
      if (found == seen) return index;
      seen = found;
    }
    return this.grow(capacity);
  }

  private grow(capacity: i32): i32 {
    // Relaxed: a guess, which the exchange below confirms or refutes.
    let seen = atomic.load<i32>(this.takenWord);
    while (seen < capacity) {
      // SeqCst. Pairs with the load in `used` [S2].
      const found = atomic.cmpxchg<i32>(this.takenWord, seen, seen + 1);
      if (found == seen) return seen;
      seen = found;
    }
    return -1;
  }

  /** Gives a record back. The caller owns it. */
  free(records: usize, bytes: usize, index: i32): void {
    const link = records + <usize> index * bytes + NEXT;
    // Relaxed: a guess, which the exchange below confirms or refutes.
    let seen = atomic.load<i64>(this.headWord);
    while (true) {
      // Relaxed: the exchange below publishes it [F1].
      atomic.store<i32>(link, <i32> (seen & INDEX));
      const head = (seen & ~INDEX) | <i64> (index + 1);
      // Release. Pairs with the load and the exchange in `claim()` [F1].
      const found = atomic.cmpxchg<i64>(this.headWord, seen, head);
      if (found == seen) return;
      seen = found;
    }
  }
}
