// Threads that own a parker, and say how its parks ended.

import type { Parker, ParkerHandle, ParkResult, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { Sleep } from "./sleeps.ts";

interface Owner {
  handle: ParkerHandle;
  /** Parks that yield, or parks that block. */
  yields?: Sleep["yields"];
  /** Parks. One if it is not given. */
  count?: number;
  /** In milliseconds. */
  timeout?: number;
  /** In place of `count` and `timeout`: a park for each. */
  timeouts?: number[];
  /** Whose first word is read after the last park. */
  words?: Int32Array<SharedArrayBuffer>;
}

interface Ended {
  result: ParkResult;
  /** Whether the clock had not come to the end of the timeout. */
  early: boolean;
}

async function parkOnce(
  runtime: Runtime,
  parker: Parker,
  { yields = false, timeout = Infinity }: Owner,
): Promise<Ended> {
  const due = runtime.now() + timeout;
  const result = yields
    ? await parker.parkAsync({ timeout })
    : parker.parkTimeout(timeout);
  return { result, early: runtime.now() < due };
}

export default bodies({
  /** Parks, again and again. */
  async park(runtime, owner: Owner) {
    const parker = runtime.adopt(owner.handle);
    const { count = 1, timeout = Infinity } = owner;
    const { timeouts = Array.from({ length: count }, () => timeout) } = owner;
    const ends: Ended[] = [];
    for (const timeout of timeouts) {
      ends.push(await parkOnce(runtime, parker, { ...owner, timeout }));
    }
    return {
      results: ends.map(({ result }) => result),
      early: ends.some(({ early }) => early),
      seen: owner.words?.[0],
      counters: parker.counters,
    };
  },

  /** Answers each token with an unpark. Says how many rounds were lost. */
  async pingPong(
    runtime,
    { other, rounds, opens, ...owner }: Owner & {
      other: ParkerHandle;
      rounds: number;
      opens: boolean;
    },
  ) {
    const parker = runtime.adopt(owner.handle);
    const peer = runtime.unparker(other);
    const timed = { timeout: 15_000, ...owner };
    if (opens) peer.unpark();
    for (let round = 0; round < rounds; round++) {
      const { result } = await parkOnce(runtime, parker, timed);
      if (result !== "unparked") return rounds - round;
      if (!opens || round < rounds - 1) peer.unpark();
    }
    return 0;
  },
});
