// How many tasks a second, if they are all there at once?

import { median, type Row } from "../../harness.ts";
import type { RunningPool } from "../subject.ts";
import { type Job, open } from "./job.ts";

const TASKS = 200_000;
const FEWEST = 2_000;
const BATCHES = 3;
/** Milliseconds to warm up. */
const WARM_UP = 500;
/** Milliseconds that a batch may take. A slow pool gets fewer tasks. */
const LONGEST = 1_500;

/** Submits tasks that do nothing, and awaits them all. */
export async function throughput(job: Job): Promise<Row[]> {
  const { bench, subject } = job;
  const pool = await open(job);
  const rate = await warmUp((tasks) => submit(pool, tasks));
  const tasks = Math.min(TASKS, Math.ceil(rate * LONGEST));
  if (tasks < TASKS) console.error(`only ${tasks} of ${TASKS} tasks`);
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    times.push(await submit(pool, tasks));
  }
  const value = tasks / median(times) * 1e3;
  return [{ bench, subject, unit: "tasks/s", value, better: "higher" }];
}

/**
 * Runs ever more, up to a tenth of all.
 *
 * @param run Does so many, and returns the milliseconds that it took.
 * @returns How many a millisecond it did in the end.
 */
export async function warmUp(
  run: (count: number) => Promise<number>,
): Promise<number> {
  const end = performance.now() + WARM_UP;
  let count = FEWEST;
  for (;;) {
    const taken = await run(count);
    if (performance.now() >= end) return count / taken;
    count = Math.min(2 * count, TASKS / 10);
  }
}

/** Milliseconds that so many tasks take. */
async function submit(pool: RunningPool, tasks: number): Promise<number> {
  const start = performance.now();
  const calls: Promise<unknown>[] = [];
  for (let task = 0; task < tasks; task++) calls.push(pool.run("echo", task));
  const answers = await Promise.all(calls);
  const taken = performance.now() - start;
  const wrong = answers.findIndex((answer, task) => answer !== task);
  if (wrong >= 0) throw new Error(`${answers[wrong]} is no echo of ${wrong}`);
  return taken;
}
