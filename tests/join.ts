// Has the threads of a test begin together, and waits for them to end.

import type { Thread } from "../mod.ts";
import { outcome } from "./threads.ts";

/** Resolves to what the threads returned, when all of them have ended. */
export function join(...threads: Thread[]): Promise<unknown[]> {
  return Promise.all(threads.map(outcome));
}

/** Looks so often before it blocks: others are about to come. */
const SPINS = 5000;

/**
 * Blocks until so many threads have come, so that all go on at the same time.
 *
 * @param gate Counts them. Zero at first.
 * @param round How often they have met at this gate before.
 */
export function meet(
  gate: Int32Array<SharedArrayBuffer>,
  threads: number,
  round = 0,
): void {
  const all = threads * (round + 1);
  Atomics.add(gate, 0, 1);
  Atomics.notify(gate, 0);
  for (let spins = 0;; spins++) {
    const come = Atomics.load(gate, 0);
    if (come >= all) return;
    if (spins >= SPINS) Atomics.wait(gate, 0, come);
  }
}
