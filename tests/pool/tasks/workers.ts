// The hooks, and what a task knows of its worker.

import { worker } from "../../../task.ts";
import { pause, type Shared, words } from "./words.ts";

export function setUp(data: Shared & { setUps?: number }): void {
  Atomics.add(data.words, data.setUps ?? 60, 1);
}

/** What `setUp()` has counted when a task runs. */
export function setUps(): number {
  return Atomics.load(words(), 60);
}

export async function tearDown(data: Shared): Promise<void> {
  await pause(0);
  Atomics.add(data.words, 61, 1);
}

/** Takes longer than a worker has that does not end. */
export async function tearDownSlowly(data: Shared): Promise<void> {
  await pause(1200);
  Atomics.add(data.words, 61, 1);
}

export function whoAmI(): Record<string, unknown> {
  const { index, name, signal, isCancelled } = worker;
  return { index, name, isCancelled, isAborted: signal.aborted };
}

export function dataKeys(): string[] {
  return Object.keys(worker.data as object);
}

/** What an asynchronous task knows after each `await`. */
export async function mySignals(rounds: number): Promise<boolean> {
  const { signal } = worker;
  for (let round = 0; round < rounds; round++) {
    await pause(0);
    if (worker.signal !== signal) return false;
  }
  return true;
}

let awake: Disposable | undefined;

export function stayAwake(): void {
  awake ??= worker.keepAwake();
}

export function mayLeave(): void {
  awake?.[Symbol.dispose]();
  awake?.[Symbol.dispose]();
  awake = undefined;
}
