// What is done after a worker has died, at whatever instruction: nothing that it
// held stays held, nothing that it had queued is lost, and what it ran is known
// to be lost.

import { buryThread, rouseAll } from "../burial";
import { Caller, discard } from "./caller";
import { Chunks } from "./chunks";
import { NOTHING } from "./hand";
import { Idle } from "./idle";
import { injectAgain } from "./inject";
import { callerOf, pool, taskAt } from "./map";
import {
  FINISHED,
  isTaken,
  isUnsure,
  RUNNING,
  stateOf,
  Task,
  TASK_IDLE,
  threadOf,
} from "./task";
import { wakeOne, Worker } from "./worker";

/**
 * Repairs what a worker has left that ended or died. Once for each, by the
 * thread of the pool's creator, and before the worker's index is used again.
 * Returns whether the caller is to close the driver's descriptors.
 */
export function recover(index: i32, by: Caller): bool {
  const worker = Worker.of(index);
  const dead = Caller.of(callerOf(index));
  Idle.leave(index);
  // It may have more parkers than the one that it is woken on.
  const isLast = buryThread(dead.close());
  endSteals(index);
  abandon(worker);
  buryOwn(index, worker.thread);
  buryLists();
  repairAll(worker.thread, by);
  Chunks.bury(worker.thread);
  Chunks.sweep();
  for (let place = 0; place <= Idle.span; place++) {
    Caller.of(place).alarm(by);
  }
  wakeOne(by);
  // Whom it was about to wake, when it died.
  rouseAll();
  return isLast;
}

/** The entries that it was copying are still where they were. */
function endSteals(index: i32): void {
  for (let place = 0; place < Idle.span; place++) {
    const queue = Worker.of(place).queue;
    if (queue.thief != index) continue;
    for (let offset = 0; offset < queue.stolen; offset++) {
      injectAgain(queue.stolenAt(offset));
    }
    queue.endSteal();
  }
}

/** Gives what it had at hand to the others. */
function abandon(worker: Worker): void {
  const queue = worker.queue;
  const hand = worker.hand;
  const marked = hand.marked;
  if (marked != 0 && queue.isPlaced(marked)) {
    const count = marked >>> 16;
    for (let offset = 0; offset < count; offset++) {
      injectAgain(queue.placed(offset));
    }
  }
  hand.marked = 0;
  if (hand.held != NOTHING) injectAgain(hand.held);
  hand.letGo();
  while (true) {
    const entry = worker.popLast(worker);
    if (entry == NOTHING) break;
    injectAgain(entry);
  }
  while (true) {
    const front = queue.pop(hand);
    if (front == NOTHING) break;
    injectAgain(front);
  }
  hand.letGo();
}

/** Nobody waits for its own tasks any more. */
function buryOwn(index: i32, thread: i32): void {
  const caller = callerOf(index);
  Caller.of(caller).discardFinished();
  const tasks = pool().tasks;
  for (let place = 0; place < tasks; place++) {
    const task = changetype<Task>(taskAt(place));
    if (task.ownedBy == caller + 1) disown(task, thread);
  }
}

function disown(task: Task, thread: i32): void {
  const seen = task.seen;
  const state = stateOf(seen);
  if (state == TASK_IDLE) {
    task.free();
    return;
  }
  // It was in its hands, or whoever finished it is dead: so it is in no list.
  // One that is delivered just now goes into the list that nobody takes, or is
  // found to be an orphan.
  const isNowhere = isTaken(seen) || isUnsure(seen) || threadOf(seen) == thread;
  if (state == FINISHED && isNowhere) discard(task);
  else task.orphan();
}

/** Frees what came into the lists of threads that are not there any more. */
function buryLists(): void {
  for (let place = 0; place <= Idle.span; place++) {
    const caller = Caller.of(place);
    if (!caller.isOpen) caller.discardFinished();
  }
}

function repairAll(thread: i32, by: Caller): void {
  // It died before it began, or was repaired before.
  if (thread == 0) return;
  const tasks = pool().tasks;
  for (let place = 0; place < tasks; place++) {
    repair(changetype<Task>(taskAt(place)), thread, by);
  }
}

/** A task that the dead worker ran, or had run. */
function repair(task: Task, thread: i32, by: Caller): void {
  while (true) {
    const seen = task.seen;
    if (threadOf(seen) != thread) return;
    const state = stateOf(seen);
    if (state == RUNNING) {
      if (!task.crash(seen)) continue;
      by.deliver(task);
      return;
    }
    if (state != FINISHED) return;
    const former = task.orphanOf;
    if (former != NOTHING && !Caller.of(former).isOpen) {
      // It is in no list, since that of its owner was discarded.
      discard(task);
      return;
    }
    // It may be in its owner's list already, or not yet.
    if (task.doubt(seen)) return;
  }
}
