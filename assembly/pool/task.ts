// The record of a task: what state it is in, whose it is, who runs it.

import { taskAt } from "./map";

/** Nobody has submitted it. */
export const TASK_IDLE: i32 = 0;
/** To be run by whoever comes to it first. */
export const QUEUED: i32 = 1;
/** Was QUEUED, and is to be dropped by whoever comes to it. */
export const CANCELLED: i32 = 2;
/** A worker runs it. */
export const RUNNING: i32 = 3;
/** It has an outcome, which its owner has yet to collect. */
export const FINISHED: i32 = 4;

const STATE: i32 = 7;
/** An entry of some queue names it. */
const LISTED: i32 = 8;
/** Its worker died, and may not have delivered it. */
const UNSURE: i32 = 16;
const OUTCOME_SHIFT: i32 = 5;
const OUTCOME: i32 = 3;
/** Its owner has it in hand, or is about to: see `Caller.takeFinished()`. */
const TAKEN: i32 = 128;
const THREAD_SHIFT: i32 = 8;

// What came of a finished one.
export const RETURNED: i32 = 0;
export const THREW: i32 = 1;
/** Never began. */
export const DROPPED: i32 = 2;
/** The worker died while it ran. */
export const CRASHED: i32 = 3;

/**
 * A task. One word says what may be done with it, and by whom:
 *
 *    31                  8    7    6..5     4      3     2..0
 *   ┌─────────────────────┬─────┬───────┬──────┬──────┬───────┐
 *   │ thread that runs it │taken│outcome│unsure│listed│ state │
 *   └─────────────────────┴─────┴───────┴──────┴──────┴───────┘
 *
 *           submit           take            finish            collect
 *   IDLE ──────────▶ QUEUED ──────▶ RUNNING ───────▶ FINISHED ───────▶ IDLE
 *                      │ cancel                         ▲
 *                      ▼              take              │
 *                   CANCELLED ──────────────────────────┘
 *
 * Queues hold indices of tasks, and those are hints: whoever removes one takes
 * the task by an exchange of this word, or finds that there is nothing to take.
 * So an entry may be there twice, or too long, and a task still runs once. That
 * is what lets a thread note an entry elsewhere before it removes it, so that
 * one that dies between the two loses nothing.
 *
 * Invariant: a task that is listed has one entry, but for those that a death has
 * doubled; one that is not has none. So queues cannot overflow.
 */
@unmanaged
export class Task {
  private state: i32;
  /**
   * Index of the caller + 1; 0 if it is free. Below 0 it is an orphan, which
   * whoever finishes it frees: less the index of the dead caller, - 1.
   */
  private owner: i32;
  /** Index of the next task in a caller's list of finished ones, + 1. */
  private link: i32;
  /** Where its arguments lie in a chunk of its owner's; or 0. */
  private payloadAt: i32;
  /** Where its result lies in a chunk of its worker's; or 0. */
  private resultAt: i32;
  // The rest of the line is the facade's: what is to be run, what came of it.

  private get stateWord(): usize {
    return changetype<usize>(this) + offsetof<Task>("state");
  }

  private get ownerWord(): usize {
    return changetype<usize>(this) + offsetof<Task>("owner");
  }

  private get linkWord(): usize {
    return changetype<usize>(this) + offsetof<Task>("link");
  }

  /** The word, for those who repair. */
  get seen(): i32 {
    // Acquire. Pairs with the addition in `finish()` [K2].
    return atomic.load<i32>(this.stateWord);
  }

  /** Whether an entry is to name it. Asked when a worker that had one is dead. */
  get isListed(): bool {
    return (this.seen & LISTED) != 0;
  }

  /** Makes a free task a caller's. */
  claim(owner: i32): bool {
    // Relaxed: a guess, which the exchange below confirms or refutes.
    if (atomic.load<i32>(this.ownerWord) != 0) return false;
    // Free -> owned. One of many wins.
    // Acquire. Pairs with the store in `free()` [K3].
    if (atomic.cmpxchg<i32>(this.ownerWord, 0, owner) != 0) return false;
    if (this.seen == TASK_IDLE) return true;
    // An entry names it still: who comes to that takes the bit away.
    this.free();
    return false;
  }

  /** Makes the task nobody's. Its owner has collected it, or is dead. */
  free(): void {
    // Owned -> free. Release. Pairs with the exchange in `claim()` [K3].
    atomic.store<i32>(this.ownerWord, 0);
  }

  /** Whose it is. */
  get ownedBy(): i32 {
    // SeqCst. Pairs with the exchange in `orphan()` [K4].
    return atomic.load<i32>(this.ownerWord);
  }

  /** Takes the task from a dead owner. */
  orphan(): void {
    // Dead caller's -> nobody's.
    // SeqCst. Pairs with the load in `ownedBy` [K4].
    atomic.store<i32>(this.ownerWord, -this.ownedBy);
  }

  /** The caller that it had before it was an orphan; -1 if it is none. */
  get orphanOf(): i32 {
    const owner = this.ownedBy;
    return owner < 0 ? -owner - 1 : -1;
  }

  /** IDLE -> QUEUED. The owner has written what is to be run. */
  submit(): void {
    // Release. Pairs with the exchange in `take()` [K1].
    atomic.store<i32>(this.stateWord, QUEUED | LISTED);
  }

  /**
   * A thread removed the entry that names the task. Returns RUNNING if it is the
   * thread's to run, FINISHED if it was cancelled and is the thread's to
   * deliver, or IDLE if there is nothing to do.
   */
  take(thread: i32): i32 {
    while (true) {
      // Relaxed: a guess, which the exchange below confirms or refutes.
      const seen = atomic.load<i32>(this.stateWord);
      if ((seen & LISTED) == 0) return TASK_IDLE;
      const state = seen & STATE;
      let next = seen & ~LISTED;
      let code = TASK_IDLE;
      if (state == QUEUED) {
        next = RUNNING | (thread << THREAD_SHIFT);
        code = RUNNING;
      } else if (state == CANCELLED) {
        next = finished(DROPPED, thread);
        code = FINISHED;
      }
      // QUEUED -> RUNNING, CANCELLED -> FINISHED, or else only not listed any
      // more. One of many wins.
      // AcqRel. Pairs with the store in `submit()` [K1], and with the exchange
      // in `cancel()`.
      if (atomic.cmpxchg<i32>(this.stateWord, seen, next) == seen) return code;
    }
  }

  /**
   * QUEUED -> RUNNING, past the entry that names the task. Returns whether the
   * task is the thread's to run.
   */
  takeDirectly(thread: i32): bool {
    const next = RUNNING | LISTED | (thread << THREAD_SHIFT);
    // Acquire. Pairs with the store in `submit()` [K1].
    return atomic.cmpxchg<i32>(this.stateWord, QUEUED | LISTED, next) ==
      (QUEUED | LISTED);
  }

  /** QUEUED -> CANCELLED. Returns whether the task will never run. */
  cancel(): bool {
    // One of the owner and the workers wins.
    // Release. Pairs with the exchange in `take()` [K1].
    return atomic.cmpxchg<i32>(
      this.stateWord,
      QUEUED | LISTED,
      CANCELLED | LISTED,
    ) == (QUEUED | LISTED);
  }

  /** RUNNING -> FINISHED. The worker has written what it returns. */
  finish(outcome: i32): void {
    // An addition, since whoever comes to a left-over entry changes a bit.
    // Release. Pairs with the load in `seen` [K2].
    atomic.add<i32>(
      this.stateWord,
      (outcome << OUTCOME_SHIFT) + FINISHED - RUNNING,
    );
  }

  /** Whether there is an outcome. */
  get isFinished(): bool {
    return (this.seen & STATE) == FINISHED;
  }

  /** FINISHED or RUNNING -> IDLE. Returns whether it can be used again. */
  collect(): bool {
    // Only the bit stays that says that an entry names it.
    // Release. Pairs with the exchange in `claim()` [K3].
    return (atomic.and<i32>(this.stateWord, LISTED) & LISTED) == 0;
  }

  /** Where its arguments lie, or 0. */
  get payload(): i32 {
    // Relaxed: of a task that is collected and used again by now, what this
    // finds is of no consequence.
    return atomic.load<i32>(
      changetype<usize>(this) + offsetof<Task>("payloadAt"),
    );
  }

  /** Where its result lies, or 0. */
  get result(): i32 {
    // Relaxed: as above.
    return atomic.load<i32>(
      changetype<usize>(this) + offsetof<Task>("resultAt"),
    );
  }

  /** Links the task before another one in its owner's list. */
  linkTo(next: i32): void {
    // Relaxed: the exchange that follows publishes it [K2].
    atomic.store<i32>(this.linkWord, next);
  }

  /** What the task is linked to. */
  get linked(): i32 {
    // Relaxed: the owner took the list by an exchange [K2], or has linked it.
    return atomic.load<i32>(this.linkWord);
  }

  /** The address of the task that it is linked to; 0 if there is none. */
  get next(): usize {
    const link = this.linked;
    return link == 0 ? 0 : taskAt(link - 1);
  }

  /** FINISHED -> FINISHED, in a worker's list. Returns whether it was marked. */
  markAsTaken(): bool {
    // Relaxed: read only when this thread is dead.
    return (atomic.or<i32>(this.stateWord, TAKEN) & TAKEN) != 0;
  }

  /** RUNNING -> FINISHED, for a worker that is dead. */
  crash(seen: i32): bool {
    // Fails if a left-over entry's bit has changed.
    // Release. Pairs with the load in `seen` [K2].
    return atomic.cmpxchg<i32>(
      this.stateWord,
      seen,
      (seen & LISTED) | finished(CRASHED, threadOf(seen)),
    ) == seen;
  }

  /** FINISHED -> FINISHED, for the owner to see whether it was delivered. */
  doubt(seen: i32): bool {
    // Release. Pairs with the load in `seen` [K2].
    return atomic.cmpxchg<i32>(this.stateWord, seen, seen | UNSURE) == seen;
  }
}

function finished(outcome: i32, thread: i32): i32 {
  return FINISHED | (outcome << OUTCOME_SHIFT) | (thread << THREAD_SHIFT);
}

/** What came of a finished task, by its word. */
export function outcomeOf(seen: i32): i32 {
  return (seen >> OUTCOME_SHIFT) & OUTCOME;
}

/** What state a task's word says it is in. */
export function stateOf(seen: i32): i32 {
  return seen & STATE;
}

/** Which thread a task's word says runs it. */
export function threadOf(seen: i32): i32 {
  return seen >>> THREAD_SHIFT;
}

/** Whether its owner had taken it out of the list of finished ones. */
export function isTaken(seen: i32): bool {
  return (seen & TAKEN) != 0;
}

/** Whether the worker that finished the task may not have delivered it. */
export function isUnsure(seen: i32): bool {
  return (seen & UNSURE) != 0;
}
