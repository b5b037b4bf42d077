// Thread bodies for mutex_test.ts. Each runs on a thread of its own.

import { LaybyError, type Mutex, type MutexHandle } from "../../mod.ts";
import { meet } from "../join.ts";
import { bodies, publish, waitWhile } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** Words of what a mutex guards. All accesses are plain. */
export const COUNT = 0;
const INSIDE = 1;

/** A way to lock. Returns whether it did. */
type Lock = (mutex: Mutex, turn: number) => boolean;

/** Milliseconds. Some of them are over before the mutex is free. */
const TIMEOUTS = [0.01, 0.1, 1, 0];

export const LOCKS: Record<string, Lock> = {
  "lock": (mutex) => mutex.lock() !== undefined,
  "tryLock": (mutex) => mutex.tryLock() !== undefined,
  "lockTimeout, long": (mutex) => mutex.lockTimeout(3_600_000) !== undefined,
  "lockTimeout, short": (mutex, turn) =>
    mutex.lockTimeout(TIMEOUTS[turn % TIMEOUTS.length]!) !== undefined,
};

/** The code of what it throws. */
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof LaybyError) return error.code;
    throw error;
  }
  return "nothing";
}

export default bodies({
  /** Adds to a count that nothing but the mutex guards. */
  count: (
    runtime,
    { handle, words, adds, way, gate, threads }: {
      handle: MutexHandle;
      words: Words;
      adds: number;
      way: string;
      gate: Words;
      threads: number;
    },
  ) => {
    const mutex = runtime.attachMutex(handle);
    const lock = LOCKS[way]!;
    let clashes = 0;
    meet(gate, threads);
    for (let add = 0, turn = 0; add < adds; turn++) {
      if (!lock(mutex, turn)) continue;
      if (words[INSIDE] !== 0) clashes++;
      words[INSIDE] = 1;
      // A read and a write, far enough apart for others to get in between.
      const count = words[COUNT]!;
      for (let pause = turn % 8; pause > 0; pause--) Atomics.pause?.();
      words[COUNT] = count + 1;
      words[INSIDE] = 0;
      mutex.unlock();
      add++;
    }
    return clashes;
  },

  /** Locks, says so, holds on until told two words further on, and unlocks. */
  hold: (
    runtime,
    { handle, way, words, place }: {
      handle: MutexHandle;
      way: string;
      words: Words;
      place: number;
    },
  ) => {
    const mutex = runtime.attachMutex(handle);
    const isLocked = LOCKS[way]!(mutex, 0);
    publish(words, place, 1);
    waitWhile(words, place + 2, 0);
    if (isLocked) mutex.unlock();
    return isLocked;
  },

  /** Locks and unlocks. Returns when it had the lock, in turn. */
  pass: (
    runtime,
    { handle, way, words }: { handle: MutexHandle; way: string; words: Words },
  ) => {
    const mutex = runtime.attachMutex(handle);
    if (!LOCKS[way]!(mutex, 0)) return -1;
    const turn = words[COUNT]!;
    words[COUNT] = turn + 1;
    mutex.unlock();
    return turn;
  },

  /** What others than the owner get to hear. */
  trespass: (runtime, handle: MutexHandle) => {
    const mutex = runtime.attachMutex(handle);
    return {
      unlock: codeOf(() => mutex.unlock()),
      release: codeOf(() => mutex.release()),
      tryLock: mutex.tryLock() === undefined,
      lockTimeout: mutex.lockTimeout(1) === undefined,
    };
  },

  /** What the owner gets to hear. */
  relock: (runtime, handle: MutexHandle) => {
    const mutex = runtime.attachMutex(handle);
    using _guard = mutex.lock();
    return {
      lock: codeOf(() => mutex.lock()),
      tryLock: codeOf(() => mutex.tryLock()),
      lockTimeout: codeOf(() => mutex.lockTimeout(1)),
      release: codeOf(() => mutex.release()),
    };
  },
});
