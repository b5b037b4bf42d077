// Tasks that end their worker.

import process from "node:process";
import { setTimeout } from "node:timers";
import { arrive, pause } from "./words.ts";

export function exit(code: number): void {
  process.exit(code);
}

/** Dies when it has come to a word, on another worker than the one that waits. */
export function exitAfter(at: number, code: number): void {
  arrive(at);
  process.exit(code);
}

export async function exitLater(code: number): Promise<void> {
  await pause(0);
  process.exit(code);
}

export function throwInTimer(message: string): Promise<never> {
  setTimeout(() => {
    throw new RangeError(message);
  }, 0);
  return new Promise(() => {});
}

export function rejectUnheard(message: string): Promise<never> {
  Promise.reject(new RangeError(message));
  return new Promise(() => {});
}

export function eatMemory(): never {
  const eaten: unknown[] = [];
  for (;;) eaten.push(new Array(1000).fill(Math.random()).map(String));
}
