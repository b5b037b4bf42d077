// Runs the bodies of a test in real threads, and tells when one is parked.

import type { ParkerHandle, Runtime, Thread } from "../mod.ts";

/** What a thread of a test does. `args` is what structured clone carries. */
// deno-lint-ignore no-explicit-any
export type Body = (runtime: Runtime, args: any) => unknown;

/** Which body to call, and with what. */
export interface Call {
  body: string;
  args: unknown;
}

/** The default export of a module of bodies. */
export function bodies(
  byName: Record<string, Body>,
): (runtime: Runtime, call: Call) => unknown {
  return (runtime, { body, args }) => byName[body]!(runtime, args);
}

/** Runs a body of a module in a thread of its own. */
export function run(
  runtime: Runtime,
  module: URL,
  body: string,
  args?: unknown,
): Thread {
  return runtime.spawn(module, { body, args } satisfies Call);
}

/** A word that threads share, and can wait for. */
export function sharedWords(count: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * count));
}

/** Milliseconds after which what has not happened will not. */
const NEVER = 20_000;

/**
 * Resolves when the condition holds, and rejects if it never does. Gives the
 * event loop its turns.
 */
export async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + NEVER;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`Never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** The value of a promise. Rejects if there never is one. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Never settled")), NEVER);
  });
  return await Promise.race([promise, never])
    .finally(() => clearTimeout(timer));
}

/** What a body returned, when its thread has ended. */
// deno-lint-ignore no-explicit-any
export async function outcome(thread: Thread): Promise<any> {
  const value = await settled(thread.result);
  await settled(thread.exited);
  return value;
}

/** Blocks until the word is no longer `value`. Returns what it is. */
export function waitWhile(
  words: Int32Array<SharedArrayBuffer>,
  index: number,
  value: number,
): number {
  while (Atomics.load(words, index) === value) {
    Atomics.wait(words, index, value);
  }
  return Atomics.load(words, index);
}

/** Stores a value, and wakes those in `waitWhile()`. */
export function publish(
  words: Int32Array<SharedArrayBuffer>,
  index: number,
  value: number,
): void {
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

/** Whether the parker's owner has committed to a sleep and not left it. */
export function isParked(runtime: Runtime, handle: ParkerHandle): boolean {
  const { parks, unparks, timeouts, events, noops } = runtime.counters(handle);
  return parks > unparks + timeouts + events + noops;
}

/** Resolves when the parker's owner is parked. */
export function untilParked(
  runtime: Runtime,
  handle: ParkerHandle,
): Promise<void> {
  return until(() => isParked(runtime, handle));
}
