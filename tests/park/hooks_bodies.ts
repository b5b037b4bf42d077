// Thread bodies for hooks_test.ts. Each runs on a thread of its own.

import type { ParkerHandle } from "../../mod.ts";
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
