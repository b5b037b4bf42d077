// What the scenarios have reached between them: each outcome of each atomic
// instruction of the binary.

import type { SiteCoverage } from "../loom/src/scenario.ts";
import type { Program, Site } from "../loom/src/types.ts";
import { type Gap, GAPS } from "./gaps.ts";

/** An outcome that nothing has reached. */
export interface Unreached {
  readonly site: Site;
  readonly outcome: string;
  /** Why that is right, if it is. */
  readonly why: string | undefined;
}

/** Sums up the coverage of many explorations. */
export class Totals {
  readonly #program: Program;
  readonly #counts: Map<string, number> = new Map();
  readonly #used: Set<Gap> = new Set();

  constructor(program: Program) {
    this.#program = program;
  }

  add(coverage: readonly SiteCoverage[]): void {
    for (const { site, outcomes } of coverage) {
      for (const [outcome, count] of Object.entries(outcomes)) {
        const key = `${site} ${outcome}`;
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
      }
    }
  }

  /** How many outcomes there are. */
  get size(): number {
    return this.#counts.size;
  }

  /** The outcomes that were not reached. */
  unreached(): Unreached[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([key]) => {
      const [id, ...words] = key.split(" ");
      const site = this.#program.sites[Number(id)]!;
      const outcome = words.join(" ");
      return { site, outcome, why: this.#explain(site, outcome) };
    });
  }

  /** Explanations of what was reached after all. */
  unused(): Gap[] {
    return GAPS.filter((gap) => !this.#used.has(gap));
  }

  #explain({ func, op }: Site, outcome: string): string | undefined {
    const gap = GAPS.find((it) =>
      it.func === func && it.op === op && it.outcome === outcome
    );
    if (gap) this.#used.add(gap);
    return gap?.why;
  }
}
