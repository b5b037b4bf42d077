// What is said at the end.

import type { ParkerCounters } from "../../mod.ts";
import { formatBytes, formatCount, formatNumber } from "./format.ts";

/** What a run has done, and what it took. */
export interface Run {
  readonly files: number;
  readonly bytes: number;
  /** From the start of the listing to the last result. */
  readonly milliseconds: number;
  readonly workers: number;
  /** Of the workers' parkers, summed up. */
  readonly counters: ParkerCounters;
  /** Time on a CPU while all were idle, as a part of one core's. */
  readonly idleUse: number;
}

/** Lines that sum a run up. */
export function summarize(run: Run): string {
  const { counters } = run;
  const seconds = (run.milliseconds / 1000).toFixed(2);
  const speed = (run.bytes / 1000 / run.milliseconds).toFixed(0);
  return [
    `layby: ${formatNumber(run.files, "file")}, ${formatBytes(run.bytes)} ` +
    `in ${seconds} s, ${speed} MB/s`,
    `layby: ${formatNumber(run.workers, "worker")}, ` +
    `${formatNumber(counters.parks, "park")}; ` +
    `woken by unpark ${formatCount(counters.unparks)}, ` +
    `timeout ${formatCount(counters.timeouts)}, ` +
    `event ${formatCount(counters.events)}, ` +
    `no-op ${formatCount(counters.noops)}`,
    `layby: ${(100 * run.idleUse).toFixed(2)} % of a core used while idle`,
    "",
  ].join("\n");
}
