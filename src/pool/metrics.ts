// What a pool tells of itself.

import type { CoreExports } from "../core/core.generated.ts";
import { type ParkerCounters, readCounters } from "../park/counters.ts";

/** One worker's counts since it was started. */
export interface WorkerMetrics extends ParkerCounters {
  /** What it is called. */
  readonly name: string;
  /** Tasks it has run. */
  readonly tasks: number;
  /** Tasks it has taken from other workers' queues. */
  readonly stolen: number;
  /** Times that it took some. */
  readonly steals: number;
  /** Tasks it has taken from the common queue. */
  readonly injected: number;
  /** Times that its own queue was full, and half of it went to the common one. */
  readonly overflows: number;
}

/** How long calls took, from `run()` to the answer. One call in 16 is measured. */
export interface Latency {
  /** Calls measured. */
  readonly count: number;
  /** The mean, in milliseconds. */
  readonly mean: number;
  /** The longest, in milliseconds. */
  readonly max: number;
  /**
   * What so many of a hundred did not exceed, in milliseconds; 3 % too much at
   * most.
   */
  percentile(percent: number): number;
}

/** A pool's counts. They are read at no one instant, and stop nobody. */
export interface PoolMetrics {
  /** Workers that are there, and what each has done. */
  readonly workers: readonly WorkerMetrics[];
  /** Calls that were accepted. */
  readonly submitted: number;
  /** Calls that have returned. */
  readonly completed: number;
  /** Calls that have thrown. */
  readonly failed: number;
  /** Calls that were ended by a signal or their timeout. */
  readonly cancelled: number;
  /** Calls that were lost with their worker. */
  readonly crashed: number;
  /** Calls that are not settled. */
  readonly pending: number;
  /** Workers that have crashed. */
  readonly crashes: number;
  /** How long calls took. */
  readonly latency: Latency;
}

/** Buckets for each doubling: 2^(1/32) is 1.02. */
const PER_DOUBLING = 32;
/** The first bucket is for 2^-14 ms, 61 ns, and less. */
const LOWEST = -14;
const BUCKETS = 40 * PER_DOUBLING;

/** Counts times by their logarithm. */
export class Histogram implements Latency {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Counts a time in milliseconds. */
  add(ms: number): void {
    const place = Math.ceil((Math.log2(ms) - LOWEST) * PER_DOUBLING);
    this.#buckets[Math.min(Math.max(place, 0), BUCKETS - 1)]!++;
    this.#count++;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get max(): number {
    return this.#max;
  }

  percentile(percent: number): number {
    const wanted = this.#count * percent / 100;
    let seen = 0;
    for (let place = 0; place < BUCKETS; place++) {
      seen += this.#buckets[place]!;
      if (seen > 0 && seen >= wanted) {
        return Math.min(2 ** (place / PER_DOUBLING + LOWEST), this.#max);
      }
    }
    return this.#max;
  }

  /** A copy that does not change. */
  copy(): Latency {
    const copy = new Histogram();
    copy.#buckets.set(this.#buckets);
    copy.#count = this.#count;
    copy.#sum = this.#sum;
    copy.#max = this.#max;
    return copy;
  }
}

/** What a pool counts of its calls. */
export class Tallies {
  submitted = 0;
  completed = 0;
  failed = 0;
  cancelled = 0;
  crashed = 0;
  crashes = 0;
  readonly latency: Histogram = new Histogram();

  /** Calls that are not settled. */
  get unsettled(): number {
    const { submitted, completed, failed, cancelled, crashed } = this;
    return submitted - completed - failed - cancelled - crashed;
  }
}

/** Reads what a worker has counted, whose parker lies at this address. */
export function readWorker(
  core: CoreExports,
  { index, name, parker }: {
    readonly index: number;
    readonly name: string;
    readonly parker: number;
  },
): WorkerMetrics {
  const tally = (place: number) => core.workerTally(index, place);
  return {
    ...readCounters(core, parker),
    name,
    tasks: tally(0),
    stolen: tally(1),
    steals: tally(2),
    injected: tally(3),
    overflows: tally(4),
  };
}
