// Explores a scenario, and says what was found.

import { Dpor } from "./explore/dpor.ts";
import { Naive, RandomWalk } from "./explore/naive.ts";
import { States } from "./explore/states.ts";
import type { End } from "./machine/execution.ts";
import { Machine } from "./machine/machine.ts";
import { boundsOf } from "./options.ts";
import { readSchedule, writeSchedule } from "./report/schedule.ts";
import { follow } from "./report/trace.ts";
import type {
  ExplorerName,
  Failure,
  FailureKind,
  ModelOptions,
  Report,
  Scenario,
} from "./scenario.ts";
import type { Program } from "./types.ts";

/** Executions after which `"auto"` turns from DPOR to states. */
const AUTO_EXECUTIONS = 100_000;

/**
 * Explores the interleavings of a scenario, until one fails or none is left.
 *
 * @throws {RangeError} If an option is out of its range, there are too many
 * threads, or no such thread to kill.
 * @throws {TypeError} If a body does what the checker cannot follow.
 */
export function model(
  program: Program,
  scenario: Scenario,
  options: ModelOptions = {},
): Report {
  return new Exploration(program, scenario, options).run();
}

/**
 * Takes the execution of a schedule again.
 *
 * @returns How it failed; `undefined` if it does not.
 * @throws {SyntaxError} If the schedule is none.
 * @throws {RangeError} If the schedule is of another scenario or program.
 */
export function replay(
  program: Program,
  scenario: Scenario,
  schedule: string,
  options: ModelOptions = {},
): Failure | undefined {
  const machine = new Machine(program, scenario, boundsOf(options));
  return failureOf(machine, readSchedule(schedule));
}

function failureOf(
  machine: Machine,
  schedule: readonly number[],
): Failure | undefined {
  const { end, steps, message } = follow(machine, schedule);
  if (!isFailure(end)) return undefined;
  const log = writeSchedule(machine.log);
  return { kind: end, message, trace: steps, schedule: log };
}

function isFailure(end: End): end is FailureKind {
  return end !== "finished" && end !== "truncated" && end !== "abandoned";
}

/** One exploration, and what it has counted. */
class Exploration {
  readonly #machine: Machine;
  readonly #options: ModelOptions;
  readonly #began: number = performance.now();
  #explorer: ExplorerName;
  #executions = 0;
  #redundant = 0;
  #truncated = 0;
  #states = 0;
  #steps = 0;
  #depth = 0;
  #isComplete = false;
  #failed: End | undefined;

  constructor(program: Program, scenario: Scenario, options: ModelOptions) {
    this.#options = options;
    this.#explorer = options.explorer ?? "auto";
    this.#machine = new Machine(program, scenario, boundsOf(options));
  }

  run(): Report {
    const { explorer = "auto", maxExecutions = Infinity } = this.#options;
    if (explorer === "states") this.#search();
    else if (explorer === "auto") {
      this.#execute("dpor", Math.min(AUTO_EXECUTIONS, maxExecutions));
      const isUndecided = !this.#isComplete && this.#failed === undefined;
      if (isUndecided && this.#goesOn()) this.#search();
    } else this.#execute(explorer, maxExecutions);
    return this.#report();
  }

  #goesOn(): boolean {
    const { maxSeconds = Infinity } = this.#options;
    return performance.now() - this.#began < 1000 * maxSeconds;
  }

  /** Runs execution after execution. */
  #execute(name: "dpor" | "naive" | "random", limit: number): void {
    const machine = this.#machine;
    this.#explorer = name;
    const explorer = this.#newExplorer(name);
    for (let turn = 1; turn <= limit; turn++) {
      explorer.begin();
      const end = machine.run(explorer);
      this.#count(end);
      if (isFailure(end)) {
        this.#failed = end;
        return;
      }
      if (explorer.isVoid(machine)) {
        // What was explored so far took a shared word for a thread's own.
        machine.owners.hasNewlyShared = false;
        explorer.restart();
        this.#executions = this.#redundant = this.#truncated = 0;
      } else if (!explorer.next()) {
        this.#isComplete = true;
        return;
      }
      if (turn % 64 === 0 && !this.#goesOn()) return;
    }
  }

  #newExplorer(name: "dpor" | "naive" | "random"): Dpor | Naive | RandomWalk {
    const machine = this.#machine;
    if (name === "dpor") return new Dpor(machine);
    if (name === "naive") return new Naive(machine);
    return new RandomWalk(machine, this.#options.seed ?? 1);
  }

  #count(end: End): void {
    const { steps } = this.#machine;
    this.#steps += steps;
    if (steps > this.#depth) this.#depth = steps;
    if (end === "abandoned") this.#redundant++;
    else this.#executions++;
    if (end === "truncated") this.#truncated++;
  }

  /** Searches the states. */
  #search(): void {
    const machine = this.#machine;
    const { maxStates = Infinity } = this.#options;
    this.#explorer = "states";
    for (;;) {
      machine.owners.hasNewlyShared = false;
      const states = new States(machine);
      const { end, isComplete } = states.search(() =>
        this.#goesOn() && states.visited.size < maxStates
      );
      this.#states = states.visited.size;
      this.#executions = states.executions;
      this.#truncated = states.truncated;
      this.#steps += states.steps;
      this.#depth = Math.max(this.#depth, states.depth);
      if (isFailure(end)) this.#failed = end;
      else if (machine.owners.hasNewlyShared) continue;
      else this.#isComplete = isComplete;
      return;
    }
  }

  #report(): Report {
    const machine = this.#machine;
    const coverage = machine.coverage.read(machine.program.sites);
    const seconds = (performance.now() - this.#began) / 1000;
    return {
      scenario: machine.scenario.name,
      explorer: this.#explorer,
      executions: this.#executions,
      redundant: this.#redundant,
      states: this.#states,
      steps: this.#steps,
      depth: this.#depth,
      seconds,
      complete: this.#isComplete,
      truncated: this.#truncated,
      failure: this.#failure(),
      coverage,
    };
  }

  #failure(): Failure | undefined {
    if (this.#failed === undefined) return undefined;
    const { message } = this.#machine;
    const log = [...this.#machine.log];
    const failure = failureOf(this.#machine, log);
    if (failure) return failure;
    const schedule = writeSchedule(log);
    throw new Error(
      `loom: the ${this.#failed} (${message}) does not replay from ` +
        `${schedule}. A body is not deterministic, or shares a variable`,
    );
  }
}
