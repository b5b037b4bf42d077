// A flag in the scenario's own words, for threads that wait for one another.

import type { Steps, ThreadContext } from "../loom/src/scenario.ts";

/** Raises the flag, once. */
export function* raise(t: ThreadContext, flag: number): Steps<void> {
  yield* t.store(flag, 1);
  yield* t.notify(flag);
}

/** Sleeps until the flag is raised. */
export function* untilRaised(t: ThreadContext, flag: number): Steps<void> {
  while ((yield* t.load(flag)) === 0) yield* t.wait(flag, 0);
}
