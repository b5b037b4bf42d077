// layby's own pool.

import { Unavailable } from "../../unavailable.ts";
import { loadModule, type Start } from "../subject.ts";
import type * as tasks from "../workers/layby.ts";

const LAYBY = new URL("../../../mod.ts", import.meta.url).href;
const TASKS = new URL("../workers/layby.ts", import.meta.url);

/** Loads layby from this repository. */
export async function loadLayby(): Promise<Start> {
  const start = await loadPool();
  return async (workers) => {
    const pool = await start(workers);
    return {
      run: (task, argument) => pool.run(task, [argument as never]),
      tree: (nodes) => pool.run("tree", [nodes]),
    };
  };
}

/** The same, to echo bytes that are moved, as multithreading moves them. */
export async function loadLaybyMoved(): Promise<Start> {
  const start = await loadPool();
  return async (workers) => {
    const pool = await start(workers);
    return {
      run(task, argument) {
        if (task !== "echo") return pool.run(task, [argument as never]);
        if (!(argument instanceof Uint8Array)) {
          return pool.run("move", [argument]);
        }
        // The others leave the caller its bytes.
        const own = argument.slice();
        return pool.run("move", [own], { transfer: [own.buffer] });
      },
    };
  };
}

async function loadPool() {
  const { Pool }: Partial<typeof import("../../../mod.ts")> = await loadModule(
    "layby",
    LAYBY,
  );
  if (Pool === undefined) {
    throw new Unavailable("cannot load layby: mod.ts exports no Pool");
  }
  return (workers: number) => Pool.start<typeof tasks>(TASKS, { workers });
}
