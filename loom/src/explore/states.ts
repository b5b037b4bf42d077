// Every state that any interleaving can reach, each once.
//
// A state is the memory, the stacks of the threads, which asyncify keeps in
// memory, and what their bodies were told. Two interleavings that meet in one
// state go on alike, so the second one is not followed.

import { type End, Failed } from "../machine/execution.ts";
import type { Machine, Snapshot } from "../machine/machine.ts";
import {
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  PLAIN_LOAD,
  PLAIN_STORE,
  RETURN,
  WAIT,
} from "../machine/operation.ts";
import { ASLEEP, READY } from "../machine/thread.ts";
import { lowest } from "./recorder.ts";

/** A state with choices that are left. */
interface Frame {
  readonly snapshot: Snapshot;
  left: number;
  process: number;
  alternative: number;
  alternatives: number;
}

/** What a search has found. */
export interface Found {
  readonly end: End;
  readonly isComplete: boolean;
}

/** Searches the states of a machine, depth first. */
export class States {
  /** Hashes of the states that were visited. */
  readonly visited: Set<number> = new Set();
  executions = 0;
  truncated = 0;
  steps = 0;
  depth = 0;
  readonly #machine: Machine;
  /** The frame whose state the machine is in, if it is. */
  #current: Frame | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Searches all. `goesOn` is asked now and then. */
  search(goesOn: () => boolean): Found {
    const machine = this.#machine;
    machine.showsPlain = true;
    const frames: Frame[] = [];
    try {
      machine.begin();
      this.#arrive(frames);
      for (let turn = 1; frames.length > 0; turn++) {
        if (machine.owners.hasNewlyShared || turn % 256 === 0 && !goesOn()) {
          return { end: "abandoned", isComplete: false };
        }
        this.#turn(frames);
      }
    } catch (error) {
      return { end: machine.endOf(error), isComplete: false };
    } finally {
      machine.showsPlain = false;
    }
    return { end: "finished", isComplete: true };
  }

  /** Takes the next step of the topmost frame. */
  #turn(frames: Frame[]): void {
    const machine = this.#machine;
    const frame = frames.at(-1)!;
    if (this.#current !== frame) machine.restore(frame.snapshot);
    this.#current = undefined;
    if (++frame.alternative >= frame.alternatives) {
      if (frame.left === 0) {
        frames.pop();
        return;
      }
      frame.process = lowest(frame.left);
      frame.left &= frame.left - 1;
      frame.alternative = 0;
      frame.alternatives = machine.processes.alternatives(frame.process);
    }
    machine.alternative = frame.alternative;
    if (!isSkipped(machine, frame.process)) machine.note(frame.process);
    machine.step(frame.process);
    this.steps++;
    this.#arrive(frames);
  }

  /** Looks at the state that the last step led to. */
  #arrive(frames: Frame[]): void {
    const machine = this.#machine;
    if (frames.length > this.depth) this.depth = frames.length;
    const hash = hashOf(machine);
    if (this.visited.has(hash)) return;
    this.visited.add(hash);
    let enabled = machine.processes.choices();
    if (enabled === "deadlock") {
      throw new Failed("deadlock", machine.processes.sleepers());
    }
    if (typeof enabled === "number") {
      // A killer that would kill nobody changes nothing.
      for (let left = machine.processes.killers; left !== 0; left &= left - 1) {
        const killer = lowest(left);
        if (!machine.processes.isDeadly(killer)) enabled &= ~(1 << killer);
      }
    }
    if (typeof enabled !== "number" || enabled === 0) {
      this.executions++;
      if (machine.processes.rest === "truncated") this.truncated++;
      else machine.finish();
      return;
    }
    checkRaces(machine);
    this.#current = {
      snapshot: machine.save(),
      left: enabled,
      process: -1,
      alternative: 0,
      alternatives: 0,
    };
    frames.push(this.#current);
  }
}

/** Fails if two threads are both about to access one place, one plainly. */
function checkRaces(machine: Machine): void {
  const { threads } = machine;
  for (const one of threads) {
    if (one.status !== READY) continue;
    const { code, address, bytes } = one.operation;
    if (code !== PLAIN_LOAD && code !== PLAIN_STORE) continue;
    for (const two of threads) {
      if (two === one || two.status !== READY) continue;
      const { operation: other } = two;
      if (
        other.code === FENCE || other.code === NOTIFY || other.code === RETURN
      ) continue;
      if (other.address >= address + bytes) continue;
      if (address >= other.address + other.bytes) continue;
      const reads = other.code === LOAD || other.code === WAIT ||
        other.code === PLAIN_LOAD ||
        other.code === CMPXCHG && !machine.succeeds(other);
      if (code === PLAIN_LOAD && reads) continue;
      // Taken again, the plain one comes as soon as it can.
      for (const { index } of [one, two]) {
        if (!isSkipped(machine, index)) machine.note(index);
      }
      throw new Failed(
        "race",
        `${one.name} and ${two.name} access [${address}], not both ` +
          "atomically, and nothing orders them",
      );
    }
  }
}

/**
 * Whether a thread is about to access memory plainly: schedules skip that, but
 * for stores before which the thread may be killed.
 */
function isSkipped({ threads }: Machine, process: number): boolean {
  const thread = threads[process];
  if (thread?.status !== READY) return false;
  const { code } = thread.operation;
  return code === PLAIN_LOAD || code === PLAIN_STORE && !thread.mortal;
}

/** Two hashes of 32 bits, mixed side by side. */
let high = 0;
let low = 0;

function mix(value: number): void {
  high = Math.imul(high ^ value, 0x85ebca6b) + 0x9e3779b9 | 0;
  high ^= high >>> 13;
  low = Math.imul(low + value | 0, 0xc2b2ae35) ^ 0x27d4eb2f;
  low ^= low >>> 16;
}

/**
 * A hash of all that what follows depends on: 53 bits, so that among a million
 * states the chance that two share one is 6e-5.
 */
export function hashOf(machine: Machine): number {
  const { memory, threads, futex } = machine;
  const { words, written } = memory;
  high = 0x12345678;
  low = 0x6789abcd | 0;
  mix(memory.size);
  // In the order of the words' first writes, whenever these were: a word that is
  // as it was kept has no part in the hash.
  for (let index = 0; index < written.length; index++) {
    const word = written[index]!;
    const value = words[word]!;
    if (value === memory.kept(word)) continue;
    mix(word);
    mix(value);
  }
  for (const thread of threads) {
    const { status, operation, woken, timeouts, spurious } = thread;
    mix(status | (woken ? 8 : 0) | timeouts << 4 | spurious << 16);
    mix(thread.history.length);
    for (const answer of thread.history) mix(answer | 0);
    if (status !== READY && status !== ASLEEP) continue;
    mix(operation.code | operation.site << 4);
    mix(operation.address);
    // The operands of an instruction are on the thread's stack or follow from
    // it, but for those that the optimiser keeps nowhere.
    mix(Number(BigInt.asIntN(32, BigInt(operation.first))));
    mix(Number(BigInt.asIntN(32, BigInt(operation.second))));
    if (thread.call === undefined) continue;
    const end = thread.stackTop >> 2;
    for (let word = (thread.stack >> 2) + 2; word < end; word++) {
      mix(words[word]!);
    }
  }
  for (const [address, queue] of futex.queues) {
    mix(address);
    for (const sleeper of queue) mix(sleeper);
  }
  mix(machine.processes.killed);
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}
