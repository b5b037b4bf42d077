// Random programs of a few threads, and what explorers find in them.

import type {
  Body,
  ModelOptions,
  Program,
  Scenario,
  Steps,
  ThreadContext,
} from "../../loom/mod.ts";
import { Dpor } from "../../loom/src/explore/dpor.ts";
import { Naive } from "../../loom/src/explore/naive.ts";
import type { End } from "../../loom/src/machine/execution.ts";
import { Machine } from "../../loom/src/machine/machine.ts";
import { Random } from "../stress/random.ts";

/** A program without code: bodies do all. */
export const NO_CODE: Program = {
  sha256: "",
  module: new WebAssembly.Module(
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
  ),
  sites: [],
  memory: { module: "env", name: "memory", initial: 1, maximum: 1 },
};

/** One operation of a random program. */
type Line = readonly [
  kind: string,
  address: number,
  first: number,
  second: number,
];

const KINDS = [
  ...["load", "store", "add", "exchange", "cmpxchg", "cmpxchg"],
  ...["wait", "timed wait", "notify one", "notify all"],
];

/** What a random program may be made of. */
export interface Shape {
  readonly threads: number;
  readonly lines: number;
  readonly plain: boolean;
}

function newLine(random: Random, { plain }: Shape): Line {
  const kinds = plain ? [...KINDS, "plain load", "plain store"] : KINDS;
  const address = 4 * random.index(2);
  return [random.pick(kinds), address, random.index(2), random.index(2)];
}

/** The threads of a program, as lines. */
export function newProgram(random: Random, shape: Shape): Line[][] {
  return Array.from(
    { length: shape.threads },
    () =>
      Array.from(
        { length: 1 + random.index(shape.lines) },
        () => newLine(random, shape),
      ),
  );
}

function* take(t: ThreadContext, line: Line): Steps {
  const [kind, address, first, second] = line;
  switch (kind) {
    case "load":
      return yield* t.load(address);
    case "store":
      return yield* t.store(address, first);
    case "add":
      return yield* t.add(address, 1);
    case "exchange":
      return yield* t.exchange(address, first);
    case "cmpxchg":
      return yield* t.compareExchange(address, first, second);
    case "wait":
      return yield* t.wait(address, first);
    case "timed wait":
      return yield* t.wait(address, first, true);
    case "notify one":
      return yield* t.notify(address, 1);
    case "notify all":
      return yield* t.notify(address);
    case "plain load":
      return yield* t.plainLoad(address);
  }
  return yield* t.plainStore(address, first);
}

/** A scenario that does what the lines say. */
export function scenarioOf(lines: readonly Line[][]): Scenario {
  const threads: Record<string, Body> = {};
  lines.forEach((own, index) => {
    threads[`t${index}`] = function* (t) {
      const results: number[] = [];
      for (const line of own) results.push(yield* take(t, line));
      return results;
    };
  });
  return {
    name: JSON.stringify(lines),
    threads,
    mortal: ["t0"],
    *recover(t) {
      yield* t.add(0, 1);
      yield* t.notify(4, 1);
    },
  };
}

/** What all executions of an exploration were. */
export interface Executions {
  /** Of the order of the steps, in each. */
  readonly traces: Map<string, number>;
  /** How they ended, with what the threads had seen and the memory held. */
  readonly outcomes: Set<string>;
  readonly executions: number;
  readonly redundant: number;
  readonly isRacy: boolean;
  /** Whether any ended in a deadlock: explorers may stop at the first. */
  readonly isStuck: boolean;
}

/** What an execution came to. */
export function outcomeOf(machine: Machine, end: End): string {
  const { words } = machine.memory;
  const threads = machine.threads.map(({ status, history }) => [
    status,
    ...history,
  ]);
  return JSON.stringify([end, words[0], words[1], threads]);
}

/** Runs all executions of an explorer; none after a race. */
export function runAll(
  scenario: Scenario,
  options: Required<Omit<ModelOptions, "explorer" | `max${string}` | "seed">>,
  newExplorer: (machine: Machine) => Dpor | Naive,
  most: number,
): Executions | undefined {
  const machine = new Machine(NO_CODE, scenario, { ...options, maxSteps: 200 });
  machine.showsPrivate = true;
  const explorer = newExplorer(machine);
  const traces = new Map<string, number>();
  const outcomes = new Set<string>();
  let executions = 0;
  let isStuck = false;
  for (let isNew = true; isNew || explorer.next();) {
    isNew = false;
    explorer.begin();
    const end = machine.run(explorer);
    if (explorer.isVoid(machine) && end !== "race") {
      machine.owners.hasNewlyShared = false;
      explorer.restart();
      traces.clear();
      outcomes.clear();
      executions = 0;
      isNew = true;
      continue;
    }
    if (end === "abandoned") continue;
    if (++executions > most) return undefined;
    if (end === "race") {
      return {
        ...{ traces, outcomes, executions, isRacy: true, isStuck },
        redundant: explorer.redundant,
      };
    }
    const outcome = outcomeOf(machine, end);
    const trace = `${explorer.order.signature()} ${outcome}`;
    traces.set(trace, (traces.get(trace) ?? 0) + 1);
    outcomes.add(outcome);
    isStuck ||= end === "deadlock";
  }
  return {
    ...{ traces, outcomes, executions, isRacy: false, isStuck },
    redundant: explorer.redundant,
  };
}
