// What a measurement is given, and what it starts with.

import { checkEqual, type Row } from "../../harness.ts";
import type { RunningPool, Start } from "../subject.ts";
import { TASKS } from "../tasks.ts";

/** One subject to measure, in a process of its own. */
export interface Job {
  /** What `bench` in the rows is, or begins with. */
  readonly bench: string;
  readonly subject: string;
  readonly workers: number;
  /** Missing if the process is to have no workers. */
  readonly start: Start | undefined;
}

/** Measures, and returns what is to be printed. */
export type Measure = (job: Job) => Promise<Row[]>;

/** Milliseconds within which a pool that works has answered, and what each
 * worker may add to that where there are more of them than cores. */
const FIRST_ANSWERS = 5_000;
const EACH_WORKER = 500;

/** Starts a pool that gives the same results as everybody's. */
export async function open(job: Job): Promise<RunningPool> {
  const limit = FIRST_ANSWERS + EACH_WORKER * (job.workers - 1);
  return await within(limit, async () => {
    const pool = await job.start!(job.workers);
    await check(job.subject, pool);
    return pool;
  });
}

/** Throws if a pool does not answer what its tasks return here. */
export async function check(subject: string, pool: RunningPool): Promise<void> {
  const note = { text: "é", list: [1, 2.5, null], nested: { yes: true } };
  checkEqual({
    "no pool": [7, note, TASKS.spin(1), TASKS.burn(100), TASKS.fork(10)],
    [subject]: [
      await pool.run("echo", 7),
      await pool.run("echo", note),
      await pool.run("spin", 1),
      await pool.run("burn", 100),
      await pool.run("fork", 10),
    ],
  });
}

/** Rejects if it takes longer than so many milliseconds. */
export async function within<Result>(
  ms: number,
  run: () => Promise<Result>,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${ms / 1e3} s`)),
    ms,
  );
  try {
    return await Promise.race([run(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes every worker work, as often as is enough to have it compiled. */
export async function warmUp(
  pool: RunningPool,
  workers: number,
): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const calls = Array.from(
      { length: 4 * workers },
      () => pool.run("burn", 5_000),
    );
    await Promise.all(calls);
  }
}
