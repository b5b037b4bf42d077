// Threads for the tests of drivers, here and in tests/io.

import type { Driver } from "../../src/driver.ts";
import type { ParkerHandle } from "../../mod.ts";
import { SelectorDriver } from "../../src/drivers/selector.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import { bodies } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

interface Owner {
  handle: ParkerHandle;
  words: Words;
}

/** Replaces what both drivers that block do, on this thread. */
function replacePark(
  replace: (park: () => number) => number,
): void {
  for (const { prototype } of [TimeDriver, SelectorDriver]) {
    const { park } = prototype;
    prototype.park = function (this: Driver, timeout: number) {
      return replace(() => park.call(this as never, timeout));
    };
  }
}

export default bodies({
  /** Polls and parks. Returns how often it met another thread in the driver. */
  meetOthers(runtime, { handle, words, rounds }: Owner & { rounds: number }) {
    let met = 0;
    replacePark((park) => {
      if (Atomics.add(words, 0, 1) !== 0) met++;
      try {
        return park();
      } finally {
        Atomics.sub(words, 0, 1);
      }
    });
    const parker = runtime.adopt(handle);
    for (let round = 0; round < rounds; round++) {
      parker.parkTimeout(0);
      parker.parkTimeout(0.01);
    }
    return { met, turns: parker.counters.turns };
  },

  /** Polls until the first word is set. Returns how often. */
  pollUntilSet(runtime, { handle, words }: Owner) {
    const parker = runtime.adopt(handle);
    let polls = 0;
    while (Atomics.load(words, 0) === 0) {
      parker.parkTimeout(0);
      polls++;
    }
    return polls;
  },

  /**
   * Polls once, and is in the driver until the first word is set. The second
   * says that it is there.
   */
  pollAndStay(runtime, { handle, words }: Owner) {
    replacePark((park) => {
      Atomics.store(words, 1, 1);
      for (;;) {
        const served = park();
        if (Atomics.load(words, 0) !== 0) return served;
      }
    });
    return runtime.adopt(handle).parkTimeout(0);
  },
});
