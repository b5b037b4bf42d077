// Thread bodies for lifetime_test.ts. Each runs on a thread of its own.

import { LaybyError } from "../../mod.ts";
import type { Parker, ParkerHandle, ParkResult, Runtime } from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { meet } from "../join.ts";
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

/** Where threads that claim at the same time meet. */
interface Claims {
  gate: Words;
  threads: number;
}

type ParkerPlace = Pick<ParkerHandle, "address" | "claim">;

/** Threads run apart: so they meet again after so many rounds. */
const APART = 100;
/** Claims between two meetings. */
const BURST = 16;

/** Lets those go on who wait for this thread, and returns the claims. */
function leave(gate: Words, claims: number[]): number[] {
  Atomics.add(gate, 0, 1 << 20);
  Atomics.notify(gate, 0);
  return claims;
}

/** A claim and its address in one number: no two claims have the same. */
function identity({ address, claim }: ParkerPlace): number {
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
    for (const [place, handle] of handles.entries()) {
      meet(gate, threads, place);
      try {
        const result = runtime.adopt(handle).parkDeadline(0);
        adopted.push({ place, result });
      } catch (error) {
        if (!isCode(error, "two-owners")) throw error;
      }
    }
    return adopted;
  },

  /** Holds parkers that no other thread holds, two at a time. */
  claimAndRelease: (
    runtime,
    { rounds, holders, gate, threads }: Claims & {
      rounds: number;
      holders: Words;
    },
  ): Float64Array => {
    // By the core: what is between the claims makes them meet less often.
    const { exports } = coreOf(runtime);
    const claims = new Float64Array(2 * rounds);
    const claim = (place: number): ParkerPlace => {
      const address = exports.parkerClaim(1);
      const claim = exports.parkerBase(address);
      if (Atomics.exchange(holders, address >> 7, 1) !== 0) {
        throw new Error(`Parker ${address} was claimed twice`);
      }
      claims[place] = identity({ address, claim });
      return { address, claim };
    };
    const release = ({ address, claim }: ParkerPlace): void => {
      Atomics.store(holders, address >> 7, 0);
      exports.parkerRelease(address, claim);
    };
    for (let round = 0; round < rounds; round++) {
      if (round % APART === 0) meet(gate, threads, round / APART);
      const first = claim(2 * round);
      const second = claim(2 * round + 1);
      release(first);
      release(second);
    }
    return claims;
  },

  /** Claims until there are none. Returns what it got. */
  claimAll: (runtime, { gate, threads }: Claims): number[] => {
    const claims: number[] = [];
    const { exports } = coreOf(runtime);
    for (let round = 0;; round++) {
      meet(gate, threads, round);
      for (let burst = 0; burst < BURST; burst++) {
        const address = exports.parkerClaim(1);
        if (address === 0) return leave(gate, claims);
        claims.push(identity({ address, claim: exports.parkerBase(address) }));
      }
    }
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
