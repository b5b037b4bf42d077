// The heap, by chunks: each belongs to the thread that fills it, and is free
// when all that was put into it is.
//
// Who fills a chunk counts, for itself, what it puts in, and says so when it
// turns to another; who has read a piece takes one off. So a piece costs one
// addition, and a dead thread's chunks are found by its name.

import { CHUNK_BYTES, chunkWordAt, pool, taskAt } from "./map";
import { stateOf, Task, TASK_IDLE } from "./task";

const PIECES: u64 = 0xffffffff;
const OWNER_SHIFT: i32 = 32;
/** The thread that a dead one's chunks belong to. */
const NOBODY: u64 = 0xffffffff;
/** Behind a chunk's word: of how many chunks it is the first. */
const RUN_OFFSET: usize = 8;

/**
 * The word of a chunk:
 *
 *    63                32 31                 0
 *   ┌────────────────────┬────────────────────┐
 *   │ thread             │ pieces in it       │ 0 if it is free
 *   └────────────────────┴────────────────────┘
 *
 * Until it is sealed the pieces count down from 0, by those that were read; so
 * they come to 0 only when it is sealed and all were.
 */
export class Chunks {
  private static runWord(index: i32): usize {
    return chunkWordAt(index) + RUN_OFFSET;
  }

  /**
   * Claims so many chunks in a row for a thread, in the first `limit`. Returns
   * the index of the first, or -1 if there is no such row.
   */
  static claim(thread: i32, count: i32, limit: i32): i32 {
    let first: i32 = 0;
    while (first + count <= limit) {
      let taken: i32 = 0;
      while (taken < count && Chunks.claimOne(first + taken, thread)) taken++;
      if (taken == count) {
        // Relaxed: only who frees the last piece reads it, long after.
        atomic.store<i32>(Chunks.runWord(first), count);
        return first;
      }
      for (let index = 0; index < taken; index++) {
        Chunks.clear(first + index);
      }
      first += taken + 1;
    }
    return -1;
  }

  private static claimOne(index: i32, thread: i32): bool {
    const word = chunkWordAt(index);
    // Relaxed: a guess, which the exchange below confirms or refutes.
    if (atomic.load<u64>(word) != 0) return false;
    // Free -> the thread's.
    // Acquire. Pairs with the store in `clear()` [H1].
    return atomic.cmpxchg<u64>(word, 0, <u64> thread << OWNER_SHIFT) == 0;
  }

  private static clear(index: i32): void {
    // Any -> free. Release. Pairs with the exchange in `claimOne()` [H1].
    atomic.store<u64>(chunkWordAt(index), 0);
  }

  /** The owner puts no more into the chunk than these pieces. */
  static seal(index: i32, pieces: i32): void {
    Chunks.change(index, <u64> <u32> pieces);
  }

  /** A piece of the chunk at this address was read, by the last to need it. */
  static free(address: i32): void {
    if (address == 0) return;
    Chunks.change(indexOf(address), PIECES);
  }

  /** Adds to the pieces. Frees the chunk with its last one. */
  private static change(index: i32, by: u64): void {
    const word = chunkWordAt(index);
    while (true) {
      // Relaxed: a guess, which the exchange below confirms or refutes.
      const seen = atomic.load<u64>(word);
      const owner = seen >> OWNER_SHIFT;
      // Whoever buried the owner sees to its chunks.
      if (owner == 0 || owner == NOBODY) return;
      const pieces = (seen + by) & PIECES;
      const last = pieces == 0;
      // The run's other chunks first: this one's owner answers for them.
      if (last) Chunks.clearRest(index);
      const next = last ? 0 : (owner << OWNER_SHIFT) | pieces;
      // A piece more or less, or free.
      // AcqRel. Pairs with the exchange in `claimOne()`, and with those of
      // others who free pieces [H1].
      if (atomic.cmpxchg<u64>(word, seen, next) == seen) return;
    }
  }

  private static clearRest(first: i32): void {
    // Relaxed: written when the chunks were claimed.
    const run = atomic.load<i32>(Chunks.runWord(first));
    for (let offset = 1; offset < run; offset++) Chunks.clear(first + offset);
  }

  /** Takes a dead thread's chunks away from it. */
  static bury(thread: i32): void {
    // It died before it began: 0 is in the words of free chunks.
    if (thread == 0) return;
    const chunks = pool().chunks;
    for (let index = 0; index < chunks; index++) {
      const word = chunkWordAt(index);
      // Relaxed: a guess, which the exchange below confirms or refutes.
      let seen = atomic.load<u64>(word);
      while (seen >> OWNER_SHIFT == <u64> thread) {
        // The dead thread's -> nobody's.
        // AcqRel. Pairs with the exchange in `change()` [H1].
        const found = atomic.cmpxchg<u64>(word, seen, NOBODY << OWNER_SHIFT);
        if (found == seen) break;
        seen = found;
      }
    }
  }

  /** Frees those of nobody's chunks that no task needs any more. */
  static sweep(): void {
    const chunks = pool().chunks;
    for (let index = 0; index < chunks; index++) {
      // Relaxed: only this thread changes what is nobody's.
      const seen = atomic.load<u64>(chunkWordAt(index));
      if (seen >> OWNER_SHIFT == NOBODY && !isNeeded(index)) {
        Chunks.clear(index);
      }
    }
  }
}

/** Whether a task's bytes are in the chunk, or in a run that it is part of. */
function isNeeded(index: i32): bool {
  const tasks = pool().tasks;
  for (let place = 0; place < tasks; place++) {
    const task = changetype<Task>(taskAt(place));
    if (stateOf(task.seen) == TASK_IDLE) continue;
    if (isIn(task.payload, index) || isIn(task.result, index)) return true;
  }
  return false;
}

function isIn(address: i32, index: i32): bool {
  if (address == 0) return false;
  const first = indexOf(address);
  // Relaxed: written when the chunks were claimed.
  const run = atomic.load<i32>(chunkWordAt(first) + RUN_OFFSET);
  return index >= first && index < first + run;
}

/** The chunk that an address is in: of a run, it is in the first. */
function indexOf(address: i32): i32 {
  return <i32> (<u32> (address - pool().heapAt) / <u32> CHUNK_BYTES);
}
