// Thread bodies for thread_test.ts. Each runs on a thread of its own.

import process from "node:process";
import type { ParkerHandle } from "../mod.ts";
import { bodies, run } from "./threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** An error with a name of its own. */
class SlippedError extends Error {
  override readonly name = "SlippedError";
}

export default bodies({
  echo: (_runtime, data) => data,

  park: (runtime, handle: ParkerHandle) => runtime.adopt(handle).park(),

  claim: (runtime) => runtime.parker().handle,

  parkAsync: (runtime, handle: ParkerHandle) =>
    runtime.adopt(handle).parkAsync(),

  unpark: (runtime, handle: ParkerHandle) => runtime.unparker(handle).unpark(),

  /** Two of these unpark each other in turn. Returns the rounds it made. */
  pingPong: (
    runtime,
    { mine, theirs, serves, rounds }: {
      mine: ParkerHandle;
      theirs: ParkerHandle;
      serves: boolean;
      rounds: number;
    },
  ) => {
    const parker = runtime.adopt(mine);
    const unparker = runtime.unparker(theirs);
    let round = 0;
    for (; round < rounds; round++) {
      if (serves) unparker.unpark();
      if (parker.park() !== "unparked") break;
      if (!serves) unparker.unpark();
    }
    return round;
  },

  /** A thread in a thread in a thread. */
  nest: async (runtime, depth: number): Promise<number> => {
    if (depth === 0) return 0;
    const thread = run(runtime, new URL(import.meta.url), "nest", depth - 1);
    const inner = await thread.result as number;
    await thread.exited;
    return inner + 1;
  },

  throwTypeError: () => {
    throw new TypeError("not of this type");
  },
  throwLater: () => Promise.reject(new RangeError("out of this range")),
  throwString: () => {
    throw "no error at all";
  },
  throwFunction: () => {
    throw () => {};
  },
  throwOwnClass: () => {
    throw new SlippedError("on a class of one's own");
  },
  throwLaybyError: (runtime) => {
    const parker = runtime.parker();
    parker.release();
    parker.park();
  },
  throwArgumentError: (runtime) => {
    runtime.parker().parkTimeout(-1);
  },
  returnFunction: () => () => {},
  exit: (_runtime, code: number) => {
    process.exit(code);
  },
  spin: (_runtime, words: Words) => {
    Atomics.store(words, 0, 1);
    // Until the test is over: no terminate() ends a loop on Deno.
    while (Atomics.load(words, 0) === 1);
  },
  idle: (_runtime, words: Words) => {
    Atomics.store(words, 0, 1);
    return new Promise(() => setInterval(() => {}, 1000));
  },
});
