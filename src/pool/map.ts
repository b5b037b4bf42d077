// Where the pool's records lie, as the core has laid them out.

import { POOL } from "../core/core.generated.ts";

/** Addresses in the shared memory. */
export interface PoolMap {
  readonly tasks: number;
  readonly chunks: number;
  readonly callersAt: number;
  readonly tasksAt: number;
  readonly heapAt: number;
}

/** In the order of the core's `Pool`. */
export function readPoolMap(words: Int32Array<SharedArrayBuffer>): PoolMap {
  const at = (place: number) => words[(POOL >> 2) + place]!;
  return {
    tasks: at(3),
    chunks: at(5),
    callersAt: at(6),
    tasksAt: at(9),
    heapAt: at(11),
  };
}
