// The record of a mutex or a condvar: its words, and whose they are.

/** What a record is used for, below its generation. */
export const MUTEX: i32 = 1;
export const CONDVAR: i32 = 2;

/** A cache line of its own. */
@unmanaged
export class LockRecord {
  /** The word of the mutex, or the sequence of the condvar. */
  private value: i32;
  /** Threads that wait on the condvar. */
  private waiting: i32;
  /** Generation and kind of the claim: 0 in the low two bits while free. */
  private claimed: i32;
  /** Links free records. `Registry` owns it. */
  next: i32;

  get word(): usize {
    return changetype<usize>(this) + offsetof<LockRecord>("value");
  }

  get waiters(): usize {
    return changetype<usize>(this) + offsetof<LockRecord>("waiting");
  }

  private get claimWord(): usize {
    return changetype<usize>(this) + offsetof<LockRecord>("claimed");
  }

  /** Makes a free record the caller's. Returns the claim. */
  claim(kind: i32): i32 {
    // Relaxed: nobody else touches the words of a free record.
    atomic.store<i32>(this.word, 0);
    // Relaxed: as above.
    atomic.store<i32>(this.waiters, 0);
    // Relaxed: only the claimer of a free record writes its claim.
    const claim = (atomic.load<i32>(this.claimWord) & ~3) + 4 | kind;
    // Release. Pairs with the load in `isClaimed()` [L1].
    atomic.store<i32>(this.claimWord, claim);
    return claim;
  }

  /** Frees the record. Returns whether the claim was in force. */
  release(claim: i32): bool {
    // Claimed -> free, once.
    // Release. Pairs with the load in `isClaimed()` [L1].
    return atomic.cmpxchg<i32>(this.claimWord, claim, claim & ~3) == claim;
  }

  /** The claim in force, or 0 below the generation if there is none. */
  get base(): i32 {
    // Relaxed: the claimer reads what it wrote itself.
    return atomic.load<i32>(this.claimWord);
  }

  /** Whether the claim is in force. */
  isClaimed(claim: i32): bool {
    // Acquire. Pairs with the writes in `claim()` and `release()` [L1].
    return (claim & 3) != 0 && atomic.load<i32>(this.claimWord) == claim;
  }

  /** Whether a thread holds the mutex, or waits on the condvar. */
  get isBusy(): bool {
    // Relaxed: a look, for those who release what others still use.
    if (atomic.load<i32>(this.waiters) != 0) return true;
    // Relaxed: as above. A condvar's sequence says nothing.
    return (atomic.load<i32>(this.claimWord) & 3) == MUTEX &&
      // Relaxed: as above.
      atomic.load<i32>(this.word) != 0;
  }
}
