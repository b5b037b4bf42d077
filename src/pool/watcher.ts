// Events of a file descriptor, as tasks of a pool.

import type { Way } from "../io/ready.ts";
import type { Registration } from "../io/registration.ts";

/** How `Pool.on()` watches. */
export interface WatchOptions {
  /** What to wait for. Default `"read"`. */
  readonly way?: Way;
  /** Ends it: no task begins any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a task each time the descriptor is ready, one after the other. What it was
 * ready for counts as used up when the task begins: what comes while it runs has
 * it run again.
 */
export async function runOnReady(
  registration: Registration,
  { way = "read", signal }: WatchOptions,
  run: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const ready = await registration.ready(way, { signal });
    registration.clear(ready);
    await run();
    // Nothing comes any more, and the task knows.
    if (way === "write" ? ready.isWriteClosed : ready.isReadClosed) return;
  }
}
