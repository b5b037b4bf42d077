// Thread bodies for counters_test.ts. Each runs on a thread of its own.

import type { ParkerCounters, ParkerHandle, ParkResult } from "../../mod.ts";
import { bodies } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What an owner has counted itself. */
export interface Tally {
  results: Record<ParkResult, number>;
  counters: ParkerCounters;
  /** Milliseconds in calls of park. */
  inside: number;
}

/** Milliseconds. Some of them are over before anybody unparks, some are not. */
const TIMEOUTS = [0.05, 0, 1, 0.2, 0];

export default bodies({
  /** Parks once. Returns what it had counted by then. */
  park: async (
    runtime,
    { handle, yields, timeout }: {
      handle: ParkerHandle;
      yields: boolean;
      timeout: number;
    },
  ): Promise<Tally> => {
    const parker = runtime.adopt(handle);
    const results = {
      "unparked": 0,
      "timed-out": 0,
      "driver": 0,
      "shutdown": 0,
    };
    const began = runtime.now();
    const result = yields
      ? await parker.parkAsync({ timeout })
      : parker.parkTimeout(timeout);
    const inside = runtime.now() - began;
    results[result]++;
    return { results, counters: parker.counters, inside };
  },

  /** Parks in many ways until it is told to stop by the first word. */
  parkOn: async (
    runtime,
    { handle, words }: { handle: ParkerHandle; words: Words },
  ): Promise<Tally> => {
    const parker = runtime.adopt(handle);
    const results = {
      "unparked": 0,
      "timed-out": 0,
      "driver": 0,
      "shutdown": 0,
    };
    let inside = 0;
    for (let turn = 0; Atomics.load(words, 0) === 0; turn++) {
      const timeout = TIMEOUTS[turn % TIMEOUTS.length]!;
      const began = runtime.now();
      const result = turn % 3 === 0
        ? await parker.parkAsync({ timeout })
        : parker.parkTimeout(timeout);
      inside += runtime.now() - began;
      results[result]++;
    }
    return { results, counters: parker.counters, inside };
  },

  /** Unparks others in turn until it is told to stop by the first word. */
  unparkOn: (
    runtime,
    { handles, words }: { handles: ParkerHandle[]; words: Words },
  ) => {
    const unparkers = handles.map((handle) => runtime.unparker(handle));
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let turn = 0; Atomics.load(words, 0) === 0; turn++) {
      unparkers[turn % unparkers.length]!.unpark();
      // So that some of the parks find no token, and sleep.
      Atomics.wait(pause, 0, 0, 0.1);
    }
  },
});
