// What the web platform has wherever there is one: in browsers, in workerd.

import type { KeepAlive } from "../host.ts";

/** No page or isolate ends because nothing is left to do. */
export const keepAlive: KeepAlive = {
  hold: () => {},
  drop: () => {},
};

/** The clock of `Runtime.now()`. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Whether a wait blocks, rather than throw. */
function probeBlocking(): boolean {
  try {
    // Relaxed: nobody else has this memory, and the word is not what it waits
    // for; the question is whether it throws.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

let probed: boolean | undefined;

/** Whether the calling thread may block. */
export function mayBlock(): boolean {
  return probed ??= probeBlocking();
}

/** As many threads as the browser tells of. */
export function parallelism(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}
