// Source-DPOR with sleep sets: one execution of each kind, where two are of one
// kind if they differ only in the order of steps that do not conflict.
//
// Abdulla, Aronis, Jonsson and Sagonas, Optimal dynamic partial order reduction,
// POPL 2014, algorithm 1.

import type { Machine } from "../machine/machine.ts";
import { Footprint } from "./footprint.ts";
import { lowest, Recorder } from "./recorder.ts";

/** A point of the execution at which a process was chosen. Masks of processes. */
class Frame {
  enabled = 0;
  /** To be explored from here. */
  backtrack = 0;
  /** Not to be explored from here: explored elsewhere, or before. */
  sleep = 0;
  chosen = 0;
  alternative = 0;
  alternatives = 1;
}

/** Explores one execution after the other. */
export class Dpor extends Recorder {
  /** Executions that were given up, since all that they could do is asleep. */
  redundant = 0;
  readonly #frames: Frame[] = [];
  #depth = 0;
  /** Frames that the next execution repeats; the last one's choice is new. */
  #prefix = 0;
  /** What the next frame's sleep is to be. */
  #sleep = 0;
  readonly #other: Footprint;

  constructor(machine: Machine) {
    super(machine);
    this.#other = new Footprint(machine.memory.words.length);
  }

  /** Forgets what was explored, but not which words are accessed plainly. */
  restart(): void {
    this.redundant = 0;
    this.#prefix = 0;
  }

  /** Runs one execution less than all. Returns whether one is left. */
  next(): boolean {
    for (let top = this.#depth - 1; top >= 0; top--) {
      const frame = this.#frames[top]!;
      if (++frame.alternative < frame.alternatives) {
        this.#prefix = top + 1;
        return true;
      }
      frame.sleep |= 1 << frame.chosen;
      const left = frame.backtrack & ~frame.sleep;
      if (left === 0) continue;
      frame.chosen = lowest(left);
      frame.alternative = 0;
      this.#prefix = top + 1;
      return true;
    }
    return false;
  }

  /** Begins an execution. */
  begin(): void {
    this.order.reset();
    this.#depth = 0;
    this.#sleep = 0;
  }

  choose(machine: Machine, enabled: number): number {
    const depth = this.#depth;
    const frame = this.#frames[depth] ??= new Frame();
    const isNew = depth >= this.#prefix;
    if (isNew && !this.#enter(frame, machine, enabled)) return -1;
    const { chosen } = frame;
    const isLast = depth >= this.#prefix - 1;
    if (isLast && frame.alternative === 0) {
      frame.alternatives = machine.processes.alternatives(chosen);
    }
    machine.alternative = frame.alternative;
    const needsWake = machine.processes.needsWake(chosen);
    this.record(machine, chosen, !isLast);
    if (isLast) {
      // A sleeper that had to be woken could not have gone on before.
      if (!needsWake) this.#reverse();
      this.#sleep = this.#stillAsleep(machine, frame);
    }
    this.#depth++;
    return chosen;
  }

  /** Whether there is anything to do from a frame that is new. */
  #enter(frame: Frame, machine: Machine, enabled: number): boolean {
    frame.enabled = enabled;
    frame.sleep = this.#sleep;
    const awake = enabled & ~frame.sleep;
    if (awake === 0) {
      this.redundant++;
      return false;
    }
    // Going on with the same thread is cheaper than to switch.
    const { last } = machine;
    const stays = last >= 0 && (awake & 1 << last) !== 0;
    frame.chosen = stays ? last : lowest(awake);
    frame.backtrack = 1 << frame.chosen;
    frame.alternative = 0;
    return true;
  }

  /** Those asleep whose next steps do not conflict with the chosen one. */
  #stillAsleep(machine: Machine, frame: Frame): number {
    let asleep = frame.sleep & frame.enabled;
    let still = 0;
    while (asleep !== 0) {
      const process = lowest(asleep);
      asleep &= asleep - 1;
      const other = this.#other.read(machine, process);
      if (!other.conflicts(this.footprint)) still |= 1 << process;
    }
    return still;
  }

  /** Has the races of the last step explored the other way round. */
  #reverse(): void {
    const { order } = this;
    const last = order.length - 1;
    for (const step of order.races) {
      const frame = this.#frames[step]!;
      const initials = this.#initials(step, last);
      if ((initials & (frame.backtrack | frame.sleep)) !== 0) continue;
      const able = initials & frame.enabled;
      if (able === 0) {
        throw new Error("loom: a race that cannot be reversed. Please report");
      }
      const wanted = 1 << order.processes[last]!;
      frame.backtrack |= (able & wanted) !== 0 ? wanted : able & -able;
    }
  }

  /**
   * The processes that can come first where `step` was, of what came after it
   * without depending on it, and of the last step.
   */
  #initials(step: number, last: number): number {
    const { order } = this;
    const { processes } = order;
    const firsts: number[] = [];
    let seen = 0;
    let initials = 0;
    for (let row = step + 1; row <= last; row++) {
      if (row < last && order.precedes(step, row)) continue;
      const bit = 1 << processes[row]!;
      if ((seen & bit) !== 0) continue;
      seen |= bit;
      if (!firsts.some((first) => order.precedes(first, row))) initials |= bit;
      firsts.push(row);
    }
    return initials;
  }
}
