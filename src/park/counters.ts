// What a parker counts of itself.

import type { CoreExports } from "../core/core.generated.ts";

/**
 * A parker's counts since it was claimed. Each is exact when its owner sleeps;
 * the set is not read at one instant.
 *
 * `parks` is the sum of `unparks`, `timeouts`, `events` and `noops`, and one
 * more while the owner sleeps. A park that finds its token there does not sleep
 * and is not counted; one that is woken in vain and sleeps on counts as two.
 */
export interface ParkerCounters {
  /** Sleeps begun. */
  readonly parks: number;
  /** Sleeps that a token ended. */
  readonly unparks: number;
  /** Sleeps that ended at their deadline. */
  readonly timeouts: number;
  /** Sleeps in the driver that ended because it served something. */
  readonly events: number;
  /** Sleeps that ended for none of these reasons: no-op wakes. */
  readonly noops: number;
  /** Turns of the driver that the owner has run. */
  readonly turns: number;
  /** Milliseconds between a park's begin and its end, summed up. */
  readonly parked: number;
}

/** In the order of the core's `Counters`. */
const NANOSECONDS = 6;

/** Reads the counters of a parker. Any thread may, at any time. */
export function readCounters(
  core: CoreExports,
  parker: number,
): ParkerCounters {
  const read = (place: number) => core.parkerCounter(parker, place);
  return {
    parks: read(0),
    unparks: read(1),
    timeouts: read(2),
    events: read(3),
    noops: read(4),
    turns: read(5),
    parked: read(NANOSECONDS) / 1e6,
  };
}
