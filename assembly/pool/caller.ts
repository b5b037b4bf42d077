// Who submits tasks and gets them back: the pool's creator, and each worker.

import { BELL } from "../layout";
import { Bell } from "../bell";
import { Parker, RING, WAKE } from "../parker";
import { Chunks } from "./chunks";
import { callerAt, pool, taskAt, taskIndex } from "./map";
import { FINISHED, isUnsure, stateOf, Task } from "./task";

// What a caller knows of the deaths of others.
const CALM: i32 = 0;
/** A worker died. */
const ALARMED: i32 = 1;
/** The list is taken once more, and then the tasks are looked through. */
const TAKING: i32 = 2;

/** Entries of an outbox. The host wakes all there are if there are more. */
const OUTBOX: i32 = 8;
const BASE_SHIFT: u64 = 32;

/**
 * A thread that takes part in the pool. Its line holds what others write: the
 * list of its finished tasks, newest first.
 *
 * Invariant: only its thread empties the list, all of it at once.
 */
@unmanaged
export class Caller {
  /** Index + 1 of the task that finished last; 0 if the list is empty. */
  private finished: i32;
  /** A worker died: some of this caller's tasks may not be in the list. */
  private doubt: i32;
  /**
   * The parker that its thread sleeps on, and above it the claim; 0 if there is
   * no thread.
   */
  private parker: u64;
  /** Where the search for a free task goes on. The thread's own. */
  private next: i32;
  /** Words that the host is to wake, where waking is the host's. Its own. */
  private pending: i32;

  /** The caller with this index. */
  static of(index: i32): Caller {
    return changetype<Caller>(callerAt(index));
  }

  private get finishedWord(): usize {
    return changetype<usize>(this) + offsetof<Caller>("finished");
  }

  private get doubtWord(): usize {
    return changetype<usize>(this) + offsetof<Caller>("doubt");
  }

  private get parkerWord(): usize {
    return changetype<usize>(this) + offsetof<Caller>("parker");
  }

  private get index(): i32 {
    return <i32> ((changetype<usize>(this) - callerAt(0)) /
      (callerAt(1) - callerAt(0)));
  }

  /** From now on its thread sleeps on this parker. */
  open(parker: i32, base: i32): void {
    const place = <u64> <u32> base << BASE_SHIFT | <u64> <u32> parker;
    // Relaxed: who knows this thread as an owner or a sleeper was told so by a
    // write that comes after; others find a parker that needs no token yet. One
    // word, so that nobody finds the claim of another parker beside it.
    atomic.store<u64>(this.parkerWord, place);
  }

  /** Nobody sleeps here any more. Returns which thread did, or 0. */
  close(): i32 {
    // Relaxed: an unpark of the parker that was is of no consequence.
    const place = atomic.xchg<u64>(this.parkerWord, 0);
    if (place == 0) return 0;
    const parker = changetype<Parker>(parkerOf(place));
    return parker.isClaimed(baseOf(place)) ? parker.owner : 0;
  }

  /** The parker and its claim; 0 if there is no thread. */
  private get place(): u64 {
    // Relaxed: see `open()`.
    return atomic.load<u64>(this.parkerWord);
  }

  /** Whether there is a thread. */
  get isOpen(): bool {
    return this.place != 0;
  }

  /** Claims a free task. Returns its address, or 0 if there is none. */
  claimTask(): usize {
    const tasks = pool().tasks;
    let index = this.next;
    for (let tried = 0; tried < tasks; tried++) {
      if (index >= tasks) index = 0;
      const task = taskAt(index++);
      if (changetype<Task>(task).claim(this.index + 1)) {
        this.next = index;
        return task;
      }
    }
    return 0;
  }

  /**
   * Puts a finished task into the list of whom it belongs to, and wakes that
   * thread if the list was empty: else somebody else has, or is about to.
   */
  deliver(task: Task): void {
    const owner = task.ownedBy;
    if (owner <= 0) {
      if (owner == 0) unreachable();
      discard(task);
      return;
    }
    const target = Caller.of(owner - 1);
    if (target.append(task)) this.unpark(target);
  }

  /** Adds a task to the list. Returns whether the list was empty. */
  private append(task: Task): bool {
    const mine = taskIndex(changetype<usize>(task)) + 1;
    while (true) {
      // Relaxed: a guess, which the exchange below confirms or refutes.
      const seen = atomic.load<i32>(this.finishedWord);
      task.linkTo(seen);
      // The newest -> this one.
      // Release. Pairs with the exchange in `takeFinished()` [K2].
      if (atomic.cmpxchg<i32>(this.finishedWord, seen, mine) == seen) {
        return seen == 0;
      }
    }
  }

  /** Takes the list. Returns the index of the newest + 1; 0 if it is empty. */
  takeFinished(): i32 {
    // Acquire. Pairs with the exchange in `append()` [K2].
    let seen = atomic.load<i32>(this.finishedWord);
    while (seen != 0) {
      // So that those in the hands of a worker are known if it dies.
      if (this.index != 0) markAsTaken(seen);
      // All -> none. Fails if there is another one by now.
      // Acquire. Pairs with the exchange in `append()` [K2].
      const found = atomic.cmpxchg<i32>(this.finishedWord, seen, 0);
      if (found == seen) return seen;
      seen = found;
    }
    return 0;
  }

  /** Discards what is in the list of a thread that is dead. */
  discardFinished(): void {
    // All -> none.
    // Acquire. Pairs with the exchange in `append()` [K2].
    let next = atomic.xchg<i32>(this.finishedWord, 0);
    while (next != 0) {
      const task = changetype<Task>(taskAt(next - 1));
      next = task.linked;
      discard(task);
    }
  }

  /** Whether there is something to take, or to sweep. */
  get hasFinished(): bool {
    // SeqCst. Pairs with the exchange in `append()`: who waits looks here after
    // it has committed to its sleep [K2].
    if (atomic.load<i32>(this.finishedWord) != 0) return true;
    // Acquire. Pairs with the store in `alarm()` [R2].
    return atomic.load<i32>(this.doubtWord) != CALM;
  }

  /** Tells the caller to sweep. It is to be roused: see `rouseAll()`. */
  alarm(by: Caller): void {
    // Any -> ALARMED.
    // Release. Pairs with the exchanges in `sweep()` [R2].
    atomic.store<i32>(this.doubtWord, ALARMED);
    by.unpark(this);
  }

  /**
   * After a worker's death, and in two steps, puts the tasks into the list that
   * it finished and did not deliver. The caller has just taken the list and
   * collected what was in it; it is to do so again if this returns true.
   */
  sweep(): bool {
    // Acquire. Pairs with the store in `alarm()` [R2].
    const seen = atomic.load<i32>(this.doubtWord);
    if (seen == CALM) return false;
    if (seen == ALARMED) {
      // ALARMED -> TAKING: what the dead delivered is in the list by now. A store
      // is enough: of another one that has died since, that holds too.
      // SeqCst. Pairs with the store in `alarm()`: a later one comes after the
      // list is taken again, or is seen then [R2].
      atomic.store<i32>(this.doubtWord, TAKING);
      return true;
    }
    // TAKING -> CALM, unless another has died since: then all begins again.
    // AcqRel. Pairs with the store in `alarm()` [R2].
    if (atomic.cmpxchg<i32>(this.doubtWord, TAKING, CALM) == TAKING) {
      this.appendUnsure();
    }
    return true;
  }

  private appendUnsure(): void {
    const tasks = pool().tasks;
    const owner = this.index + 1;
    for (let index = 0; index < tasks; index++) {
      const task = changetype<Task>(taskAt(index));
      const found = task.ownedBy;
      if (found != owner && found != -owner) continue;
      const seen = task.seen;
      if (stateOf(seen) == FINISHED && isUnsure(seen)) this.append(task);
    }
  }

  /** Makes a token available to another thread of the pool, and wakes it. */
  unpark(target: Caller): void {
    const place = target.place;
    if (place == 0) return;
    const parker = parkerOf(place);
    this.act(changetype<Parker>(parker).unpark(baseOf(place)), parker);
  }

  private act(code: i32, parker: usize): void {
    if (code == WAKE) this.note(<i32> parker);
    // It sleeps in the driver, behind the bell.
    else if (code == RING && Bell.ring() == WAKE) this.note(<i32> BELL);
  }

  /** Notes a word for the host to wake. */
  private note(address: i32): void {
    const at = changetype<usize>(this) + 64 + (<usize> this.pending << 2);
    if (this.pending < OUTBOX) store<i32>(at, address);
    this.pending++;
  }
}

/** The address of the parker. */
function parkerOf(place: u64): usize {
  return <usize> <u32> place;
}

/** Which claim of it. */
function baseOf(place: u64): i32 {
  return <i32> (place >> BASE_SHIFT);
}

/** Frees a finished task of which nobody wants to know. */
export function discard(task: Task): void {
  Chunks.free(task.result);
  task.collect();
  task.free();
}

/** Marks the tasks of a list, from that index + 1 on, that are not yet. */
function markAsTaken(first: i32): void {
  let next = first;
  while (next != 0) {
    const task = changetype<Task>(taskAt(next - 1));
    if (task.markAsTaken()) return;
    next = task.linked;
  }
}
