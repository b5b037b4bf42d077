// Anything else, such as a browser or workerd: what the web platform has, and
// errors that say what is missing.

import { UnsupportedError } from "../errors.ts";
import type { Host, KeepAlive } from "../host.ts";

/** No page or isolate ends because nothing is left to do. */
const keepAlive: KeepAlive = {
  hold: () => {},
  drop: () => {},
};

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

let mayBlock: boolean | undefined;

/** Whatever is neither Deno, Bun nor Node. */
export const fallbackHost: Host = {
  name: "fallback",
  hasThreads: false,
  missing: "this host is neither Deno, Bun nor Node",
  get parallelism() {
    return globalThis.navigator?.hardwareConcurrency ?? 1;
  },
  get mayBlock() {
    return mayBlock ??= probeBlocking();
  },
  keepAlive,
  now: () => performance.timeOrigin + performance.now(),
  turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
  spawn: () => {
    throw new UnsupportedError(
      "spawn a thread",
      "Deno, Bun or Node: start the worker yourself and post it runtime.handle",
    );
  },
  receive: () => undefined,
  serializer: undefined,
  loopWork: () => 0,
  asyncContext: () => undefined,
  self: () => undefined,
  futex: () => "Bun on Linux",
};
