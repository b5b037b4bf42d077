// Thread bodies for condvar_test.ts. Each runs on a thread of its own.

import type {
  Condvar,
  CondvarHandle,
  Mutex,
  MutexHandle,
  Runtime,
} from "../../mod.ts";
import { bodies } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** Words that the mutex guards. All accesses are plain. */
export const WAITING = 0;
export const TOKENS = 1;
export const WAKES = 2;
export const CLOSED = 3;
export const TURN = 0;

/** A buffer of items that the mutex guards: a ring, as plain words. */
export const ROOM = 3;
const FIRST = 0;
const SIZE = 1;
const ITEMS = 2;
export const BUFFER_WORDS: number = ITEMS + ROOM;

/** What threads share. */
export interface Shared {
  mutex: MutexHandle;
  condvar: CondvarHandle;
  words: Words;
}

/** A bounded buffer, with a condvar for each side. */
export interface SharedBuffer {
  mutex: MutexHandle;
  notEmpty: CondvarHandle;
  notFull: CondvarHandle;
  words: Words;
}

const HOUR = 3_600_000;
const TINY = 0.05;

/** A way to wait. It may wake in vain. */
type Wait = (condvar: Condvar, mutex: Mutex) => unknown;

const WAITS: Record<string, Wait> = {
  "wait": (condvar, mutex) => condvar.wait(mutex),
  "waitTimeout, long": (condvar, mutex) => condvar.waitTimeout(mutex, HOUR),
  "waitTimeout, short": (condvar, mutex) => condvar.waitTimeout(mutex, TINY),
};

function attach(runtime: Runtime, { mutex, condvar }: Shared) {
  return {
    mutex: runtime.attachMutex(mutex),
    condvar: runtime.attachCondvar(condvar),
  };
}

/** Waits for room, and puts an item into the buffer. */
function put(
  { words, mutex, notEmpty, notFull }: ReturnType<typeof attachBuffer>,
  item: number,
  wait: Wait,
): void {
  using _guard = mutex.lock();
  while (words[SIZE] === ROOM) wait(notFull, mutex);
  words[ITEMS + (words[FIRST]! + words[SIZE]!) % ROOM] = item;
  words[SIZE]!++;
  notEmpty.notifyOne();
}

function attachBuffer(runtime: Runtime, buffer: SharedBuffer) {
  return {
    words: buffer.words,
    mutex: runtime.attachMutex(buffer.mutex),
    notEmpty: runtime.attachCondvar(buffer.notEmpty),
    notFull: runtime.attachCondvar(buffer.notFull),
  };
}

/** Puts an item into the buffer that ends a consumer, for each of them. */
export function close(
  runtime: Runtime,
  shared: SharedBuffer,
  consumers: number,
): void {
  const buffer = attachBuffer(runtime, shared);
  for (let place = 0; place < consumers; place++) {
    put(buffer, -1, WAITS["wait"]!);
  }
}

export default bodies({
  /** Takes token after token until closed. Returns how many it got. */
  takeTokens: (runtime, { way, ...shared }: Shared & { way: string }) => {
    const { mutex, condvar } = attach(runtime, shared);
    const { words } = shared;
    let taken = 0;
    using _guard = mutex.lock();
    for (;;) {
      words[WAITING]!++;
      while (words[TOKENS] === 0 && words[CLOSED] === 0) {
        WAITS[way]!(condvar, mutex);
        words[WAKES]!++;
      }
      words[WAITING]!--;
      if (words[TOKENS] === 0) return taken;
      words[TOKENS]!--;
      taken++;
    }
  },

  /** Waits once. Returns what the wait did, and whether it has the mutex. */
  waitOnce: (
    runtime,
    { timeout, ...shared }: Shared & { timeout: number },
  ) => {
    const { mutex, condvar } = attach(runtime, shared);
    const { words } = shared;
    mutex.lock();
    words[WAITING]!++;
    const isWoken = condvar.waitTimeout(mutex, timeout);
    words[WAITING]!--;
    // It throws if it does not hold the mutex.
    mutex.unlock();
    return isWoken;
  },

  /** Two of these take turns. Returns how many it had. */
  takeTurns: (
    runtime,
    { parity, turns, way, ...shared }: Shared & {
      parity: number;
      turns: number;
      way: string;
    },
  ) => {
    const { mutex, condvar } = attach(runtime, shared);
    const { words } = shared;
    let had = 0;
    using _guard = mutex.lock();
    for (;;) {
      while (words[TURN]! < turns && words[TURN]! % 2 !== parity) {
        WAITS[way]!(condvar, mutex);
      }
      if (words[TURN]! >= turns) break;
      words[TURN]!++;
      had++;
      condvar.notifyOne();
    }
    return had;
  },

  /** Puts items of its own into the buffer. */
  produce: (
    runtime,
    { buffer, from, items, way }: {
      buffer: SharedBuffer;
      from: number;
      items: number;
      way: string;
    },
  ) => {
    const attached = attachBuffer(runtime, buffer);
    for (let item = from; item < from + items; item++) {
      put(attached, item, WAITS[way]!);
    }
  },

  /** Takes items out of the buffer, until it gets -1. Returns them in order. */
  consume: (
    runtime,
    { buffer, way }: { buffer: SharedBuffer; way: string },
  ): Int32Array => {
    const { words, mutex, notEmpty, notFull } = attachBuffer(runtime, buffer);
    const items: number[] = [];
    for (;;) {
      using _guard = mutex.lock();
      while (words[SIZE] === 0) WAITS[way]!(notEmpty, mutex);
      const item = words[ITEMS + words[FIRST]!]!;
      words[FIRST] = (words[FIRST]! + 1) % ROOM;
      words[SIZE]!--;
      notFull.notifyOne();
      if (item < 0) return new Int32Array(items);
      items.push(item);
    }
  },
});
