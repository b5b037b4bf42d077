// What the runner is given: a scenario, how far to search it, and when.

import type { Alone, ModelOptions, Scenario } from "../loom/src/scenario.ts";

/** A scenario of the suite. */
export interface Entry {
  readonly scenario: Scenario;
  /** What differs from the checker's defaults. */
  readonly options?: ModelOptions;
  /** `"pr"`: searched for every change. `"full"`: those that take longer. */
  readonly set: "pr" | "full";
}

/** A scenario that is searched for every change. */
export function pr(scenario: Scenario, options: ModelOptions = {}): Entry {
  return { scenario, options, set: "pr" };
}

/** A scenario that takes longer. */
export function full(scenario: Scenario, options: ModelOptions = {}): Entry {
  return { scenario, options, set: "full" };
}

/** The same scenario, where each thread may wake once for no reason. */
export function spurious({ scenario, options }: Entry): Entry {
  const name = `${scenario.name}, with spurious wakes`;
  return full({ ...scenario, name }, { ...options, spurious: 1 });
}

/** Checks what the bodies returned: one of the values listed. */
export function expectResults(
  alone: Alone,
  results: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, readonly unknown[]>>,
): void {
  for (const [thread, values] of Object.entries(expected)) {
    const result = results[thread];
    alone.assert(values.includes(result), `${thread} returned ${result}`);
  }
}
