// Every interleaving, one after the other, and random ones. To check the others
// with, and to compare.

import type { Machine } from "../machine/machine.ts";
import { lowest, Recorder } from "./recorder.ts";

/** Explores all interleavings, equal ones too. */
export class Naive extends Recorder {
  readonly redundant = 0;
  /** What is left to choose at each point, as masks. */
  readonly #left: number[] = [];
  readonly #chosen: number[] = [];
  readonly #alternative: number[] = [];
  readonly #alternatives: number[] = [];
  #depth = 0;
  #prefix = 0;

  /** Forgets what was explored. */
  restart(): void {
    this.#prefix = 0;
  }

  /** Whether an execution is left. */
  next(): boolean {
    for (let top = this.#depth - 1; top >= 0; top--) {
      if (this.#alternative[top]! + 1 < this.#alternatives[top]!) {
        this.#alternative[top]!++;
      } else {
        if (this.#left[top] === 0) continue;
        this.#chosen[top] = lowest(this.#left[top]!);
        this.#left[top]! &= this.#left[top]! - 1;
        this.#alternative[top] = 0;
      }
      this.#prefix = top + 1;
      return true;
    }
    return false;
  }

  /** Begins an execution. */
  begin(): void {
    this.order.reset();
    this.#depth = 0;
  }

  choose(machine: Machine, enabled: number): number {
    const depth = this.#depth++;
    if (depth >= this.#prefix) {
      this.#chosen[depth] = lowest(enabled);
      this.#left[depth] = enabled & enabled - 1;
      this.#alternative[depth] = 0;
    }
    const process = this.#chosen[depth]!;
    this.#alternatives[depth] = machine.processes.alternatives(process);
    machine.alternative = this.#alternative[depth]!;
    this.record(machine, process);
    return process;
  }
}

/** Walks at random, from a seed. */
export class RandomWalk extends Recorder {
  readonly redundant = 0;
  #state: number;

  constructor(machine: Machine, seed: number) {
    super(machine);
    this.#state = seed | 0 || 1;
  }

  restart(): void {}

  next(): boolean {
    return true;
  }

  begin(): void {
    this.order.reset();
  }

  /** https://en.wikipedia.org/wiki/Xorshift */
  #below(count: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % count;
  }

  choose(machine: Machine, enabled: number): number {
    const choices: number[] = [];
    for (let left = enabled; left !== 0; left &= left - 1) {
      choices.push(lowest(left));
    }
    const process = choices[this.#below(choices.length)]!;
    machine.alternative = this.#below(machine.processes.alternatives(process));
    this.record(machine, process);
    return process;
  }
}
