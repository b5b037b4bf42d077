// layby's own pool.

import { readFileSync } from "node:fs";
import { loadModule, type Start, Unavailable } from "../subject.ts";

interface Layby {
  readonly Pool?: {
    start(module: URL, options: { readonly workers: number }): Promise<Pool>;
  };
}

interface Pool {
  run(task: string, args: readonly unknown[]): Promise<unknown>;
}

const module = new URL("../workers/layby.ts", import.meta.url);

/** Loads layby from this repository. */
export async function loadLayby(): Promise<Start> {
  const { Pool } = await loadModule<Layby>("layby", entryOf("."));
  if (Pool === undefined) {
    throw new Unavailable("cannot load layby: mod.ts exports no Pool");
  }
  // Workers need it.
  entryOf("./task");
  return async (workers) => {
    const pool = await Pool.start(module, { workers });
    return {
      run: (task, argument) => pool.run(task, [argument]),
      tree: (nodes) => pool.run("tree", [nodes]) as Promise<number>,
    };
  };
}

/** The URL of one of the package's exports, for every runtime. */
export function entryOf(name: string): string {
  const root = new URL("../../../", import.meta.url);
  const config = readFileSync(new URL("deno.json", root), "utf8");
  const { exports } = JSON.parse(config) as { exports: Record<string, string> };
  const path = exports[name];
  if (path === undefined) {
    throw new Unavailable(`cannot load layby: there is no export ${name}`);
  }
  return new URL(path, root).href;
}
