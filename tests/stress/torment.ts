// What a tormentor does: wakes whoever sleeps, for no reason.

import type { Runtime } from "../../mod.ts";
import { bunHost } from "../../src/hosts/bun.ts";
import { bellOf, coreOf } from "../cores.ts";
import type { Orders } from "./harness.ts";
import { Random } from "./random.ts";

/** What a tormentor is told. */
export interface Torment extends Orders {
  /** The addresses of the parkers to torment. */
  readonly addresses: readonly number[];
  /** Whether threads sleep by futex. */
  readonly byFutex: boolean;
  /** Its first word is not 0 when it is to end. */
  readonly end: Int32Array<SharedArrayBuffer>;
}

const BURST = 32;
/** Milliseconds between two bursts, at most. */
const PAUSE = 0.5;

/** Wakes sleepers on state words, doorbells and the bell until told to end. */
export function torment(
  runtime: Runtime,
  { addresses, byFutex, end, seed }: Torment,
): number {
  const random = new Random(seed);
  const core = coreOf(runtime);
  const { words } = core;
  const futex = byFutex ? bunHost.futex(words.buffer) : undefined;
  let wakes = 0;
  const wake = (word: number) => {
    wakes += Atomics.notify(words, word);
    if (typeof futex === "object") futex.wake(4 * word);
  };
  const bells = [
    () => random.pick(addresses) >> 2,
    () => core.exports.parkerDoorbell(random.pick(addresses)) >> 2,
    () => bellOf(core),
  ];
  while (Atomics.load(end, 0) === 0 && !runtime.isShutdown) {
    const burst = random.index(BURST);
    for (let left = burst; left > 0; left--) wake(random.pick(bells)());
    // Other threads want the processor too.
    Atomics.wait(end, 0, 0, random.below(PAUSE));
  }
  return wakes;
}
