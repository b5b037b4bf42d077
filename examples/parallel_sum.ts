// Threads sum slices of one array, and their asker parks until all are done.

import assert from "node:assert/strict";
import { type ParkerHandle, Runtime } from "../mod.ts";

const THREADS = 4;
const LENGTH = 1_000_000;
const sum = (it: Float64Array) => it.reduce((total, part) => total + part);

interface Slice {
  /** No typed array: Deno's threads take seconds to receive a large one. */
  numbers: SharedArrayBuffer;
  sums: Float64Array;
  pending: Int32Array;
  thread: number;
  asker: ParkerHandle;
}

export default function sumSlice(runtime: Runtime, slice: Slice): void {
  const { numbers, sums, pending, thread, asker } = slice;
  sums[thread] = sum(new Float64Array(numbers, 8 * thread * LENGTH, LENGTH));
  if (Atomics.sub(pending, 0, 1) === 1) runtime.unparker(asker).unpark();
}

if (import.meta.main) {
  using runtime = Runtime.create();
  using parker = runtime.parker();
  const numbers = new SharedArrayBuffer(8 * THREADS * LENGTH);
  const sums = new Float64Array(new SharedArrayBuffer(8 * THREADS));
  const pending = new Int32Array(new SharedArrayBuffer(4)).fill(THREADS);
  new Float64Array(numbers).forEach((_, i, all) => all[i] = i + 1);
  for (let thread = 0; thread < THREADS; thread++) {
    const slice = { numbers, sums, pending, thread, asker: parker.handle };
    runtime.spawn(new URL(import.meta.url), slice);
  }
  while (Atomics.load(pending, 0) > 0) parker.park();
  assert.equal(sum(sums), 8_000_002_000_000);
  console.log(`1 + … + 4000000 = ${sum(sums)}, by ${THREADS} threads`);
}
