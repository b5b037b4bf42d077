// Pools for tests, and what tests ask of them.

import assert from "node:assert/strict";
import process from "node:process";
import { Pool, type PoolOptions, Runtime } from "../../mod.ts";
import { run } from "../../scripts/processes.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { settled, sharedWords } from "../threads.ts";
import type * as tasks from "./tasks.ts";
import { OVER } from "./tasks/words.ts";

export { publish, settled, sharedWords, until } from "../threads.ts";

export type Tasks = typeof tasks;
export type Words = Int32Array<SharedArrayBuffer>;

/** The module of tasks. */
export const TASKS: URL = new URL("./tasks.ts", import.meta.url);

/** The runtime that runs the tests. */
export const HOST: string = Runtime.create().host;

/** A pool, and the words that its tasks and the test share. */
export interface TestPool extends AsyncDisposable {
  readonly pool: Pool<Tasks>;
  readonly words: Words;
}

/** Starts a pool of two workers, or of so many. Shut down as it is disposed. */
export async function start(options: PoolOptions = {}): Promise<TestPool> {
  const words = sharedWords(256);
  const { data, ...rest } = options;
  const pool = await settled(
    Pool.start<Tasks>(TASKS, {
      workers: 2,
      data: { words, ...data as object },
      ...rest,
    }),
  );
  return {
    pool,
    words,
    async [Symbol.asyncDispose]() {
      await settled(pool.shutdown({ timeout: 5000 }));
      Atomics.store(words, OVER, 1);
    },
  };
}

/** A module of so much source. */
export function moduleOf(source: string): string {
  // Bun takes some of those that are not in base64 for files.
  return `data:text/javascript;base64,${btoa(source)}`;
}

/** Asserts that each call is in one of the pool's counts, and in one only. */
export function assertCounted(pool: Pool<Tasks>): void {
  const { submitted, completed, failed, cancelled, crashed, pending } = pool
    .metrics();
  assert.equal(
    completed + failed + cancelled + crashed + pending,
    submitted,
    JSON.stringify({ completed, failed, cancelled, crashed, pending }),
  );
}

/** What a program of this folder printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

const { scriptArgs } = RUNTIMES.find(({ name }) => name === HOST)!;

/** Runs a program of this folder on this runtime, on one core if that is given. */
export function runProgram(
  path: URL,
  args: readonly string[],
  core?: number,
): Promise<Ended> {
  const program = [process.execPath, ...scriptArgs, path.pathname, ...args];
  const pin = core === undefined ? [] : ["taskset", "-c", `${core}`];
  const [command, ...rest] = [...pin, ...program];
  return run(command!, rest, { timeout: 20_000 });
}
