// Where the pool's records lie, behind those of the parkers, locks and timers.
//
//   5120   ┌──────────────────────────┐
//          │ pool                     │ read-only once created
//   5248   │ idle words               │
//   5376   │ injection queues         │ heads and tails, a line each
//          └──────────────────────────┘
//            …
//          ┌──────────────────────────┐
//          │ callers                  │ a line each
//          ├──────────────────────────┤
//          │ workers                  │ with their run queues
//          ├──────────────────────────┤
//          │ slots of the injection   │
//          │ queues                   │
//          ├──────────────────────────┤
//          │ tasks                    │ a line each
//          ├──────────────────────────┤
//          │ chunk words              │
//          ├──────────────────────────┤
//          │ chunks                   │ the heap; grows
//          └──────────────────────────┘

import { header } from "../header";
import { CACHE_LINE, POOL, recordsEnd } from "../layout";

export const CALLER_BYTES: usize = 128;
export const TASK_BYTES: usize = 128;
/** The run queue's word, the worker's own line, and the ring. */
export const WORKER_BYTES: usize = 1280;
/** Entries of a run queue. Source: tokio, multi_thread/queue.rs. */
export const MAX_RING: i32 = 256;
/** As many as eight idle words have bits. */
export const MAX_WORKERS: i32 = 256;
/** Injection queues: one for each priority. */
export const PRIORITIES: i32 = 3;
const INJECT_SLOT_BYTES: usize = 8;
const CHUNK_WORD_BYTES: usize = 16;
/** A page, so that the heap grows by whole chunks. */
export const CHUNK_BYTES: usize = 65536;

/** The first line of the pool. Written once, before others know the memory. */
@unmanaged
export class Pool {
  /** Workers that there can be; 0 if the runtime has no pool. */
  workers: i32;
  /** Workers for each idle word: 32, or less for the model checker. */
  perWord: i32;
  /** Entries of a run queue, a power of two. */
  ring: i32;
  /** Tasks that there can be. */
  tasks: i32;
  /** Slots of an injection queue: a power of two, and more than tasks. */
  slots: i32;
  /** Chunks that there can be. */
  chunks: i32;
  callersAt: i32;
  workersAt: i32;
  slotsAt: i32;
  tasksAt: i32;
  chunkWordsAt: i32;
  heapAt: i32;
}

/** The one pool of a memory. */
export function pool(): Pool {
  return changetype<Pool>(POOL);
}

/** Lays the pool's records out. Returns where they end, but for the heap. */
export function layOut(
  workers: i32,
  perWord: i32,
  ring: i32,
  tasks: i32,
  chunks: i32,
): i32 {
  const it = pool();
  const records = header();
  it.workers = workers;
  it.perWord = perWord;
  it.ring = ring;
  it.tasks = tasks;
  it.chunks = chunks;
  // Each task has one entry at most, but for a few that a death has doubled.
  let slots: i32 = 2;
  while (slots < tasks * 2) slots <<= 1;
  it.slots = slots;
  let at = recordsEnd(
    records.parkers,
    records.locks,
    records.timers,
    records.registrations,
  );
  it.callersAt = <i32> at;
  at += <usize> (workers + 1) * CALLER_BYTES;
  it.workersAt = <i32> at;
  at += <usize> workers * WORKER_BYTES;
  it.slotsAt = <i32> at;
  at += <usize> (slots * PRIORITIES) * INJECT_SLOT_BYTES;
  at = (at + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
  it.tasksAt = <i32> at;
  at += <usize> tasks * TASK_BYTES;
  it.chunkWordsAt = <i32> at;
  at += <usize> chunks * CHUNK_WORD_BYTES;
  at = (at + CHUNK_BYTES - 1) & ~(CHUNK_BYTES - 1);
  it.heapAt = <i32> at;
  return <i32> at;
}

/** The address of the task with this index. */
export function taskAt(index: i32): usize {
  return <usize> pool().tasksAt + <usize> index * TASK_BYTES;
}

/** The index of the task at this address. */
export function taskIndex(address: usize): i32 {
  return <i32> ((address - <usize> pool().tasksAt) / TASK_BYTES);
}

/** The address of the caller with this index: 0 is the pool's creator. */
export function callerAt(index: i32): usize {
  return <usize> pool().callersAt + <usize> index * CALLER_BYTES;
}

/** The caller that a worker is. */
export function callerOf(worker: i32): i32 {
  return worker + 1;
}

/** The address of the worker with this index. */
export function workerAt(index: i32): usize {
  return <usize> pool().workersAt + <usize> index * WORKER_BYTES;
}

/** The address of the chunk word with this index. */
export function chunkWordAt(index: i32): usize {
  return <usize> pool().chunkWordsAt + <usize> index * CHUNK_WORD_BYTES;
}

/** The slots of an injection queue. */
export function injectSlotsAt(priority: i32): usize {
  return <usize> pool().slotsAt +
    <usize> (priority * pool().slots) * INJECT_SLOT_BYTES;
}
