// The part of the shared heap that one thread fills: chunk after chunk, and a
// row of chunks for what is larger than one.

import { CHUNK_BYTES } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { growMemory } from "../core/module.ts";
import { ExhaustedError } from "../errors.ts";

/** Pages by which the memory grows at least: 1 MiB. */
const GROWTH = 16;
/** So that numbers in a piece are aligned. */
const ALIGNMENT = 8;

/** The error for a value for which there are not enough chunks. */
export function outOfMemory(chunks: number): ExhaustedError {
  return new ExhaustedError(
    "place for a value in the pool's memory",
    chunks,
    "start the pool with more memory",
  );
}

/** What one thread puts into shared memory. */
export class Heap {
  readonly #local: Local;
  readonly #start: number;
  readonly #chunks: number;
  /** Those of them that there are so far. */
  #limit: number;
  /** The chunk that is being filled; -1 if there is none. */
  #chunk = -1;
  #used = 0;
  #pieces = 0;

  /**
   * @param start Where the heap begins, in bytes.
   * @param chunks How many of the chunks that there can be it may use: the first
   * ones.
   */
  constructor(local: Local, start: number, chunks: number) {
    this.#local = local;
    this.#start = start;
    this.#chunks = chunks;
    this.#limit = this.#countChunks(0);
  }

  /**
   * Takes so many bytes. Returns their address.
   *
   * @throws {ExhaustedError} If there is no more memory.
   */
  allocate(size: number): number {
    const bytes = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    if (bytes > CHUNK_BYTES) return this.#allocateRow(bytes);
    if (this.#chunk < 0 || this.#used + bytes > CHUNK_BYTES) {
      this.#seal();
      this.#chunk = this.#claim(1);
    }
    const address = this.#start + this.#chunk * CHUNK_BYTES + this.#used;
    this.#used += bytes;
    this.#pieces++;
    return address;
  }

  /** Gives bytes back: those of this thread, or what another has put there. */
  free(address: number): void {
    if (address !== 0) this.#local.core.chunkFree(address);
  }

  #seal(): void {
    if (this.#chunk < 0) return;
    this.#local.core.chunkSeal(this.#chunk, this.#pieces);
    this.#chunk = -1;
    this.#used = 0;
    this.#pieces = 0;
  }

  #allocateRow(bytes: number): number {
    const first = this.#claim(Math.ceil(bytes / CHUNK_BYTES));
    this.#local.core.chunkSeal(first, 1);
    return this.#start + first * CHUNK_BYTES;
  }

  #claim(count: number): number {
    const { core, thread } = this.#local;
    for (;;) {
      const first = core.chunksClaim(thread, count, this.#limit);
      if (first >= 0) return first;
      const before = this.#limit;
      this.#limit = this.#countChunks(Math.max(count, GROWTH));
      if (this.#limit === before) {
        throw outOfMemory(this.#chunks);
      }
    }
  }

  /** Chunks that there are, after growing by so many, or as many as can be. */
  #countChunks(by: number): number {
    const { handle } = this.#local;
    const most = this.#chunks;
    let count = this.#chunksIn(growMemory(handle, 0));
    // Others may have grown it meanwhile.
    if (by > 0 && count === this.#limit && count < most) {
      count = this.#chunksIn(growMemory(handle, Math.min(by, most - count)));
    }
    return Math.min(count, most);
  }

  #chunksIn(bytes: number): number {
    return Math.floor((bytes - this.#start) / CHUNK_BYTES);
  }
}
