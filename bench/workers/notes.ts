// What a worker of a bench tells the main thread, in shared memory.

import { readlinkSync } from "node:fs";

/** The kernel's number of the thread, from when it is ready; or -1. */
export const THREAD = 0;
/** Calls answered. */
export const ANSWERED = 1;
/** Set by the main thread when there is no more to do. */
export const STOPPING = 2;

/** Shared words, zeroed. */
export type Notes = Int32Array<SharedArrayBuffer>;

/** Notes for one worker, on cache lines of their own. */
export function newNotes(): Notes {
  return new Int32Array(new SharedArrayBuffer(256));
}

/** Says that this worker is about to serve, and which thread it is. */
export function sayReady(notes: Notes): void {
  Atomics.store(notes, THREAD, threadId());
}

/** The kernel's number of this thread, where /proc tells; else -1. */
export function threadId(): number {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return -1;
  }
}
