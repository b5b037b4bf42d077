// Threads for token_test.ts.

import {
  LaybyError,
  type ParkerHandle,
  type ParkResult,
  type Runtime,
} from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { bodies, isParked, publish, waitWhile } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** Milliseconds. Some of them are over before anybody unparks, some are not. */
const TIMEOUTS = [0.02, 0.5, 5, 0, 1, 0.1];

/** Every so many unparks, one comes when the owner is parked. */
const PARKED_EVERY = 8;

function untilParkedBlocking(runtime: Runtime, handle: ParkerHandle): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  // Lets the owner have the core; it parks again until it is told to stop.
  while (!isParked(runtime, handle)) Atomics.wait(pause, 0, 0, 0.02);
}

export default bodies({
  /** Parks in all manners until the first word is set. Counts the results. */
  async parkUntilSet(
    runtime,
    { handle, words, yields }: {
      handle: ParkerHandle;
      words: Words;
      yields: boolean;
    },
  ) {
    const parker = runtime.adopt(handle);
    const counts: Record<ParkResult, number> = {
      "unparked": 0,
      "timed-out": 0,
      "driver": 0,
      "shutdown": 0,
    };
    for (let round = 0; Atomics.load(words, 0) === 0; round++) {
      const timeout = TIMEOUTS[round % TIMEOUTS.length]!;
      const result = yields
        ? await parker.parkAsync({ timeout })
        : parker.parkTimeout(timeout);
      counts[result]++;
    }
    return counts;
  },

  /** Unparks many times: as fast as it can, and when the owner is parked. */
  unparkMany(runtime, { handle, count }: {
    handle: ParkerHandle;
    count: number;
  }) {
    const unparker = runtime.unparker(handle);
    for (let round = 0; round < count; round++) {
      if (round % PARKED_EVERY === 0) untilParkedBlocking(runtime, handle);
      unparker.unpark();
    }
  },

  /** Unparks once, together with the other threads that wait for the word. */
  unparkAtOnce(runtime, { handle, words }: {
    handle: ParkerHandle;
    words: Words;
  }) {
    Atomics.add(words, 1, 1);
    waitWhile(words, 0, 0);
    runtime.unparker(handle).unpark();
  },

  /** Writes 1, 2, 3, … without atomics, and unparks after each. */
  writeAndUnpark(runtime, { handle, words, index, count }: {
    handle: ParkerHandle;
    words: Words;
    index: number;
    count: number;
  }) {
    const unparker = runtime.unparker(handle);
    for (let value = 1; value <= count; value++) {
      words[index] = value;
      unparker.unpark();
    }
  },

  /** Parks until the writes are all there. Returns the last park's result. */
  parkUntilWritten(runtime, { handle, words, count }: {
    handle: ParkerHandle;
    words: Words;
    count: number;
  }) {
    const parker = runtime.adopt(handle);
    for (;;) {
      const result = parker.parkTimeout(15_000);
      if (result !== "unparked") return `${result} at ${words.join(", ")}`;
      if (words.every((value) => value === count)) return "written";
    }
  },

  /** Parks on the core, as whoever has the handle can. Returns the code. */
  parkInCore(runtime, { handle }: { handle: ParkerHandle }) {
    const { exports } = coreOf(runtime);
    return exports.parkerPark(handle.address, handle.claim, Infinity);
  },

  /** Adopts a parker. Returns the code of the error that it may not. */
  adopt(runtime, { handle }: { handle: ParkerHandle }) {
    try {
      runtime.adopt(handle);
      return "adopted";
    } catch (error) {
      return (error as LaybyError).code;
    }
  },

  /** Tells that it has come to an unpark, unparks, and tells that it is past. */
  unparkBetween(runtime, { handle, words }: {
    handle: ParkerHandle;
    words: Words;
  }) {
    publish(words, 0, 1);
    runtime.unparker(handle).unpark();
    publish(words, 0, 2);
  },
});
