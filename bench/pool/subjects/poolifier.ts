// poolifier.

import { fileURLToPath } from "node:url";
import { loadPeer, type Start } from "../subject.ts";

interface Poolifier {
  readonly FixedThreadPool: new (workers: number, file: string) => {
    execute(argument: unknown, task: string): Promise<unknown>;
  };
}

const file = fileURLToPath(new URL("../workers/poolifier.ts", import.meta.url));

/** Loads poolifier. */
export async function loadPoolifier(): Promise<Start> {
  const { FixedThreadPool } = await loadPeer<Poolifier>("poolifier");
  return (workers) => {
    const pool = new FixedThreadPool(workers, file);
    return { run: (task, argument) => pool.execute(argument, task) };
  };
}
