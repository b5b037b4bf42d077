// What do 100,000 timers cost, armed by four threads and all fired?

import process from "node:process";
import { Worker } from "node:worker_threads";
import { Runtime } from "../mod.ts";
import { emit, lower, quantile, type Row } from "./harness.ts";
import type { TimersLayby } from "./workers/timers_layby.ts";
import { DONE, type Run, type Share, TOLD } from "./workers/timers_share.ts";

const THREADS = 4;
const TIMERS = 100_000;
/** The deadlines are in these milliseconds after a thread starts to arm. */
const [FIRST, LAST] = [200, 2_200];
/** First a tenth of the timers in a tenth of the time, to warm up; then all. */
const SCALES = [0.1, 1];
/** The clocks of two threads agree to a few microseconds: in milliseconds. */
const CLOCK_ERROR = 0.01;

/** What a run of all threads has found. */
interface Found {
  /** Milliseconds of CPU, of the whole process. */
  readonly cpu: number;
  /** Of that, while the timers were armed and fired. */
  readonly running: number;
  readonly early: number;
  readonly late: number;
}

/** Contenders get the same: deadlines in an order that is not theirs. */
function newShares(): Share[] {
  const control = new Int32Array(new SharedArrayBuffer(8));
  let seed = 1;
  const random = () => {
    // https://en.wikipedia.org/wiki/Lehmer_random_number_generator
    seed = seed * 48_271 % 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const newRun = (scale: number): Run => {
    const bytes = 8 * TIMERS / THREADS * scale;
    const offsets = new Float64Array(new SharedArrayBuffer(bytes));
    for (const index of offsets.keys()) {
      offsets[index] = (FIRST + random() * (LAST - FIRST)) * scale;
    }
    const late = new Float64Array(new SharedArrayBuffer(bytes)).fill(NaN);
    return { offsets, late };
  };
  return Array.from({ length: THREADS }, () => {
    return { runs: SCALES.map(newRun), control };
  });
}

/** Resolves when all threads have taken so many steps. */
async function whenDone(shares: Share[], steps: number): Promise<void> {
  const { control } = shares[0]!;
  for (;;) {
    const done = Atomics.load(control, DONE);
    if (done === steps * THREADS) return;
    await Atomics.waitAsync(control, DONE, done).value;
  }
}

/** Resolves to the milliseconds of CPU until the step is done. */
async function cpuOf(take: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await take();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

function foundIn(runs: Run[], running: number, rest: number): Found {
  const late = Float64Array.from(runs.flatMap(({ late }) => Array.from(late)));
  if (late.some(Number.isNaN)) throw new Error("a timer has not fired");
  const early = late.filter((ms) => ms < -CLOCK_ERROR).length;
  return { cpu: running + rest, running, early, late: quantile(late, 0.99) };
}

/** Starts the threads. What is returned runs them once. */
function startLayby(): (run: number) => Promise<Found> {
  const shares = newShares();
  const runtime = Runtime.create({ parkers: THREADS, timers: TIMERS });
  for (const share of shares) {
    const data: TimersLayby = { mine: runtime.parker().detach(), share };
    const entry = new URL("./workers/timers_layby.ts", import.meta.url);
    // If it rejects, nobody catches it, and the process fails.
    runtime.spawn(entry, data).result.then(() => {});
  }
  const { control } = shares[0]!;
  let steps = 0;
  const step = () => {
    Atomics.add(control, TOLD, 1);
    Atomics.notify(control, TOLD);
    return whenDone(shares, ++steps);
  };
  return async (run) => {
    const claiming = await cpuOf(step);
    const running = await cpuOf(step);
    const releasing = await cpuOf(step);
    const runs = shares.map(({ runs }) => runs[run]!);
    return foundIn(runs, running, claiming + releasing);
  };
}

/** Starts the threads. What is returned runs them once. */
async function startJs(): Promise<(run: number) => Promise<Found>> {
  const shares = newShares();
  const entry = new URL("./workers/timers_js.ts", import.meta.url);
  const workers = shares.map((workerData) => new Worker(entry, { workerData }));
  let steps = 1;
  await whenDone(shares, steps);
  return async (run) => {
    const running = await cpuOf(() => {
      for (const worker of workers) worker.postMessage(run);
      return whenDone(shares, ++steps);
    });
    return foundIn(shares.map(({ runs }) => runs[run]!), running, 0);
  };
}

function rowsOf(layby: Found, js: Found): Row[] {
  const row = (subject: string, unit: string, value: number) =>
    lower("timers", subject, unit, value);
  return [
    row("layby CPU", "ms", layby.cpu),
    row("layby CPU, claimed before", "ms", layby.running),
    row("setTimeout CPU", "ms", js.cpu),
    row("layby p99 late", "ms", layby.late),
    row("setTimeout p99 late", "ms", js.late),
    row("layby early", "timers", layby.early),
    row("setTimeout early", "timers", js.early),
  ];
}

const [layby, js] = [startLayby(), await startJs()];
let rows: Row[] = [];
for (const run of SCALES.keys()) rows = rowsOf(await layby(run), await js(run));
emit(rows);
process.exit();
