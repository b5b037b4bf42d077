// layby's own pool.

import { Unavailable } from "../../unavailable.ts";
import { loadModule, type Start } from "../subject.ts";
import type * as tasks from "../workers/layby.ts";

const LAYBY = new URL("../../../mod.ts", import.meta.url).href;
const TASKS = new URL("../workers/layby.ts", import.meta.url);

/** Loads layby from this repository. */
export async function loadLayby(): Promise<Start> {
  const { Pool }: Partial<typeof import("../../../mod.ts")> = await loadModule(
    "layby",
    LAYBY,
  );
  if (Pool === undefined) {
    throw new Unavailable("cannot load layby: mod.ts exports no Pool");
  }
  return async (workers) => {
    const pool = await Pool.start<typeof tasks>(TASKS, { workers });
    return {
      run: (task, argument) => pool.run(task, [argument as never]),
      tree: (nodes) => pool.run("tree", [nodes]),
    };
  };
}
