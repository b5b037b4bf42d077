// Threads for driver_test.ts.

import type { ParkerHandle } from "../../mod.ts";
import { SelectorDriver } from "../../src/drivers/selector.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /** Polls and parks. Returns how often it met another thread in the driver. */
  meetOthers(runtime, { handle, words, rounds }: {
    handle: ParkerHandle;
    words: Int32Array<SharedArrayBuffer>;
    rounds: number;
  }) {
    const { park } = SelectorDriver.prototype;
    let met = 0;
    SelectorDriver.prototype.park = function (timeout) {
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
});
