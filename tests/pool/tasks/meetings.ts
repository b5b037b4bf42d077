// Tasks that come to a word, and that wait for one.

import { worker } from "../../../task.ts";
import { arrive, waitFor, waitLater, words } from "./words.ts";

/** Comes to a word, and blocks until the next one is set. */
export function hold(at: number): number {
  arrive(at);
  waitFor(at + 1);
  return worker.index;
}

/** As `hold()`, in the event loop. */
export async function holdLater(at: number): Promise<number> {
  arrive(at);
  await waitLater(at + 1);
  return worker.index;
}

/** Returns 0 at once. Others come to a word, and wait for the next one. */
export async function holdAfter(n: number): Promise<number> {
  if (n === 0) return n;
  arrive(4);
  await waitLater(5);
  return n;
}

/** Counts its runs. */
export function count(at: number): void {
  arrive(at);
}

/** Says at which place it came, counted in a word. */
export function place(at: number): number {
  return Atomics.add(words(), at, 1);
}
