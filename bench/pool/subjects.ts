// Who is measured.

import { loadKnitting } from "./subjects/knitting.ts";
import { loadLayby, loadLaybyMoved } from "./subjects/layby.ts";
import { loadMultithreading } from "./subjects/multithreading.ts";
import { loadPiscina, loadTinypool } from "./subjects/piscina.ts";
import { loadPoolifier } from "./subjects/poolifier.ts";
import { loadPromises } from "./subjects/promises.ts";
import { loadRaw } from "./subjects/raw.ts";
import { loadWorkerpool } from "./subjects/workerpool.ts";
import type { Load } from "./subject.ts";

const LOADERS: Readonly<Record<string, Load>> = {
  "layby": loadLayby,
  "raw": loadRaw,
  "piscina-sync": () => loadPiscina("sync"),
  "piscina-async": () => loadPiscina("async"),
  "piscina-disabled": () => loadPiscina("disabled"),
  "tinypool": loadTinypool,
  "workerpool": loadWorkerpool,
  "poolifier": loadPoolifier,
  "multithreading": loadMultithreading,
  "knitting": () => loadKnitting("default"),
  "knitting-parked": () => loadKnitting("parked"),
};

/** No pool: what a promise for each call costs. */
export const PROMISES = "promises";

/** Pools, and `raw`. */
export const POOLS: readonly string[] = Object.keys(LOADERS);

/** Pools that others have written. */
export const PEERS: readonly string[] = POOLS.filter((name) =>
  name !== "layby" && name !== "raw"
);

/** layby, whose caller and tasks move their bytes. */
export const MOVED = "layby-moved";

/** A process of the same runtime that has no workers. */
export const NO_POOL = "no-pool";

/** The native subject. */
export const TOKIO = "tokio";

/** How to load a subject; nothing if there is nothing to load. */
export function loaderOf(subject: string): Load | undefined {
  if (subject === PROMISES) return loadPromises;
  return subject === MOVED ? loadLaybyMoved : LOADERS[subject];
}
