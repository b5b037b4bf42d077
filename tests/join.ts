// Has the threads of a test begin together, and waits for them to end.

import type { Thread } from "../mod.ts";
import { outcome } from "./threads.ts";

/** Resolves to what the threads returned, when all of them have ended. */
export function join(...threads: Thread[]): Promise<unknown[]> {
  return Promise.all(threads.map(outcome));
}

/** Blocks until so many threads have come to the gate: two words of zero. */
export function enter(
  gate: Int32Array<SharedArrayBuffer>,
  threads: number,
): void {
  if (Atomics.add(gate, 0, 1) === threads - 1) {
    Atomics.store(gate, 1, 1);
    Atomics.notify(gate, 1);
  }
  while (Atomics.load(gate, 1) === 0) Atomics.wait(gate, 1, 0);
}
