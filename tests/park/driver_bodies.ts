// Threads for driver_test.ts.

import type { ParkerHandle } from "../../mod.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import { bodies } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

export default bodies({
  /** Polls and parks. Returns how often it met another thread in the driver. */
  meetOthers(runtime, { handle, words, rounds }: {
    handle: ParkerHandle;
    words: Words;
    rounds: number;
  }) {
    const { park } = TimeDriver.prototype;
    let met = 0;
    TimeDriver.prototype.park = function (timeout) {
      if (Atomics.add(words, 0, 1) !== 0) met++;
      try {
        return park.call(this, timeout);
      } finally {
        Atomics.sub(words, 0, 1);
      }
    };
    const parker = runtime.adopt(handle);
    for (let round = 0; round < rounds; round++) {
      parker.parkTimeout(0);
      parker.parkTimeout(0.01);
    }
    return { met, turns: parker.counters.turns };
  },

  /** Polls until the first word is set. Returns how often. */
  pollUntilSet(runtime, { handle, words }: {
    handle: ParkerHandle;
    words: Words;
  }) {
    const parker = runtime.adopt(handle);
    let polls = 0;
    while (Atomics.load(words, 0) === 0) {
      parker.parkTimeout(0);
      polls++;
    }
    return polls;
  },
});
