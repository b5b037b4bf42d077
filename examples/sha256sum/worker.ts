// A worker: hashes one file after another, and parks when there is none.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { ParkerHandle, Runtime } from "../../mod.ts";
import { reason } from "./format.ts";
import { WorkArea } from "./work_area.ts";

/** What a worker is started with. */
export interface WorkerStart {
  readonly worker: number;
  readonly workers: number;
  readonly memory: SharedArrayBuffer;
  /** The worker's parker, which the main thread has claimed and detached. */
  readonly parker: ParkerHandle;
  /** The parker of the main thread. */
  readonly main: ParkerHandle;
}

/** Files after which the main thread is woken to collect, and publish more. */
const BATCH = 64;

/** Small enough to stay in a core's cache between the read and the hash. */
const CHUNK_BYTES = 256 * 1024;

// A FIFO that took a file's place must not block. Windows has neither.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Works until the runtime is shut down. */
export default function work(runtime: Runtime, start: WorkerStart): void {
  const area = new WorkArea(start.workers, start.memory);
  const main = runtime.unparker(start.main);
  const chunk = new Uint8Array(CHUNK_BYTES);
  using parker = runtime.adopt(start.parker);
  while (!runtime.isShutdown) {
    const index = area.take();
    if (index !== undefined) {
      hashSlot(runtime, area, index, chunk);
      if ((index + 1) % BATCH === 0) main.unpark();
      continue;
    }
    // Whoever publishes after this look at the work finds the mark, and unparks.
    area.setIdle(start.worker, true);
    if (area.hasWork) {
      area.setIdle(start.worker, false);
      continue;
    }
    main.unpark();
    parker.park();
  }
}

function hashSlot(
  runtime: Runtime,
  area: WorkArea,
  index: number,
  chunk: Uint8Array,
): void {
  try {
    area.finish(index, hashFile(runtime, area, area.read(index), chunk));
  } catch (error) {
    area.fail(index, reason(error));
  }
}

function hashFile(
  runtime: Runtime,
  area: WorkArea,
  path: Uint8Array<ArrayBuffer>,
  chunk: Uint8Array,
): Uint8Array {
  const file = openSync(Buffer.from(path), FLAGS);
  try {
    if (!fstatSync(file).isFile()) throw new Error("not a regular file");
    const hash = createHash("sha256");
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, null);
      if (count === 0) return hash.digest();
      hash.update(chunk.subarray(0, count));
      area.addBytes(count);
      if (runtime.isShutdown) throw new Error("shut down");
    }
  } finally {
    closeSync(file);
  }
}
