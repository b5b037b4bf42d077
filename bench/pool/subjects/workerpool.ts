// workerpool.

import { fileURLToPath } from "node:url";
import { loadPeer, type Start } from "../subject.ts";

interface Workerpool {
  pool(script: string, options: {
    readonly minWorkers: number;
    readonly maxWorkers: number;
    readonly workerType: "thread";
  }): Pool;
}

interface Pool {
  /** A promise of its own kind. */
  exec(task: string, args: readonly unknown[]): PromiseLike<unknown>;
}

const script = fileURLToPath(
  new URL("../workers/workerpool.ts", import.meta.url),
);

/** Loads workerpool. */
export async function loadWorkerpool(): Promise<Start> {
  const { default: workerpool } = await loadPeer<{ default: Workerpool }>(
    "workerpool",
  );
  return (workers) => {
    const pool = workerpool.pool(script, {
      minWorkers: workers,
      maxWorkers: workers,
      workerType: "thread",
    });
    return {
      run: (task, argument) => pool.exec(task, [argument]) as Promise<unknown>,
    };
  };
}
