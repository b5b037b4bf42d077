// How tasks meet the test that has called them: by words of `worker.data`, which
// is shared.

import { setTimeout } from "node:timers";
import { worker } from "../../../task.ts";

/** What each pool of these tests has as its `data`. */
export interface Shared {
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** The word that ends what would go on until the process ends, on Deno. */
export const OVER = 255;

export function words(): Int32Array<SharedArrayBuffer> {
  return (worker.data as Shared).words;
}

/** Adds one to a word, and wakes those who wait for it. */
export function arrive(at: number): void {
  Atomics.add(words(), at, 1);
  Atomics.notify(words(), at);
}

export function publish(at: number, value: number): void {
  Atomics.store(words(), at, value);
  Atomics.notify(words(), at);
}

export function waitFor(at: number): void {
  while (Atomics.load(words(), at) === 0) Atomics.wait(words(), at, 0);
}

export async function waitLater(at: number): Promise<void> {
  while (Atomics.load(words(), at) === 0) await pause(1);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
