// What runs on the workers: hashing files, a batch of them at a time.

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { worker } from "../../task.ts";
import { toBytes } from "./files.ts";
import { reason } from "./format.ts";

/** What came of a file. */
export type Hashed =
  | { readonly digest: string; readonly bytes: number }
  | { readonly error: string };

/** What the pool gives to its workers: a count of bytes, in 64 bits. */
export interface Shared {
  readonly hashedBytes: SharedArrayBuffer;
}

/** Small enough to stay in a core's cache between the read and the hash. */
const CHUNK_BYTES = 256 * 1024;

// A FIFO that took a file's place must not block. Windows has neither.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const chunk = new Uint8Array(CHUNK_BYTES);

/**
 * Hashes files, in their order.
 *
 * @param paths With a character for each byte.
 */
export function hash(paths: readonly string[]): Hashed[] {
  const { hashedBytes } = worker.data as Shared;
  const count = new BigInt64Array(hashedBytes);
  return paths.map((path) => {
    try {
      return hashFile(path, count);
    } catch (error) {
      return { error: reason(error) };
    }
  });
}

function hashFile(path: string, count: BigInt64Array): Hashed {
  const file = openSync(toBytes(path), FLAGS);
  try {
    if (!fstatSync(file).isFile()) throw new Error("not a regular file");
    const hash = createHash("sha256");
    for (let bytes = 0;;) {
      const length = readSync(file, chunk, 0, chunk.length, null);
      if (length === 0) return { digest: hash.digest("hex"), bytes };
      hash.update(chunk.subarray(0, length));
      bytes += length;
      Atomics.add(count, 0, BigInt(length));
      // Nobody reads the output any more.
      if (worker.isCancelled) throw new Error("cancelled");
    }
  } finally {
    closeSync(file);
  }
}
