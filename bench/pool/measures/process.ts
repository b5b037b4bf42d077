// What does a pool cost the process that it is in?

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { lower, median, type Row } from "../../harness.ts";
import { check, type Job, open, warmUp, within } from "./job.ts";

/**
 * Milliseconds. Bun compiles and collects garbage for two seconds after it has
 * had something to do, threads or none.
 */
const SETTLE = 3_000;
const WINDOW = 3_000;
const STARTUP = 5_000;

const SCALING_TASKS = 64;
/** About 5 ms. */
const SCALING_STEPS = 4_000_000;
const SCALING_BATCHES = 3;

/** The CPU that workers at rest use. */
export async function idleCpu(job: Job): Promise<Row[]> {
  await exercise(job);
  const start = performance.now();
  const before = process.cpuUsage();
  await sleep(WINDOW);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1e3 / (performance.now() - start);
  return [lower(job.bench, job.subject, "%", share * 100)];
}

/** The memory that the process has in the end. */
export async function rss(job: Job): Promise<Row[]> {
  await exercise(job);
  const mebibytes = process.memoryUsage().rss / 2 ** 20;
  return [lower(job.bench, job.subject, "MiB", mebibytes)];
}

/** From the start of the pool to its first answer. */
export async function startup(job: Job): Promise<Row[]> {
  const start = performance.now();
  const pool = await within(STARTUP, async () => {
    const pool = await job.start!(job.workers);
    await pool.run("echo", 1);
    return pool;
  });
  const taken = performance.now() - start;
  await check(job.subject, pool);
  return [lower(job.bench, job.subject, "ms", taken)];
}

/** The same work, with so many workers. */
export async function scaling(job: Job): Promise<Row[]> {
  const pool = await open(job);
  await warmUp(pool, job.workers);
  const times: number[] = [];
  for (let batch = 0; batch < SCALING_BATCHES; batch++) {
    const start = performance.now();
    await Promise.all(
      Array.from(
        { length: SCALING_TASKS },
        () => pool.run("burn", SCALING_STEPS),
      ),
    );
    times.push(performance.now() - start);
  }
  return [lower(job.bench, job.subject, "ms", median(times))];
}

/** Uses the pool, if there is to be one, and lets it come to rest. */
async function exercise(job: Job): Promise<void> {
  if (job.start !== undefined) await warmUp(await open(job), job.workers);
  await sleep(SETTLE);
}
