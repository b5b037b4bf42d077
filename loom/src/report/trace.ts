// A failing execution, step by step: taken again from its schedule, and written
// down as it goes.

import type { End } from "../machine/execution.ts";
import type { Machine } from "../machine/machine.ts";
import {
  CMPXCHG,
  FENCE,
  LOAD,
  NAMES,
  NOTIFY,
  type Operation,
  RETURN,
  STORE,
  WAIT,
} from "../machine/operation.ts";
import { ASLEEP } from "../machine/thread.ts";
import { Recorder } from "../explore/recorder.ts";
import type { TraceStep } from "../scenario.ts";
import type { Site } from "../types.ts";

/** Takes the steps of a schedule, and then any. */
export class Follower extends Recorder {
  readonly steps: TraceStep[] = [];
  readonly #schedule: readonly number[];

  constructor(machine: Machine, schedule: readonly number[]) {
    super(machine);
    this.#schedule = schedule;
    this.order.watchAll();
  }

  choose(machine: Machine, enabled: number): number {
    const place = machine.log.length;
    // Beyond the end nobody has chosen: the failure came without a choice.
    const entry = this.#schedule[place] ?? 31 - Math.clz32(enabled & -enabled);
    const process = entry & 0xff;
    if ((enabled & 1 << process) === 0) {
      throw new RangeError(
        `Cannot follow the schedule at step ${place}: process ${process} ` +
          "cannot take a step there",
      );
    }
    machine.alternative = entry >> 8;
    this.steps.push(describe(machine, process));
    this.record(machine, process);
    return process;
  }
}

/** Runs an execution again. */
export function follow(
  machine: Machine,
  schedule: readonly number[],
): { end: End; steps: readonly TraceStep[]; message: string } {
  const follower = new Follower(machine, schedule);
  machine.showsPrivate = true;
  try {
    const end = machine.run(follower);
    return { end, steps: follower.steps, message: machine.message };
  } finally {
    machine.showsPrivate = false;
  }
}

/** What a process is about to do. */
function describe(machine: Machine, process: number): TraceStep {
  if (process >= machine.processes.firstKiller) {
    const victim = machine.processes
      .victims[process - machine.processes.firstKiller]!;
    const { name } = machine.threads[victim]!;
    const text = machine.processes.isDeadly(process)
      ? `${name} is killed`
      : `${name} is not killed`;
    return { thread: name, text, place: undefined };
  }
  const thread = machine.threads[process]!;
  const { operation, name, status, woken } = thread;
  const text = status === ASLEEP
    ? `wakes on [${operation.address}]: ${
      woken ? "woken" : wakesAs(machine, process)
    }`
    : textOf(machine, operation);
  return { thread: name, text, place: placeOf(machine, operation.site) };
}

function wakesAs(machine: Machine, process: number): string {
  const { operation, timeouts } = machine.threads[process]!;
  const timesOut = operation.timed && timeouts > 0 && machine.alternative === 0;
  return timesOut ? "timed out" : "for no reason";
}

function textOf(machine: Machine, operation: Operation): string {
  const { code, address, first, second } = operation;
  const name = `${NAMES[code]}${widthOf(operation)} [${address}]`;
  switch (code) {
    case FENCE:
      return "fence";
    case LOAD:
      return `${name}: ${found(machine, operation)}`;
    case STORE:
      return `${name} = ${first}`;
    case CMPXCHG: {
      const succeeds = machine.succeeds(operation);
      const outcome = succeeds
        ? "succeeds"
        : `finds ${found(machine, operation)}`;
      return `${name} ${first} -> ${second}: ${outcome}`;
    }
    case WAIT: {
      const outcome = machine.succeeds(operation)
        ? "sleeps"
        : `finds ${found(machine, operation)}`;
      const limit = operation.timed ? ", with a timeout" : "";
      return `${name} while ${first}${limit}: ${outcome}`;
    }
    case NOTIFY: {
      const count = (first as number) >>> 0;
      const sleepers = machine.futex.count(address);
      return `${name}: wakes ${Math.min(count, sleepers)} of ${sleepers}`;
    }
    case RETURN:
      return name;
  }
  return `${name} ${first}: found ${found(machine, operation)}`;
}

function widthOf({ bytes }: Operation): string {
  return bytes === 4 ? "" : `${8 * bytes}`;
}

function found(machine: Machine, operation: Operation): number | bigint {
  const { address, bytes, wide } = operation;
  const { memory } = machine;
  return wide ? memory.readWide(address, bytes) : memory.read(address, bytes);
}

function placeOf({ program }: Machine, site: number): string | undefined {
  const found = program.sites[site];
  return found && describePlace(found);
}

/** Where an instruction is, for a reader. */
export function describePlace({ func, source, pc }: Site): string {
  if (source === undefined) return `${func}, byte ${pc}`;
  return `${func}, ${source.file}:${source.line}`;
}
