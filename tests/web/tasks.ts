// Tasks for the pages, and for workerd: see checks.ts.

import { spawn, transfer, worker } from "../../task.ts";

export function double(value: number): number {
  return 2 * value;
}

export function echo(value: unknown): unknown {
  return value;
}

let kept = new Uint8Array(0);

/** Makes bytes, and moves them. */
export function move(length: number): Uint8Array {
  kept = new Uint8Array(length).fill(length);
  return transfer(kept, [kept.buffer]);
}

/** How many of those are left. */
export function countKept(): number {
  return kept.length;
}

export function fib(n: number): number {
  if (n < 2) return n;
  const other = spawn<typeof fib>("fib", [n - 1]);
  return fib(n - 2) + other.join();
}

/** Sums a list by tasks of its own, each of which may run anywhere. */
export async function sum(values: readonly number[]): Promise<number> {
  if (values.length < 4) return values.reduce((all, it) => all + it, 0);
  const middle = values.length >> 1;
  const halves = [values.slice(0, middle), values.slice(middle)];
  const handles = halves.map((half) => spawn<typeof sum>("sum", [half]));
  const sums = await Promise.all(handles.map((it) => it.joinAsync()));
  return sums.reduce((all, it) => all + it, 0);
}

export async function later(value: unknown, ms: number): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
}

/** Never returns, and says why it was told to stop. */
export function untilStopped(): Promise<string> {
  const { signal } = worker;
  return new Promise((resolve) => {
    const isOver = () => {
      if (signal.aborted) resolve((signal.reason as Error).name);
      return signal.aborted;
    };
    if (isOver()) return;
    signal.addEventListener("abort", isOver);
  });
}

export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

export class OddError extends Error {
  override name = "OddError";
  readonly code = 7;
}

export function fail(message: string, cause?: unknown): never {
  throw new OddError(message, { cause });
}

/** A result that only a message port can carry, where there are ports. */
export function asBlob(text: string): Blob {
  return new Blob([text]);
}

export async function textOf(blob: Blob): Promise<string> {
  return await blob.text();
}

export function place(): { name: string; data: unknown } {
  return { name: worker.name, data: worker.data };
}

let isStopped = false;

/** Learns after an `await` whether it was told to stop. */
export async function isStoppedLater(): Promise<void> {
  isStopped = false;
  for (let turn = 0; turn < 50 && !isStopped; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    isStopped = worker.isCancelled && worker.signal.aborted;
  }
}

/** What the task above has learnt. */
export function wasStopped(): boolean {
  return isStopped;
}

/** The worker's name, after an `await`. */
export async function nameLater(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return worker.name;
}

/** Ends the worker by an error that nobody catches. */
export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new OddError("thrown in a timer");
  });
  return new Promise(() => {});
}

/** Ends the worker, where one can end itself. */
export function closeWorker(): Promise<never> {
  (globalThis as unknown as { close(): void }).close();
  return new Promise(() => {});
}

/** Ends the worker if its error is not a task's. */
export function leaveRejection(): Promise<never> {
  void Promise.reject(new OddError("rejected, and left"));
  return new Promise(() => {});
}

export function spawnUnknown(): void {
  spawn("nobody", []);
}
