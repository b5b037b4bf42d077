// The memory that the main thread and the workers share: a ring of slots, each
// for one file. The main thread publishes a path in the next slot; a worker
// takes it, and leaves the digest or an error in its place; the main thread
// collects the slots in the order in which it published them.

import { Buffer } from "node:buffer";

/** A digest, in hexadecimal, or why there is none. */
export type Result =
  | { readonly digest: string }
  | { readonly error: string };

/** Files that are published and not yet collected, at most. */
const SLOTS = 1024;

/** Longest path, as on Linux. */
export const MAX_PATH_BYTES = 4096;

// A slot: state, length, then a path, a digest or a message.
const SLOT_WORDS = 2 + MAX_PATH_BYTES / 4;
const PUBLISHED = 0;
const HASHED = 1;
const FAILED = 2;

// The words before the slots: two counts of files that only grow, one of bytes
// in 64 bits, and for each worker whether it is idle.
const PUBLISHED_COUNT = 0;
const TAKEN_COUNT = 1;
const BYTES = 1;
const FIRST_WORKER = 4;

/** One thread's view of the shared memory. */
export class WorkArea {
  /** What other threads construct theirs from. */
  readonly memory: SharedArrayBuffer;
  readonly #workers: number;
  readonly #words: Int32Array;
  readonly #longs: BigInt64Array;
  /** Used by the main thread only. */
  #collected = 0;

  constructor(
    workers: number,
    memory: SharedArrayBuffer = new SharedArrayBuffer(
      8 * Math.ceil((FIRST_WORKER + workers + SLOTS * SLOT_WORDS) / 2),
    ),
  ) {
    this.memory = memory;
    this.#workers = workers;
    this.#words = new Int32Array(memory);
    this.#longs = new BigInt64Array(memory);
  }

  /** Bytes hashed so far. */
  get bytes(): number {
    return Number(Atomics.load(this.#longs, BYTES));
  }

  /** Files collected so far. */
  get collected(): number {
    return this.#collected;
  }

  /** Whether there is a file to take. */
  get hasWork(): boolean {
    return Atomics.load(this.#words, TAKEN_COUNT) <
      Atomics.load(this.#words, PUBLISHED_COUNT);
  }

  /** Publishes a file, if a slot is free. For the main thread. */
  publish(path: Uint8Array): boolean {
    const count = Atomics.load(this.#words, PUBLISHED_COUNT);
    if (count - this.#collected === SLOTS) return false;
    this.#fill(count, PUBLISHED, path);
    Atomics.store(this.#words, PUBLISHED_COUNT, count + 1);
    return true;
  }

  /** The result of the next file, if it is there. For the main thread. */
  collect(): Result | undefined {
    const words = this.#words;
    if (this.#collected === Atomics.load(words, PUBLISHED_COUNT)) return;
    const state = Atomics.load(words, this.#slot(this.#collected));
    if (state === PUBLISHED) return;
    const bytes = Buffer.from(this.read(this.#collected));
    this.#collected++;
    return state === HASHED
      ? { digest: bytes.toString("hex") }
      : { error: bytes.toString() };
  }

  /** Takes the next file, if there is one. For workers. */
  take(): number | undefined {
    const words = this.#words;
    let next = Atomics.load(words, TAKEN_COUNT);
    while (next < Atomics.load(words, PUBLISHED_COUNT)) {
      const seen = Atomics.compareExchange(words, TAKEN_COUNT, next, next + 1);
      if (seen === next) return next;
      next = seen;
    }
    return undefined;
  }

  /** What is in a slot: the path, for the worker that took it. */
  read(index: number): Uint8Array<ArrayBuffer> {
    const slot = this.#slot(index);
    const length = this.#words[slot + 1]!;
    return new Uint8Array(this.memory, 4 * (slot + 2), length).slice();
  }

  /** Leaves a digest. For the worker that took the file. */
  finish(index: number, digest: Uint8Array): void {
    this.#fill(index, HASHED, digest);
  }

  /** Leaves a message. For the worker that took the file. */
  fail(index: number, message: string): void {
    const bytes = Buffer.from(message).subarray(0, MAX_PATH_BYTES);
    this.#fill(index, FAILED, bytes);
  }

  /** Counts bytes that were hashed. */
  addBytes(count: number): void {
    Atomics.add(this.#longs, BYTES, BigInt(count));
  }

  /** Marks a worker as idle, or not: one that is looks for work, then parks. */
  setIdle(worker: number, idle: boolean): void {
    Atomics.store(this.#words, FIRST_WORKER + worker, idle ? 1 : 0);
  }

  /** Whether all workers are idle. */
  get isIdle(): boolean {
    for (let worker = 0; worker < this.#workers; worker++) {
      if (Atomics.load(this.#words, FIRST_WORKER + worker) === 0) return false;
    }
    return true;
  }

  /** Finds idle workers, so many at most, and marks them as not idle. */
  *claimIdle(count: number): Generator<number> {
    for (let worker = 0; worker < this.#workers && count > 0; worker++) {
      const word = FIRST_WORKER + worker;
      if (Atomics.exchange(this.#words, word, 0) === 0) continue;
      count--;
      yield worker;
    }
  }

  #slot(index: number): number {
    return FIRST_WORKER + this.#workers + (index % SLOTS) * SLOT_WORDS;
  }

  /** Writes what others read when they have seen the state, or the count. */
  #fill(index: number, state: number, bytes: Uint8Array): void {
    const slot = this.#slot(index);
    new Uint8Array(this.memory, 4 * (slot + 2)).set(bytes);
    this.#words[slot + 1] = bytes.length;
    Atomics.store(this.#words, slot, state);
  }
}
