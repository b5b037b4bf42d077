// How often each instruction came out each way.

import type { SiteCoverage } from "../scenario.ts";
import type { Site } from "../types.ts";

/** Outcomes of each kind of instruction, by the numbers that the machine has. */
const OUTCOMES: Partial<Record<Site["kind"], readonly string[]>> = {
  cmpxchg: ["succeeded", "failed"],
  wait: ["slept", "not equal", "woken", "timed out"],
  notify: ["woke somebody", "woke nobody"],
  load: ["ran"],
  store: ["ran"],
  rmw: ["ran"],
};

const MOST = 4;

/** Counts of outcomes, over all executions. */
export class Coverage {
  readonly #counts: Float64Array;

  constructor(sites: number) {
    this.#counts = new Float64Array(MOST * sites);
  }

  /** Counts an outcome of a site; -1 is a body's own, and is not counted. */
  count(site: number, outcome: number): void {
    if (site >= 0) this.#counts[MOST * site + outcome]!++;
  }

  /** Of all instructions that have outcomes, also of those that never ran. */
  read(sites: readonly Site[]): SiteCoverage[] {
    return sites.flatMap(({ id, kind }) => {
      const names = OUTCOMES[kind];
      if (names === undefined) return [];
      const outcomes: Record<string, number> = {};
      names.forEach((name, outcome) => {
        outcomes[name] = this.#counts[MOST * id + outcome]!;
      });
      return [{ site: id, outcomes }];
    });
  }
}
