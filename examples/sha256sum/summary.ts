// What is said at the end.

import type { PoolMetrics, WorkerMetrics } from "../../mod.ts";
import {
  formatBytes,
  formatCount,
  formatMilliseconds,
  formatNumber,
} from "./format.ts";

/** What a run has done, and what it took. */
export interface Run {
  readonly files: number;
  readonly bytes: number;
  /** Files and directories that could not be read. */
  readonly failures: number;
  /** From the start of the listing to the last result. */
  readonly milliseconds: number;
  readonly metrics: PoolMetrics;
  /** Time on a CPU while all were idle, as a part of one core's. */
  readonly idleUse: number;
}

/** Lines that sum a run up. */
export function summarize(run: Run): string {
  const { metrics: { workers, latency } } = run;
  const sum = (key: CountName) => sumOf(workers, key);
  const seconds = (run.milliseconds / 1000).toFixed(2);
  const speed = (run.bytes / 1000 / run.milliseconds).toFixed(0);
  const lines = [
    `${formatNumber(run.files, "file")}, ${formatBytes(run.bytes)} ` +
    `in ${seconds} s, ${speed} MB/s`,
    `${formatNumber(workers.length, "worker")}, ` +
    `${formatNumber(sum("tasks"), "task")}, ` +
    `${formatCount(sum("stolen"))} of them stolen ` +
    `in ${formatNumber(sum("steals"), "steal")}, ` +
    `${formatNumber(sum("parks"), "park")}`,
  ];
  if (latency.count > 0) {
    const time = (percent: number) =>
      formatMilliseconds(latency.percentile(percent));
    lines.push(`${time(50)} a call (p50), ${time(99)} (p99), waiting included`);
  }
  lines.push(`${(100 * run.idleUse).toFixed(2)} % of a core used while idle`);
  return lines.map((line) => `layby: ${line}\n`).join("");
}

/** The same, and more, as a line of JSON. */
export function summaryLine(run: Run): string {
  const { metrics: { workers, submitted, latency } } = run;
  const summary = {
    files: run.files,
    bytes: run.bytes,
    failures: run.failures,
    seconds: run.milliseconds / 1000,
    calls: submitted,
    latencyMs: {
      measured: latency.count,
      mean: latency.mean,
      p50: latency.percentile(50),
      p99: latency.percentile(99),
      max: latency.max,
    },
    tasks: sumOf(workers, "tasks"),
    stolen: sumOf(workers, "stolen"),
    steals: sumOf(workers, "steals"),
    parks: sumOf(workers, "parks"),
    idleUse: run.idleUse,
    workers: workers.map(({ name, tasks, stolen, steals, parks }) => ({
      name,
      tasks,
      stolen,
      steals,
      parks,
    })),
  };
  return `${JSON.stringify({ summary })}\n`;
}

type CountName = "tasks" | "stolen" | "steals" | "parks";

function sumOf(workers: readonly WorkerMetrics[], key: CountName): number {
  return workers.reduce((total, worker) => total + worker[key], 0);
}
