// Measures one subject. `bench/pool/main.ts` starts it for each round.
//
//   run.ts <measure> <bench> <subject> <workers>

import process from "node:process";
import { emit } from "../harness.ts";
import { UNAVAILABLE, Unavailable } from "../unavailable.ts";
import {
  batch100,
  busyOverhead,
  hotCall,
  parkedCall,
} from "./measures/calls.ts";
import type { Measure } from "./measures/job.ts";
import { nested } from "./measures/nested.ts";
import { payload } from "./measures/payload.ts";
import { idleCpu, rss, scaling, startup } from "./measures/process.ts";
import { throughput } from "./measures/throughput.ts";
import { loaderOf } from "./subjects.ts";

/** By the names of the benches. */
const MEASURES: Readonly<Record<string, Measure>> = {
  hot_call: hotCall,
  batch100,
  parked_call: parkedCall,
  busy5_overhead: busyOverhead,
  idle_cpu: idleCpu,
  throughput,
  nested,
  payload,
  startup,
  rss,
  scaling,
};

const [measure, bench, subject, workers] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
try {
  const start = await loaderOf(subject)?.();
  emit(
    await MEASURES[measure]!({
      bench,
      subject,
      start,
      workers: Number(workers),
    }),
  );
  // Not every pool can be closed everywhere.
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof Unavailable ? UNAVAILABLE : 1);
}
