// The explorers against brute force, on random programs, and what happens to
// that comparison when an explorer has a bug.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { model } from "../../loom/mod.ts";
import { Dpor } from "../../loom/src/explore/dpor.ts";
import { Footprint } from "../../loom/src/explore/footprint.ts";
import { Naive } from "../../loom/src/explore/naive.ts";
import { Order } from "../../loom/src/explore/order.ts";
import { Machine } from "../../loom/src/machine/machine.ts";
import { WAIT } from "../../loom/src/machine/operation.ts";
import { Processes } from "../../loom/src/machine/processes.ts";
import { Random } from "../stress/random.ts";
import {
  type Executions,
  newProgram,
  NO_CODE,
  runAll,
  scenarioOf,
} from "./programs.ts";

/** Programs of each kind. `LAYBY_STRESS` multiplies them. */
const PROGRAMS = 60 * Number(process.env["LAYBY_STRESS"] ?? 1);
/** Executions by brute force after which a program is left out. */
const MOST = 5000;

interface Kind {
  readonly name: string;
  readonly wakeOrder: "any" | "fifo";
  readonly spurious: number;
  readonly deaths: number;
  readonly deadSleepers: "leaves" | "stays";
}

const PLAIN = { wakeOrder: "any", spurious: 0, deaths: 0 } as const;

const KINDS: readonly Kind[] = [
  { ...PLAIN, name: "wakes in any order", deadSleepers: "stays" },
  {
    ...PLAIN,
    name: "wakes in order",
    wakeOrder: "fifo",
    deadSleepers: "stays",
  },
  { ...PLAIN, name: "spurious wakes", spurious: 1, deadSleepers: "stays" },
  { ...PLAIN, name: "deaths", deaths: 1, deadSleepers: "leaves" },
  {
    ...PLAIN,
    name: "dead sleepers that stay",
    deaths: 1,
    deadSleepers: "stays",
  },
];

/** What differs between brute force and the others; nothing if none does. */
function compare(seed: number, kind: Kind): string | undefined {
  const random = new Random(seed);
  const lines = newProgram(random, {
    threads: 2 + random.index(2),
    lines: kind.deaths + kind.spurious > 0 ? 3 : 4,
    plain: random.index(3) === 0,
  });
  const scenario = scenarioOf(lines);
  const options = { ...kind, timeouts: 1 };
  const naive = runAll(scenario, options, (it) => new Naive(it), MOST);
  if (naive === undefined) return undefined;
  const dpor = runAll(scenario, options, (it) => new Dpor(it), Infinity)!;
  // Nobody is killed where nobody can go on: brute force goes on elsewhere.
  if (kind.deaths > 0 && dpor.isStuck) return undefined;
  const found = differenceOf(naive, dpor, kind.spurious === 0);
  if (found) return `${found}: seed ${seed}, ${scenario.name}`;
  const { failure } = model(NO_CODE, scenario, {
    ...options,
    explorer: "states",
  });
  const wanted = naive.isRacy ? "race" : naive.isStuck ? "deadlock" : undefined;
  // A program that can do both fails as whichever is met first.
  if (naive.isRacy && failure?.kind === "deadlock") return undefined;
  if (failure?.kind === wanted) return undefined;
  return `states find ${failure?.kind}, not ${wanted}: seed ${seed}, ` +
    scenario.name;
}

function differenceOf(
  naive: Executions,
  dpor: Executions,
  isOptimal: boolean,
): string | undefined {
  if (naive.isRacy !== dpor.isRacy) return "a race";
  if (naive.isRacy) return undefined;
  if (naive.isStuck !== dpor.isStuck) return "a deadlock";
  for (const trace of naive.traces.keys()) {
    if (!dpor.traces.has(trace)) return "a trace is missing";
  }
  for (const [trace, times] of dpor.traces) {
    if (!naive.traces.has(trace)) return "a trace that there is not";
    if (isOptimal && times > 1) return "a trace that was explored twice";
  }
  return undefined;
}

/** The first difference among so many programs. */
function firstDifference(kind: Kind, programs: number): string | undefined {
  for (let seed = 1; seed <= programs; seed++) {
    const found = compare(seed, kind);
    if (found) return found;
  }
  return undefined;
}

for (const kind of KINDS) {
  test(`DPOR and states find what brute force finds: ${kind.name}`, () => {
    assert.equal(firstDifference(kind, PROGRAMS), undefined);
  });
}

/** Replaces a method for as long as the result is in scope. */
function seed<T extends object>(
  prototype: T,
  name: string,
  replacement: (this: T, before: () => unknown, ...args: never[]) => unknown,
): Disposable {
  const methods = prototype as Record<string, (...args: never[]) => unknown>;
  const before = methods[name]!;
  methods[name] = function (this: T, ...args: never[]) {
    return replacement.call(this, () => before.apply(this, args), ...args);
  };
  return { [Symbol.dispose]: () => methods[name] = before };
}

/** Of a program without code, and of the stacks behind it. */
const WORDS = new Machine(NO_CODE, scenarioOf([]), {
  ...PLAIN,
  ...{ timeouts: 0, deadSleepers: "stays", maxSteps: 1 },
}).memory.words.length;

/** Bugs, each in one method of an explorer or of the machine. */
const BUGS: Record<string, () => Disposable> = {
  "no two steps conflict for sleep sets": () =>
    seed(Footprint.prototype, "conflicts", () => false),
  "what is told to the queue is not seen": () =>
    seed(Footprint.prototype, "read", function (this: Footprint, before) {
      before();
      // Behind the two words of a program, and before lives and deaths.
      for (let place = 0; place < this.size; place++) {
        const it = this.places[place]!;
        if (it > 1 && it < 2 * WORDS) this.writes[place] = 0;
      }
      return this;
    }),
  "a wait that finds another value is a mere load": () =>
    seed(
      Footprint.prototype,
      "read",
      function (this: Footprint, before, machine: Machine, process: number) {
        before();
        const operation = machine.threads[process]?.operation;
        if (operation?.code !== WAIT) return this;
        if (!machine.succeeds(operation)) this.size = 1;
        return this;
      },
    ),
  "a store is a load": () =>
    seed(Footprint.prototype, "read", function (this: Footprint, before) {
      before();
      if (this.size === 1) this.writes[0] = 0;
      return this;
    }),
  "no race is reversed": () =>
    seed(Order.prototype, "add", function (this: Order, before) {
      before();
      this.races.length = 0;
    }),
  "only one race of a step is reversed": () =>
    seed(Order.prototype, "add", function (this: Order, before) {
      before();
      this.races.length = Math.min(this.races.length, 1);
    }),
  "everything happens before everything": () =>
    seed(Order.prototype, "precedes", () => true),
  "no access conflicts": () => seed(Order.prototype, "access", () => -1),
  "who sleeps must be woken": () =>
    seed(Processes.prototype, "needsWake", () => true),
  "there is one way to wake": () =>
    seed(Processes.prototype, "alternatives", () => 1),
  "a death touches nothing": () =>
    seed(
      Footprint.prototype,
      "read",
      function (this: Footprint, before, machine: Machine, process: number) {
        before();
        if (process >= machine.processes.firstKiller) this.size = 0;
        return this;
      },
    ),
};

for (const [name, plant] of Object.entries(BUGS)) {
  test(`the comparison finds a bug seeded into the checker: ${name}`, () => {
    using _ = plant();
    let found: unknown;
    try {
      found = KINDS.map((kind) => firstDifference(kind, 40)).find(Boolean);
    } catch (error) {
      // What it asserts of itself, or a schedule that does not replay.
      found = error;
    }
    assert.ok(found !== undefined, "nobody noticed");
  });
}
