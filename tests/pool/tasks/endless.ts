// Tasks that run until they are cancelled, or for ever.

import { worker } from "../../../task.ts";
import { arrive, OVER, waitFor, words } from "./words.ts";

/** Comes to a word, and runs until it is told to stop. Returns why. */
export function untilCancelled(at: number): string {
  arrive(at);
  while (!worker.isCancelled);
  const { reason } = worker.signal;
  arrive(at + 1);
  return `${reason.name}`;
}

/** As `untilCancelled()`, by the signal alone. */
export async function untilAborted(at: number): Promise<void> {
  const { signal } = worker;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
    arrive(at);
  });
  Atomics.store(words(), at + 2, signal.reason.name === "AbortError" ? 1 : 2);
  arrive(at + 1);
}

/** Whether the signal is aborted at the start, and is another one each time. */
export function freshSignal(at: number): boolean {
  const { signal } = worker;
  if (Atomics.load(words(), at) === 0) {
    arrive(at);
    waitFor(at + 1);
  }
  return signal.aborted || worker.isCancelled;
}

/** Until the test is over: no terminate() ends a loop on Deno. */
export function spin(at: number): void {
  arrive(at);
  const all = words();
  while (Atomics.load(all, OVER) === 0);
}

export function sleepForever(at: number): void {
  arrive(at);
  const word = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(word, 0, 0);
}

export async function never(at: number): Promise<void> {
  arrive(at);
  await new Promise(() => {});
}
