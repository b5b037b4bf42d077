// The ways in which an owner sleeps, for tests of what all have in common.

import {
  type DriverName,
  type ParkerHandle,
  Runtime,
  type WaitName,
} from "../../mod.ts";
import {
  PARKED_CONDVAR,
  PARKED_DRIVER,
} from "../../src/core/core.generated.ts";
import { bunHost } from "../../src/hosts/bun.ts";
import { bellOf, type Core, doorbellOf } from "../cores.ts";

/** One way to sleep. */
export interface Sleep {
  /** Completes "a parker that sleeps …". */
  readonly where: string;
  /** How the runtime is created for it. */
  readonly options: { readonly driver: DriverName; readonly wait: WaitName };
  /** Whether it yields to the event loop, and does not block. */
  readonly yields: boolean;
  /** What the state word says of it. */
  readonly state: number;
  /** The index of the word that the owner sleeps on. */
  word(core: Core, handle: ParkerHandle): number;
}

function sleepsBy(wait: WaitName, by: string): Sleep[] {
  return [
    {
      where: `in the driver${by}`,
      options: { driver: "time", wait },
      yields: false,
      state: PARKED_DRIVER,
      word: bellOf,
    },
    {
      where: `on its state word${by}`,
      options: { driver: "event-loop", wait },
      yields: false,
      state: PARKED_CONDVAR,
      word: (_, { address }) => address >> 2,
    },
    {
      where: `in its event loop${by}`,
      options: { driver: "time", wait },
      yields: true,
      state: PARKED_DRIVER,
      word: doorbellOf,
    },
  ];
}

function hasFutex(): boolean {
  try {
    Runtime.create({ wait: "futex" }).shutdown();
    return true;
  } catch {
    return false;
  }
}

/** How threads can sleep on this host. */
export const WAITS: readonly WaitName[] = hasFutex()
  ? ["wasm", "futex"]
  : ["wasm"];

/** All ways to sleep that this host has. */
export const SLEEPS: readonly Sleep[] = WAITS.flatMap((wait) =>
  sleepsBy(wait, wait === "wasm" ? "" : ", by futex")
);

/** Wakes whoever sleeps on a word, for no reason. */
export class Nudge {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #futex: ReturnType<typeof bunHost.futex> | undefined;

  /** A nudge for those who sleep in the memory of a runtime. */
  constructor({ words }: Core, { options, yields }: Sleep) {
    this.#words = words;
    if (options.wait === "futex" && !yields) {
      this.#futex = bunHost.futex(words.buffer);
    }
  }

  /** Returns whether somebody slept there; of a futex that is not known. */
  at(word: number): boolean {
    if (this.#futex === undefined || typeof this.#futex === "string") {
      return Atomics.notify(this.#words, word) > 0;
    }
    this.#futex.wake(4 * word);
    return true;
  }
}
