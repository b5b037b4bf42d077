// The queue into which tasks come from outside, one for each priority: any
// thread pushes, any worker takes from the front.
//
// An array whose slots say which lap they are in, as in Vyukov's bounded MPMC
// queue, https://www.1024cores.net/home/lock-free-algorithms/queues; but a slot
// is written by one exchange, entry and lap together, and whoever finds the tail
// behind moves it on. So a thread that dies at any point holds nobody up.

import { INJECTS } from "../layout";
import { Hand } from "./hand";
import { injectSlotsAt, pool, PRIORITIES, taskAt, taskIndex } from "./map";
import { RunQueue } from "./run_queue";
import { Task } from "./task";

const INJECT_BYTES: usize = 256;
const TAIL_OFFSET: usize = 128;
const ENTRY: u64 = 0xffffffff;

/**
 * Positions count up and wrap around. Position p lies in slot p mod capacity:
 *
 *    63                32 31                 0
 *   ┌────────────────────┬────────────────────┐
 *   │ p + 1              │ entry              │
 *   └────────────────────┴────────────────────┘
 *
 * Invariant: what lies from head on with its own position is in the queue.
 */
@unmanaged
export class Inject {
  /** The injection queue of a priority: 0 is the highest. */
  static of(priority: i32): Inject {
    return changetype<Inject>(INJECTS + <usize> priority * INJECT_BYTES);
  }

  private get headWord(): usize {
    return changetype<usize>(this);
  }

  private get tailWord(): usize {
    return changetype<usize>(this) + TAIL_OFFSET;
  }

  private get slots(): usize {
    const place = (changetype<usize>(this) - INJECTS) / INJECT_BYTES;
    return injectSlotsAt(<i32> place);
  }

  private slot(position: i32): usize {
    const place = <usize> (position & (pool().slots - 1));
    return this.slots + (place << 3);
  }

  private get head(): i32 {
    // Acquire. Pairs with the exchange in `takeInto()` [J2].
    return atomic.load<i32>(this.headWord);
  }

  private get tail(): i32 {
    // Relaxed: a guess. The slots say where the queue ends.
    return atomic.load<i32>(this.tailWord);
  }

  private read(position: i32): u64 {
    // SeqCst. Pairs with the exchange in `push()`: who brings work looks for
    // searchers, whose last one looks here [I1] [J1].
    return atomic.load<u64>(this.slot(position));
  }

  /** Whether nothing is in the queue. */
  get isEmpty(): bool {
    const head = this.head;
    return !isAt(this.read(head), head);
  }

  /** How many there are, or were a moment ago. */
  get length(): i32 {
    const length = this.tail - this.head;
    return length < 0 ? 0 : length;
  }

  /** Adds an entry at the back. Returns false if there is no room. */
  push(entry: i32): bool {
    while (true) {
      const tail = this.tail;
      const seen = this.read(tail);
      if (isAt(seen, tail)) {
        this.advance(tail, tail + 1);
        continue;
      }
      // Others have gone round meanwhile: the slot is not that position's.
      if (isBeyond(seen, tail)) continue;
      if (tail - this.head >= pool().slots) {
        // The tail was read before the head: it may be that both moved on.
        if (tail == this.tail) return false;
        continue;
      }
      const isMine = this.write(tail, seen, entry);
      this.advance(tail, tail + 1);
      if (isMine) return true;
    }
  }

  /**
   * Submits tasks that are linked, from this one on, and adds them at the back.
   * Only who cannot die does so: the pool's creator. Returns the first for which
   * there is no room, or 0.
   */
  pushAll(first: usize): usize {
    let task = first;
    let from = this.tail;
    let position = from;
    let head = this.head;
    while (task != 0) {
      const seen = this.read(position);
      if (isBeyond(seen, position)) {
        // Others have gone round meanwhile.
        from = this.tail;
        position = from;
        continue;
      }
      if (isAt(seen, position)) {
        position++;
        continue;
      }
      if (position - head >= pool().slots) {
        head = this.head;
        if (position - head >= pool().slots) break;
      }
      // When others see the entry, the link is theirs.
      const next = changetype<Task>(task).next;
      changetype<Task>(task).submit();
      if (!this.write(position, seen, taskIndex(task))) continue;
      position++;
      task = next;
    }
    // One step for all, or one for each where others have made some.
    if (position != from && !this.advance(from, position)) {
      for (; from != position; from++) this.advance(from, from + 1);
    }
    return task;
  }

  /** Writes an entry at a position, if nobody else has. */
  private write(position: i32, seen: u64, entry: i32): bool {
    // Any earlier lap -> this entry. One of many wins the position.
    // Release. Pairs with the load in `read()` [J1].
    return atomic.cmpxchg<u64>(
      this.slot(position),
      seen,
      stamped(position, entry),
    ) == seen;
  }

  /** The slots before `next` are written: whoever sees it moves the tail on. */
  private advance(tail: i32, next: i32): bool {
    // Relaxed: a guess for others, which the slots confirm or refute.
    return atomic.cmpxchg<i32>(this.tailWord, tail, next) == tail;
  }

  /**
   * Takes as many entries from the front as there are, `most` at most. They are
   * placed behind the back of the worker's queue, which has the room and is to
   * publish them. Returns how many; 0 if there were none.
   *
   * @param hand Where the worker notes what is placed.
   */
  takeInto(queue: RunQueue, most: i32, hand: Hand): i32 {
    let count = this.tryTake(queue, most, hand);
    while (count < 0) count = this.tryTake(queue, most, hand);
    return count;
  }

  /** Returns -1 if others have moved the head on: then it is tried again. */
  private tryTake(queue: RunQueue, most: i32, hand: Hand): i32 {
    const head = this.head;
    let count = 0;
    while (count < most) {
      const seen = this.read(head + count);
      if (!isAt(seen, head + count)) break;
      queue.place(count, entryOf(seen));
      count++;
    }
    // Nothing at a head that others have moved on says nothing.
    if (count == 0) return head == this.head ? 0 : -1;
    hand.marked = queue.mark(count);
    // Head -> head + count: these are the worker's. A slot is written again only
    // when head has passed it, so what was read is what is taken.
    // AcqRel. Pairs with the load in `head` [J2].
    if (atomic.cmpxchg<i32>(this.headWord, head, head + count) == head) {
      return count;
    }
    hand.marked = 0;
    return -1;
  }
}

function isAt(slot: u64, position: i32): bool {
  return <u32> (slot >> 32) == <u32> (position + 1);
}

/** Whether the slot is some later position's. */
function isBeyond(slot: u64, position: i32): bool {
  return <i32> (slot >> 32) - (position + 1) > 0;
}

function entryOf(slot: u64): i32 {
  return <i32> (slot & ENTRY);
}

function stamped(position: i32, entry: i32): u64 {
  return (<u64> <u32> (position + 1) << 32) | <u64> <u32> entry;
}

/** Adds an entry to an injection queue: that one, if there is room. */
export function inject(entry: i32, priority: i32): void {
  for (let tried = 0; tried < PRIORITIES; tried++) {
    if (Inject.of((priority + tried) % PRIORITIES).push(entry)) return;
  }
  // Each has a place for every task, and as many again for entries that deaths
  // have doubled.
  unreachable();
}

/** Adds an entry that a dead worker had, unless its task was taken. */
export function injectAgain(entry: i32): void {
  if (changetype<Task>(taskAt(entry)).isListed) inject(entry, 1);
}

/** Whether an injection queue has an entry. */
export function isInjected(): bool {
  for (let priority = 0; priority < PRIORITIES; priority++) {
    if (!Inject.of(priority).isEmpty) return true;
  }
  return false;
}
