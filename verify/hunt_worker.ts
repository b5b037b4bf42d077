// Hunts one mutant after the other: compiles it, and explores scenarios until
// one of them fails.

import { parentPort } from "node:worker_threads";
import { loadProgram, model } from "../loom/mod.ts";
import type { ModelOptions, Program, Scenario } from "../loom/mod.ts";
import type { Entry } from "./entry.ts";
import { compileMutant, type Mutant, readMutants } from "./mutants.ts";
import { scenarios } from "./scenarios/mod.ts";

/** What became of a mutant. */
export interface Hunted {
  /** What the scenario saw; nothing if it survived. */
  readonly kind?: string;
  readonly scenario?: string;
  /** Executions, or states, of that scenario until it failed. */
  readonly searched?: number;
  /** Whether a search of states fails too; nothing if it takes too long. */
  readonly agrees?: boolean;
  readonly seconds: number;
}

/** First a little of all scenarios, then more, then as much as it takes. */
const ROUNDS: readonly ModelOptions[] = [
  { explorer: "dpor", maxExecutions: 200 },
  { explorer: "dpor", maxExecutions: 5_000 },
  { maxSeconds: 30 },
];

const mutants = readMutants();

parentPort!.on("message", async (name: string) => {
  const began = performance.now();
  const mutant = mutants.find((mutant) => mutant.name === name)!;
  const wasm = await compileMutant(mutant);
  const program = await loadProgram(wasm);
  const found = mutant.equivalent === undefined
    ? hunt(program, inOrder(mutant))
    : hunt(program, scenarios.filter(({ set }) => set === "pr"), 1);
  const seconds = (performance.now() - began) / 1000;
  parentPort!.postMessage({ ...found, seconds } satisfies Hunted);
});

/** The scenarios, those of the pool first if the bug is there. */
function inOrder({ name }: Mutant): readonly Entry[] {
  return name.startsWith("pool_") ? scenarios.toReversed() : scenarios;
}

function hunt(
  program: Program,
  entries: readonly Entry[],
  rounds = ROUNDS.length,
): Omit<Hunted, "seconds"> {
  for (const round of ROUNDS.slice(0, rounds)) {
    for (const { scenario, options } of entries) {
      const found = tryOne(program, scenario, { ...options, ...round });
      if (found) return { ...found, scenario: scenario.name };
    }
  }
  return {};
}

function tryOne(
  program: Program,
  scenario: Scenario,
  options: ModelOptions,
): Omit<Hunted, "seconds"> | undefined {
  try {
    const report = model(program, scenario, options);
    if (report.failure === undefined) return undefined;
    const { kind } = report.failure;
    const searched = report.executions + report.states;
    const agrees = check(program, scenario, options, kind);
    return { kind, searched, ...(agrees === undefined ? {} : { agrees }) };
  } catch (error) {
    // The set-up of a scenario runs before there is any execution to blame.
    if (!(error instanceof Error) || error.name !== "AssertionError") {
      throw new Error(`${scenario.name}: see the cause`, { cause: error });
    }
    return { kind: "assertion", searched: 0 };
  }
}

/** Has the other explorer look for what one has found. */
function check(
  program: Program,
  scenario: Scenario,
  options: ModelOptions,
  kind: string,
): boolean | undefined {
  // A loop leads back to a state that was visited: there it ends.
  if (kind === "busy loop") return undefined;
  const { failure, complete } = model(program, scenario, {
    ...options,
    ...{ explorer: "states", maxExecutions: Infinity, maxSeconds: 5 },
  });
  if (failure !== undefined) return true;
  return complete ? false : undefined;
}
