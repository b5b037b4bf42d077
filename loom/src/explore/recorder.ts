// What explorers that run whole executions share: the order of their steps, and
// the data races in it.

import { Failed } from "../machine/execution.ts";
import type { Machine, Scheduler } from "../machine/machine.ts";
import {
  FENCE,
  NOTIFY,
  PLAIN_LOAD,
  PLAIN_STORE,
  RETURN,
} from "../machine/operation.ts";
import { READY } from "../machine/thread.ts";
import { Footprint } from "./footprint.ts";
import { Order } from "./order.ts";

/** Records an execution as it goes. */
export abstract class Recorder implements Scheduler {
  readonly order: Order;
  /** Of the step that is being chosen. */
  protected readonly footprint: Footprint;

  constructor(machine: Machine) {
    const { length } = machine.memory.words;
    this.order = new Order(machine.processes.count, length);
    this.footprint = new Footprint(length);
  }

  abstract choose(machine: Machine, enabled: number): number;

  /** Records the step that a process is about to take. */
  protected record(
    machine: Machine,
    process: number,
    isRepeated = false,
  ): void {
    const { order, footprint } = this;
    if (process < machine.processes.firstKiller) {
      this.#recordPlain(machine, process);
    }
    if (isRepeated) order.repeat();
    else order.add(process, footprint.read(machine, process));
    if (process >= machine.processes.firstKiller) {
      if (machine.processes.isDeadly(process)) {
        const recovery = machine.processes.firstRecovery +
          machine.processes.deaths;
        order.kill(
          machine.processes.victims[process - machine.processes.firstKiller]!,
          recovery < machine.processes.firstKiller ? recovery : undefined,
        );
      }
      return;
    }
    const { operation } = machine.threads[process]!;
    const { code, address, bytes } = operation;
    if (code === FENCE || code === NOTIFY || code === RETURN) return;
    if (code === PLAIN_LOAD || code === PLAIN_STORE) return;
    // A failed exchange, a wait and a load write nothing.
    this.#check(
      machine,
      order.access(
        process,
        address,
        bytes,
        order.hasWritten,
        false,
      ),
      process,
      address,
    );
  }

  /** A step that is a plain access comes before the step that it is. */
  #recordPlain(machine: Machine, process: number): void {
    const { status, operation } = machine.threads[process]!;
    const { code, address, bytes } = operation;
    const isWrite = code === PLAIN_STORE;
    if (status !== READY || !isWrite && code !== PLAIN_LOAD) return;
    this.plain(machine, process, address, bytes, isWrite);
  }

  plain(
    machine: Machine,
    thread: number,
    address: number,
    bytes: number,
    isWrite: boolean,
  ): void {
    const other = this.order.access(
      thread,
      address,
      bytes,
      isWrite,
      true,
    );
    this.#check(machine, other, thread, address);
  }

  /** Whether what was explored so far rests on what is found not to hold. */
  isVoid(machine: Machine): boolean {
    return machine.owners.hasNewlyShared || this.order.hasNewlyPlain;
  }

  #check(
    { threads }: Machine,
    other: number,
    thread: number,
    address: number,
  ): void {
    if (other < 0) return;
    throw new Failed(
      "race",
      `${threads[other]!.name} and ${threads[thread]!.name} access ` +
        `[${address}], not both atomically, and nothing orders them`,
    );
  }
}

/** The lowest process of a mask. */
export function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}
