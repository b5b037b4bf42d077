// Thread bodies for lifetime_test.ts. Each runs on a thread of its own.

import { LaybyError } from "../../mod.ts";
import type { Parker, ParkerHandle, ParkResult, Runtime } from "../../mod.ts";
import { enter } from "../join.ts";
import { bodies } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What `relay` has seen of the parker that passes through it. */
export interface Relayed {
  stored: ParkResult;
  waited: ParkResult;
  handle: ParkerHandle;
}

/** A handle that `adoptAll` got, by its place, and what its park returned. */
export interface Adopted {
  place: number;
  result: ParkResult;
}

/** Words of `unparkLatest`. */
export const CLAIM = 0;
export const STOP = 1;
export const HITS = 2;
export const MISSES = 3;

/** A claim and its address in one number: no two claims have the same. */
function identity({ address, claim }: ParkerHandle): number {
  return claim * 2 ** 24 + address;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof LaybyError && error.code === code;
}

export default bodies({
  park: (runtime, handle: ParkerHandle) => runtime.adopt(handle).park(),

  parkAsync: (runtime, handle: ParkerHandle) =>
    runtime.adopt(handle).parkAsync(),

  /** Takes the token that came along, waits for another, and passes it on. */
  relay: (runtime, handle: ParkerHandle): Relayed => {
    const parker = runtime.adopt(handle);
    const stored = parker.parkDeadline(0);
    const waited = parker.park();
    return { stored, waited, handle: parker.detach() };
  },

  /** Claims a parker, and ends without a release. */
  leave: (runtime) => runtime.parker().handle,

  /** Adopts what no other thread was faster to adopt. */
  adoptAll: (
    runtime,
    { handles, gate, threads }: {
      handles: ParkerHandle[];
      gate: Words;
      threads: number;
    },
  ): Adopted[] => {
    const adopted: Adopted[] = [];
    enter(gate, threads);
    handles.forEach((handle, place) => {
      try {
        const result = runtime.adopt(handle).parkDeadline(0);
        adopted.push({ place, result });
      } catch (error) {
        if (!isCode(error, "two-owners")) throw error;
      }
    });
    return adopted;
  },

  /** Holds one parker after another, and none that another thread holds. */
  claimAndRelease: (
    runtime,
    { rounds, holders, gate, threads }: {
      rounds: number;
      holders: Words;
      gate: Words;
      threads: number;
    },
  ): Float64Array => {
    const claims = new Float64Array(rounds);
    enter(gate, threads);
    for (let round = 0; round < rounds; round++) {
      const parker = runtime.parker();
      const { handle } = parker;
      const holder = handle.address >> 7;
      if (Atomics.exchange(holders, holder, 1) !== 0) {
        throw new Error(`Parker ${handle.address} was claimed twice`);
      }
      runtime.unparker(handle).unpark();
      const result = parker.park();
      if (result !== "unparked") throw new Error(`It returned ${result}`);
      claims[round] = identity(handle);
      Atomics.store(holders, holder, 0);
      parker.release();
    }
    return claims;
  },

  /** Claims until there are none. Returns what it got. */
  claimAll: (
    runtime,
    { gate, threads }: { gate: Words; threads: number },
  ): number[] => {
    const claims: number[] = [];
    enter(gate, threads);
    try {
      for (;;) claims.push(identity(runtime.parker().handle));
    } catch (error) {
      if (!isCode(error, "exhausted")) throw error;
    }
    return claims;
  },

  /** Unparks the parker that was last published, until told to stop. */
  unparkLatest: (
    runtime,
    { handle, words }: { handle: ParkerHandle; words: Words },
  ) => {
    while (Atomics.load(words, STOP) === 0) {
      const claim = Atomics.load(words, CLAIM);
      const unparker = unparkerOf(runtime, { ...handle, claim });
      for (let unparks = 0; unparks < 20; unparks++) {
        const hit = unparker?.unpark() ?? false;
        Atomics.add(words, hit ? HITS : MISSES, 1);
      }
    }
  },
});

function unparkerOf(runtime: Runtime, handle: ParkerHandle) {
  try {
    return runtime.unparker(handle);
  } catch (error) {
    if (isCode(error, "stale-handle")) return undefined;
    throw error;
  }
}

/** Whether there is a token. Takes it. */
export function take(parker: Parker): boolean {
  return parker.parkDeadline(0) === "unparked";
}
