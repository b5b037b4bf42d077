// What does one call cost, from the call to its answer?

import { setTimeout as sleep } from "node:timers/promises";
import { lower, quantile, type Row } from "../../harness.ts";
import type { RunningPool } from "../subject.ts";
import { type Job, open } from "./job.ts";

/** Milliseconds. */
const WARM_UP = 500;
const WINDOW = 1_000;
const PAUSE = 60;
const SPIN = 5;

const PARKED_CALLS = 80;
const BUSY_CALLS = 60;
const BATCH = 100;

/** One call after the other, each of a task that takes no time. */
export async function hotCall(job: Job): Promise<Row[]> {
  const pool = await open(job);
  const call = (index: number) => echo(pool, index);
  await timesWithin(WARM_UP, call);
  return rows(job, await timesWithin(WINDOW, call));
}

/** A hundred calls at the same time. */
export async function batch100(job: Job): Promise<Row[]> {
  const pool = await open(job);
  const indexes = Array.from({ length: BATCH }, (_, index) => index);
  const batch = () => Promise.all(indexes.map((index) => echo(pool, index)));
  await timesWithin(WARM_UP, batch);
  return rows(job, await timesWithin(WINDOW, batch)).slice(0, 1);
}

/** A call when nothing has happened for a while. */
export async function parkedCall(job: Job): Promise<Row[]> {
  const pool = await open(job);
  await timesWithin(WARM_UP, (index) => echo(pool, index));
  return rows(
    job,
    await timesOf(PARKED_CALLS, (index) => echo(pool, index), PAUSE),
  );
}

/** What is above the time that the task itself takes. */
export async function busyOverhead(job: Job): Promise<Row[]> {
  const pool = await open(job);
  await timesWithin(WARM_UP, (index) => echo(pool, index));
  const times = await timesOf(BUSY_CALLS, () => pool.run("spin", SPIN));
  return rows(job, times.map((time) => time - SPIN)).slice(0, 1);
}

async function echo(pool: RunningPool, index: number): Promise<void> {
  const answer = await pool.run("echo", index);
  if (answer !== index) throw new Error(`${answer} is no echo of ${index}`);
}

/** Milliseconds of each call, of as many as there is time for. */
export async function timesWithin(
  ms: number,
  call: (index: number) => Promise<unknown>,
): Promise<Float64Array> {
  const times: number[] = [];
  const end = performance.now() + ms;
  for (let start = 0; start < end;) {
    start = performance.now();
    await call(times.length);
    times.push(performance.now() - start);
  }
  return Float64Array.from(times);
}

/** Milliseconds of each of so many calls, with a pause before each. */
async function timesOf(
  count: number,
  call: (index: number) => Promise<unknown>,
  pause?: number,
): Promise<Float64Array> {
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    if (pause !== undefined) await sleep(pause);
    const start = performance.now();
    await call(index);
    times[index] = performance.now() - start;
  }
  return times;
}

/** The median, and what is longer once in a hundred times. */
function rows({ bench, subject }: Job, times: Float64Array): Row[] {
  const row = (share: number) =>
    lower(
      `${bench}_p${share * 100}`,
      subject,
      "µs",
      quantile(times, share) * 1e3,
    );
  return [row(0.5), row(0.99)];
}
