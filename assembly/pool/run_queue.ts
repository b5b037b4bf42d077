// A worker's own queue: the owner pushes and pops, others steal half of it.
//
// After Tokio's local run queue, multi_thread/queue.rs, with its capacity, its
// order and its overflow. There head and tail are two words, and counters have
// to be wide against ABA; here they are one, which each operation exchanges, and
// a thief reads entries when it has them. That also lets the owner take back the
// entry that it pushed last.

import { Hand, NOTHING } from "./hand";
import { pool } from "./map";

const COUNTER: u64 = 0xffff;
const HEAD_SHIFT: i32 = 16;
const STEAL_SHIFT: i32 = 32;
const THIEF_SHIFT: i32 = 48;
const RING_OFFSET: usize = 256;

/**
 * The word of a run queue:
 *
 *    63        48 47        32 31        16 15         0
 *   ┌────────────┬────────────┬────────────┬────────────┐
 *   │ thief + 1  │ steal      │ head       │ tail       │
 *   └────────────┴────────────┴────────────┴────────────┘
 *
 * Entries lie from head to tail. Those from steal to head are being copied by
 * the thief; steal equals head if there is none. The owner is its own thief
 * while it sends entries away. Counters wrap around.
 *
 * Invariant: `tail - steal` is at most the capacity. Only the owner moves tail.
 */
@unmanaged
export class RunQueue {
  private word: u64;

  private get address(): usize {
    return changetype<usize>(this);
  }

  private get seen(): u64 {
    // Acquire. Pairs with the exchanges of the word [Q1].
    return atomic.load<u64>(this.address);
  }

  private swap(seen: u64, next: u64): bool {
    // One operation after the other; `next` says which.
    // AcqRel. Pairs with the loads and exchanges of the word: who sees an entry
    // between head and tail also sees what was written there [Q1].
    return atomic.cmpxchg<u64>(this.address, seen, next) == seen;
  }

  private slot(counter: i32): usize {
    const place = <usize> (counter & (pool().ring - 1));
    return this.address + RING_OFFSET + (place << 2);
  }

  /** Behind the back: the exchange that publishes the entry orders this. */
  private write(counter: i32, entry: i32): void {
    store<i32>(this.slot(counter), entry);
  }

  /** From the owner's part, or what the thief has: nobody else writes there. */
  private read(counter: i32): i32 {
    return load<i32>(this.slot(counter));
  }

  /** Whether there is no entry. The owner asks. */
  get isEmpty(): bool {
    return lengthOf(this.seen) == 0;
  }

  /** Whether there is something to steal, and no thief at it. */
  get isStealable(): bool {
    const seen = this.seen;
    return lengthOf(seen) != 0 && thiefOf(seen) == NOTHING;
  }

  /** Entries that there is room for. The owner asks. */
  get room(): i32 {
    const seen = this.seen;
    return pool().ring - ((tailOf(seen) - stealOf(seen)) & <i32> COUNTER);
  }

  /** Adds an entry at the back. The owner does; false if there is no room. */
  push(entry: i32): bool {
    if (this.room == 0) return false;
    this.place(0, entry);
    this.publish(1);
    return true;
  }

  /** Writes an entry behind the back, where others do not see it yet. */
  place(offset: i32, entry: i32): void {
    this.write(tailOf(this.seen) + offset, entry);
  }

  /** What `place()` wrote. */
  placed(offset: i32): i32 {
    return this.read(tailOf(this.seen) + offset);
  }

  /** Says where so many entries are placed: see `isPlaced()`. */
  mark(count: i32): i32 {
    return (count << HEAD_SHIFT) | tailOf(this.seen);
  }

  /** Whether what is marked is not published yet. */
  isPlaced(mark: i32): bool {
    return (mark & <i32> COUNTER) == tailOf(this.seen);
  }

  /** Takes in so many placed entries, for which there is room. */
  publish(count: i32): void {
    while (true) {
      const seen = this.seen;
      if (this.swap(seen, withTail(seen, tailOf(seen) + count))) return;
    }
  }

  /**
   * Removes the front. Returns it, or NOTHING if there is none. The owner does,
   * and notes it in its hand first.
   */
  pop(hand: Hand): i32 {
    while (true) {
      const seen = this.seen;
      if (lengthOf(seen) == 0) break;
      const entry = this.read(headOf(seen));
      hand.hold(entry);
      if (this.swap(seen, withoutFront(seen))) return entry;
    }
    hand.letGo();
    return NOTHING;
  }

  /** Removes the back, if it is that entry. As `pop()`. */
  popBack(entry: i32, hand: Hand): bool {
    while (true) {
      const seen = this.seen;
      if (lengthOf(seen) == 0 || this.read(tailOf(seen) - 1) != entry) break;
      hand.hold(entry);
      if (this.swap(seen, withTail(seen, tailOf(seen) - 1))) return true;
    }
    hand.letGo();
    return false;
  }

  /** Keeps thieves away. Returns false if there is one. The owner does. */
  lock(owner: i32): bool {
    while (true) {
      const seen = this.seen;
      if (thiefOf(seen) != NOTHING) return false;
      if (this.swap(seen, withThief(seen, owner))) return true;
    }
  }

  /** The entry at so many places before the back. */
  fromBack(places: i32): i32 {
    return this.read(tailOf(this.seen) - places);
  }

  /** Removes so many entries at the back, and lets thieves in again. */
  unlock(removed: i32): void {
    const seen = this.seen;
    const next = withTail(seen, tailOf(seen) - removed);
    // Locked -> free, and shorter. Nobody else changes the word of a queue that
    // is locked. Release. Pairs with the loads and exchanges of the word [Q1].
    atomic.store<u64>(this.address, withThief(next, NOTHING));
  }

  /**
   * Copies half of the entries, rounded up, to behind the back of the thief's
   * queue, which is to have room. Returns how many; 0 if there are none, another
   * thief is at work, or the queue has changed meanwhile. Never waits. The thief
   * publishes them, and then calls `endSteal()`.
   */
  stealInto(thief: i32, target: RunQueue): i32 {
    const seen = this.seen;
    const head = headOf(seen);
    const length = lengthOf(seen);
    if (thiefOf(seen) != NOTHING || length == 0) return 0;
    const count = length - (length >> 1);
    // Only head moves: others cannot steal, the owner cannot overwrite.
    if (!this.swap(seen, withThief(withHead(seen, head + count), thief))) {
      return 0;
    }
    for (let offset = 0; offset < count; offset++) {
      target.place(offset, this.read(head + offset));
    }
    return count;
  }

  /** Gives the stolen entries' places back to the owner. */
  endSteal(): void {
    while (true) {
      const seen = this.seen;
      const next = withThief(withSteal(seen, headOf(seen)), NOTHING);
      if (this.swap(seen, next)) return;
    }
  }

  /** Who steals from the queue, as an index; NOTHING if nobody does. */
  get thief(): i32 {
    return thiefOf(this.seen);
  }

  /** Entries that the thief copies. */
  get stolen(): i32 {
    const seen = this.seen;
    return (headOf(seen) - stealOf(seen)) & <i32> COUNTER;
  }

  /** One of those. */
  stolenAt(offset: i32): i32 {
    return this.read(stealOf(this.seen) + offset);
  }
}

function tailOf(seen: u64): i32 {
  return <i32> (seen & COUNTER);
}

function headOf(seen: u64): i32 {
  return <i32> ((seen >> HEAD_SHIFT) & COUNTER);
}

function stealOf(seen: u64): i32 {
  return <i32> ((seen >> STEAL_SHIFT) & COUNTER);
}

function thiefOf(seen: u64): i32 {
  return <i32> (seen >> THIEF_SHIFT) - 1;
}

function lengthOf(seen: u64): i32 {
  return (tailOf(seen) - headOf(seen)) & <i32> COUNTER;
}

function withTail(seen: u64, tail: i32): u64 {
  return (seen & ~COUNTER) | (<u64> tail & COUNTER);
}

function withHead(seen: u64, head: i32): u64 {
  return (seen & ~(COUNTER << HEAD_SHIFT)) |
    ((<u64> head & COUNTER) << HEAD_SHIFT);
}

function withSteal(seen: u64, steal: i32): u64 {
  return (seen & ~(COUNTER << STEAL_SHIFT)) |
    ((<u64> steal & COUNTER) << STEAL_SHIFT);
}

function withThief(seen: u64, thief: i32): u64 {
  return (seen & ~(COUNTER << THIEF_SHIFT)) |
    (<u64> (thief + 1) << THIEF_SHIFT);
}

/** One entry less at the front. Steal stays where a thief has it. */
function withoutFront(seen: u64): u64 {
  const head = headOf(seen);
  const next = withHead(seen, head + 1);
  return stealOf(seen) == head ? withSteal(next, head + 1) : next;
}
