// knitting, from a copy of its repository that LAYBY_BENCH_KNITTING points to.

import type { RunningPool, Start } from "../subject.ts";

/** Its own defaults, or workers that park for good in place of a loop. */
export type Timers = "default" | "parked";

const PARKED = { spinMicroseconds: 0, parkMs: 60_000 };

/** Loads knitting. */
export async function loadKnitting(timers: Timers): Promise<Start> {
  const { openPool } = await import("../workers/knitting.ts");
  return (threads): RunningPool => {
    const worker = timers === "parked" ? { worker: { timers: PARKED } } : {};
    const { call } = openPool({ threads, ...worker });
    return { run: (task, argument) => call[task](argument) };
  };
}
