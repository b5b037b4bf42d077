// The memory of a pool, as its creator makes it.

import { create, fastestWait } from "../compose.ts";
import { CHUNK_BYTES, MAX_WORKERS } from "../core/core.generated.ts";
import { type Local, share } from "../core/local.ts";
import { checkOptions } from "../options.ts";
import type { CheckedPoolOptions } from "./options.ts";
import { withWakes } from "./wakes.ts";

/** As many as there can ever be: memory that is not used costs nothing. */
export const CAPACITY: number = MAX_WORKERS;
/** Workers for each idle word of the core: as many as it has bits. */
const PER_WORD = 32;
/** Entries of a run queue. Source: tokio, multi_thread/queue.rs. */
const RING = 256;
const MEBIBYTE = 1 << 20;

/** Makes it, and the creator's part. */
export function createPoolMemory(options: CheckedPoolOptions): Local {
  const { tasks, memory, driver, registrations } = options;
  const chunks = memory * MEBIBYTE / CHUNK_BYTES;
  const local = create(
    checkOptions({
      parkers: 4 * CAPACITY + 64,
      locks: 0,
      timers: 0,
      wait: fastestWait(),
      driver,
      ...registrations === undefined ? {} : { registrations },
    }),
    { workers: CAPACITY, tasks, chunks },
  );
  local.core.poolCreate(CAPACITY, PER_WORD, RING, tasks, chunks);
  share(local);
  return withWakes(local, 0);
}
