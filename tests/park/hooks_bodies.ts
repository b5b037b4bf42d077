// Thread bodies for hooks_test.ts. Each runs on a thread of its own.

import { type LaybyError, type ParkerHandle, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /** Parks once. Returns what the hooks were called with, and the result. */
  park: async (
    runtime,
    { handle, yields }: { handle: ParkerHandle; yields: boolean },
  ) => {
    const calls: string[] = [];
    const parker = runtime.adopt(handle, {
      beforePark: () => calls.push("before"),
      afterUnpark: (result) => calls.push(`after ${result}`),
    });
    const result = yields ? await parker.parkAsync() : parker.park();
    return [...calls, result];
  },

  /** Parks in a runtime that nobody else knows of. */
  parkAlone: () => {
    using runtime = Runtime.create();
    const calls: string[] = [];
    const parker = runtime.parker({
      beforePark: () => calls.push("before"),
      afterUnpark: (result) => calls.push(`after ${result}`),
    });
    try {
      return [...calls, parker.park()];
    } catch (error) {
      return [...calls, (error as LaybyError).code];
    }
  },

  /** Answers each token with one. */
  echo: (
    runtime,
    { mine, theirs, rounds }: {
      mine: ParkerHandle;
      theirs: ParkerHandle;
      rounds: number;
    },
  ) => {
    const parker = runtime.adopt(mine);
    const unparker = runtime.unparker(theirs);
    for (let round = 0; round < rounds; round++) {
      parker.park();
      unparker.unpark();
    }
  },
});
