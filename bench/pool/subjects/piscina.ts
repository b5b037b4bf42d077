// piscina, and tinypool, which began as a part of it.

import { fileURLToPath } from "node:url";
import { loadPeer, type RunningPool, type Start } from "../subject.ts";

interface Options {
  readonly filename: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly atomics?: Atomics;
}

interface Pool {
  run(argument: unknown, options: { name: string }): Promise<unknown>;
}

type PoolClass = new (options: Options) => Pool;

/** How its workers wait: blocked, in their event loop by `Atomics.waitAsync`,
 * or for messages. `sync` is the default. */
export type Atomics = "sync" | "async" | "disabled";

const filename = fileURLToPath(new URL("../tasks.ts", import.meta.url));

/** Loads piscina, in one of its modes. */
export async function loadPiscina(atomics: Atomics): Promise<Start> {
  const { Piscina } = await loadPeer<{ Piscina: PoolClass }>("piscina");
  return (workers) => start(Piscina, workers, { atomics });
}

/** Loads tinypool. */
export async function loadTinypool(): Promise<Start> {
  const { default: Tinypool } = await loadPeer<{ default: PoolClass }>(
    "tinypool",
  );
  return (workers) => start(Tinypool, workers, {});
}

function start(
  Class: PoolClass,
  workers: number,
  more: Partial<Options>,
): RunningPool {
  const threads = { minThreads: workers, maxThreads: workers };
  const pool = new Class({ filename, ...threads, ...more });
  return { run: (name, argument) => pool.run(argument, { name }) };
}
