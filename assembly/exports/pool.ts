// Exports: the pool's tasks, workers and heap.

import { isShutdown } from "../header";
import { Caller } from "../pool/caller";
import { Chunks } from "../pool/chunks";
import { Idle } from "../pool/idle";
import { Inject } from "../pool/inject";
import { callerOf, layOut } from "../pool/map";
import { recover } from "../pool/recovery";
import { Tally } from "../pool/tally";
import { Task } from "../pool/task";
import { submit, submitAll, wakeOne, Worker } from "../pool/worker";

function taskOf(address: i32): Task {
  return changetype<Task>(<usize> address);
}

/** Lays the pool out, in a new memory. Returns where its heap begins. */
export function poolCreate(
  workers: i32,
  perWord: i32,
  ring: i32,
  tasks: i32,
  chunks: i32,
): i32 {
  return layOut(workers, perWord, ring, tasks, chunks);
}

/** Makes a thread a caller, with the parker that it sleeps on. */
export function callerOpen(caller: i32, parker: i32, base: i32): void {
  Caller.of(caller).open(parker, base);
}

/** Claims a task. Returns its address, or 0 if there is none. */
export function taskClaim(caller: i32): i32 {
  return <i32> Caller.of(caller).claimTask();
}

/** Frees a task that its owner has collected. */
export function taskFree(task: i32): void {
  taskOf(task).free();
}

/** Submits a task to whichever worker comes first. Returns false at the end. */
export function taskSubmit(caller: i32, task: i32, priority: i32): bool {
  if (isShutdown()) return false;
  submit(taskOf(task), priority, caller);
  wakeOne(Caller.of(caller));
  return true;
}

/**
 * Submits tasks of the pool's creator, each linked to the next, and wakes nobody:
 * `callerNotify()` is to follow. Returns false at the end.
 */
export function taskSubmitAll(first: i32, priority: i32): bool {
  if (isShutdown()) return false;
  submitAll(<usize> first, priority);
  return true;
}

/** Wakes a worker for what was enqueued, if nobody searches. */
export function callerNotify(caller: i32): void {
  wakeOne(Caller.of(caller));
}

/** Keeps a task from ever running. Returns false if it runs, or has run. */
export function taskCancel(task: i32): bool {
  return taskOf(task).cancel();
}

/** The word of a task: see `Task`. */
export function taskSeen(task: i32): i32 {
  return taskOf(task).seen;
}

/** Ends the use of a finished task. Returns whether it can be used again. */
export function taskCollect(task: i32): bool {
  return taskOf(task).collect();
}

/** Wakes another thread of the pool. */
export function callerWake(caller: i32, target: i32): void {
  Caller.of(caller).unpark(Caller.of(target));
}

/** Takes a caller's finished tasks. Returns the first one's index + 1, or 0. */
export function callerTake(caller: i32): i32 {
  return Caller.of(caller).takeFinished();
}

/** Whether there is something to take, or to sweep. */
export function callerHasFinished(caller: i32): bool {
  return Caller.of(caller).hasFinished;
}

/** Drops what came into the list of a dead thread whose place this one has. */
export function callerDiscard(caller: i32, task: i32): void {
  Caller.of(caller).deliver(taskOf(task));
}

/** See `Caller.sweep()`: whether the caller is to take and collect again. */
export function callerSweep(caller: i32): bool {
  return Caller.of(caller).sweep();
}

/** Begins as a worker, as this thread. */
export function workerOpen(worker: i32, thread: i32): void {
  Worker.of(worker).open(thread);
}

/** The next task to run, taken. Returns its address, or 0. */
export function workerNext(worker: i32): i32 {
  return <i32> Worker.of(worker).next();
}

/** Finishes a task that the worker has run. */
export function workerFinish(worker: i32, task: i32, outcome: i32): void {
  const it = Worker.of(worker);
  Tally.of(changetype<usize>(it)).countTask();
  taskOf(task).finish(outcome);
  Caller.of(callerOf(worker)).deliver(taskOf(task));
}

/** Makes a task of the worker's own its next one. */
export function workerSpawn(worker: i32, task: i32): void {
  Worker.of(worker).spawn(taskOf(task));
}

/** Takes a task back that the worker spawned, to run it. */
export function workerTakeBack(worker: i32, task: i32): bool {
  return Worker.of(worker).takeBack(taskOf(task));
}

/** Leaves a task to others that the worker has taken and does not run. */
export function workerGiveBack(worker: i32, task: i32): void {
  Worker.of(worker).giveBack(taskOf(task));
}

/** Whether the worker looks for work, so that nobody wakes another one. */
export function workerIsSearching(worker: i32): bool {
  return Idle.isSearching(worker);
}

/** The worker does something else than to look for work: others are to. */
export function workerEndSearch(worker: i32): void {
  Worker.of(worker).endSearch();
}

/** The worker is to sleep. Returns false if it has work at hand. */
export function workerPark(worker: i32): bool {
  return Worker.of(worker).park();
}

/** A sleep ended. Returns whether the worker is awake: else it sleeps again. */
export function workerUnpark(worker: i32, hasWork: bool): bool {
  return Idle.unpark(worker, hasWork || Worker.of(worker).hasWork);
}

/** The worker ends, awake; `workerRecover()` is to follow. */
export function workerClose(worker: i32): void {
  Worker.of(worker).close();
}

/** One of the counts of a worker, by its place in `Tally`. */
export function workerTally(worker: i32, place: i32): f64 {
  return Tally.of(changetype<usize>(Worker.of(worker))).read(place);
}

/** Tasks in an injection queue, or that were there a moment ago. */
export function injectLength(priority: i32): i32 {
  return Inject.of(priority).length;
}

/**
 * Repairs what a worker has left that ended or died. Returns whether the caller
 * is to close the driver's descriptors.
 */
export function workerRecover(worker: i32, caller: i32): bool {
  return recover(worker, Caller.of(caller));
}

/** Claims chunks in a row, in the first `limit`. Returns the first, or -1. */
export function chunksClaim(thread: i32, count: i32, limit: i32): i32 {
  return Chunks.claim(thread, count, limit);
}

/** Says how many pieces were put into a chunk, and that there come no more. */
export function chunkSeal(index: i32, pieces: i32): void {
  Chunks.seal(index, pieces);
}

/** A piece was read, by the last to need it. */
export function chunkFree(address: i32): void {
  Chunks.free(address);
}
