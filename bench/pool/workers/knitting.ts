// The tasks for knitting, whose workers load the module that opens the pool.

import process from "node:process";
import { pathToFileURL } from "node:url";
import { Unavailable } from "../../unavailable.ts";
import { loadModule } from "../subject.ts";
import { type TaskName, TASKS } from "../tasks.ts";

interface Knitting {
  task(definition: { readonly f: (argument: never) => unknown }): unknown;
  createPool(options: Options): (tasks: Record<TaskName, unknown>) => {
    readonly call: Record<TaskName, (argument: unknown) => Promise<unknown>>;
  };
}

interface Options {
  readonly threads: number;
  readonly worker?: { readonly timers: Readonly<Record<string, number>> };
}

const PATH = process.env["LAYBY_BENCH_KNITTING"];
if (PATH === undefined) {
  throw new Unavailable(
    "cannot load knitting: LAYBY_BENCH_KNITTING is not set",
  );
}
const { createPool, task } = await loadModule<Knitting>(
  "knitting",
  pathToFileURL(`${PATH}/knitting.ts`).href,
);

export const echo = task({ f: TASKS.echo });
export const spin = task({ f: TASKS.spin });
export const burn = task({ f: TASKS.burn });
export const fork = task({ f: TASKS.fork });

/** Starts a pool. To be called from here: it is how knitting finds the tasks. */
export function openPool(options: Options) {
  return createPool(options)({ echo, spin, burn, fork });
}
