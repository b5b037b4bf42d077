// What happened before what, in one execution, by vector clocks; and which
// accesses are ordered by nothing.
//
// Clocks: https://en.wikipedia.org/wiki/Vector_clock. That plain accesses need
// only their place among the atomic ones of their thread is FastTrack's idea
// (Flanagan and Freund, PLDI 2009).

import type { Machine } from "../machine/machine.ts";
import type { Footprint } from "./footprint.ts";

/** Rows at first; it grows. */
const ROWS = 256;

/** The steps of one execution, each with what happened before it. */
export class Order {
  /** How many steps. */
  length = 0;
  /** The process of each step. */
  processes: Uint8Array = new Uint8Array(ROWS);
  /** Which step of its process it is, from 1. */
  ordinals: Int32Array = new Int32Array(ROWS);
  /** For each step, how many of each process's happened before it, or are it. */
  clocks: Int32Array;
  /** How many processes. */
  readonly width: number;
  /** The steps that the last one added could be swapped with, and matter. */
  readonly races: number[] = [];

  /** The last step of each process, or the one that it was born of; or -1. */
  readonly #last: Int32Array;
  readonly #counts: Int32Array;
  readonly #places: Map<number, number> = new Map();
  /** By place: the last step that wrote. */
  #writers: Int32Array = new Int32Array(ROWS);
  /** By place and process: the last step that read since. */
  #readers: Int32Array;
  /** By place: in which execution the two above were set. */
  #stamps: Int32Array = new Int32Array(ROWS);
  #execution = 0;
  readonly #candidates: number[] = [];
  /** By word: plain accesses of this execution. */
  readonly #plain: Map<number, PlainAccesses> = new Map();

  constructor(width: number) {
    this.width = width;
    this.clocks = new Int32Array(ROWS * width);
    this.#last = new Int32Array(width).fill(-1);
    this.#counts = new Int32Array(width);
    this.#readers = new Int32Array(ROWS * width);
  }

  /** Forgets an execution. */
  reset(): void {
    this.length = 0;
    this.#execution++;
    this.#last.fill(-1);
    this.#counts.fill(0);
    if (this.#plain.size > 0) this.#plain.clear();
  }

  /**
   * Adds a step of a process. Its races are then in `races`: earlier steps that
   * it conflicts with and that nothing in between puts before it.
   */
  add(process: number, footprint: Footprint): void {
    const row = this.length++;
    if (row * this.width >= this.clocks.length - this.width) this.#grow();
    const { clocks, width, ordinals } = this;
    const at = row * width;
    const before = this.#last[process]!;
    if (before >= 0) {
      clocks.copyWithin(at, before * width, before * width + width);
    } else clocks.fill(0, at, at + width);
    const ordinal = ++this.#counts[process]!;
    this.processes[row] = process;
    ordinals[row] = ordinal;
    this.#last[process] = row;
    this.#collect(process, footprint, row);
    this.#join(row);
    clocks[at + process] = ordinal;
  }

  /**
   * The last step has killed a thread, whose plain accesses it comes after, and
   * brought a recovery into being, if there is one.
   */
  kill(victim: number, recovery: number | undefined): void {
    const row = this.length - 1;
    this.clocks[row * this.width + victim] = this.#counts[victim]! + 1;
    if (recovery !== undefined) this.#last[recovery] = row;
  }

  /** Finds the earlier steps that conflict with this one, and notes this one. */
  #collect(process: number, footprint: Footprint, row: number): void {
    const candidates = this.#candidates;
    const { width } = this;
    candidates.length = 0;
    for (let index = 0; index < footprint.size; index++) {
      const place = this.#placeOf(footprint.places[index]!);
      const writer = this.#writers[place]!;
      if (writer >= 0) candidates.push(writer);
      const first = place * width;
      if (footprint.writes[index]) {
        for (let reader = 0; reader < width; reader++) {
          const read = this.#readers[first + reader]!;
          if (read >= 0 && reader !== process) candidates.push(read);
          this.#readers[first + reader] = -1;
        }
        this.#writers[place] = row;
      } else this.#readers[first + process] = row;
    }
  }

  /** Joins the clocks of the candidates, the latest first. */
  #join(row: number): void {
    const { clocks, width, races, processes, ordinals } = this;
    const candidates = this.#candidates;
    races.length = 0;
    if (candidates.length > 1) candidates.sort((a, b) => b - a);
    const at = row * width;
    for (let index = 0; index < candidates.length; index++) {
      const other = candidates[index]!;
      const process = processes[other]!;
      if (clocks[at + process]! >= ordinals[other]!) continue;
      races.push(other);
      const from = other * width;
      for (let column = 0; column < width; column++) {
        const theirs = clocks[from + column]!;
        if (theirs > clocks[at + column]!) clocks[at + column] = theirs;
      }
    }
  }

  /** Whether a step happened before another, or is it. */
  precedes(first: number, second: number): boolean {
    const process = this.processes[first]!;
    return this.clocks[second * this.width + process]! >=
      this.ordinals[first]!;
  }

  /** A number that is the same for executions that differ only in swaps. */
  signature(): number {
    let sum = 0;
    for (let row = 0; row < this.length; row++) {
      let hash = this.processes[row]! + 1;
      for (let column = 0; column < this.width; column++) {
        const clock = this.clocks[row * this.width + column]!;
        hash = Math.imul(hash ^ clock, 0x01000193) + 0x9e3779b9 | 0;
        hash ^= hash >>> 15;
      }
      sum = (sum + (hash >>> 0) * ((hash >>> 7 & 0xffff) + 1)) % 2 ** 52;
    }
    return sum;
  }

  /**
   * Notes an access between the last step of a thread and its next, or the
   * access that its last step was. Returns the thread that accessed the same
   * with nothing in between that orders them, or -1.
   */
  access(
    machine: Machine,
    thread: number,
    address: number,
    bytes: number,
    isWrite: boolean,
    isPlain: boolean,
  ): number {
    // A plain access comes before the thread's next step; a step is itself.
    const epoch = this.#counts[thread]! + (isPlain ? 1 : 0);
    const last = this.#last[thread]!;
    const at = last * this.width;
    const end = (address + bytes - 1) >> 2;
    for (let word = address >> 2; word <= end; word++) {
      let accesses = this.#plain.get(word);
      if (accesses === undefined) {
        accesses = new PlainAccesses(machine.firstKiller);
        this.#plain.set(word, accesses);
      }
      const other = accesses.conflict(
        thread,
        isWrite,
        isPlain,
        (process) => last < 0 ? 0 : this.clocks[at + process]!,
      );
      if (other >= 0) return other;
      accesses.note(thread, epoch, isWrite, isPlain);
    }
    return -1;
  }

  #placeOf(key: number): number {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(key, place);
      if (place >= this.#writers.length) this.#growPlaces();
      this.#stamps[place] = -1;
    }
    if (this.#stamps[place] !== this.#execution) {
      this.#stamps[place] = this.#execution;
      this.#writers[place] = -1;
      const first = place * this.width;
      this.#readers.fill(-1, first, first + this.width);
    }
    return place;
  }

  #grow(): void {
    this.processes = grown(this.processes, Uint8Array);
    this.ordinals = grown(this.ordinals, Int32Array);
    this.clocks = grown(this.clocks, Int32Array);
  }

  #growPlaces(): void {
    this.#writers = grown(this.#writers, Int32Array);
    this.#stamps = grown(this.#stamps, Int32Array);
    this.#readers = grown(this.#readers, Int32Array);
  }
}

/** The accesses of one word so far, by thread. */
class PlainAccesses {
  /** Kinds of access: plain and atomic, reads and writes. */
  readonly #epochs: Int32Array[];

  constructor(threads: number) {
    this.#epochs = [0, 1, 2, 3].map(() => new Int32Array(threads));
  }

  /** A thread whose access conflicts, and is not ordered before; or -1. */
  conflict(
    thread: number,
    isWrite: boolean,
    isPlain: boolean,
    seen: (process: number) => number,
  ): number {
    for (let kind = 0; kind < 4; kind++) {
      const wrote = (kind & 1) !== 0;
      const wasPlain = (kind & 2) !== 0;
      // Reads do not conflict, and neither do two atomic accesses.
      if (!isWrite && !wrote || !isPlain && !wasPlain) continue;
      const epochs = this.#epochs[kind]!;
      for (let other = 0; other < epochs.length; other++) {
        if (other === thread || epochs[other] === 0) continue;
        if (seen(other) < epochs[other]!) return other;
      }
    }
    return -1;
  }

  note(
    thread: number,
    epoch: number,
    isWrite: boolean,
    isPlain: boolean,
  ): void {
    const kind = (isWrite ? 1 : 0) | (isPlain ? 2 : 0);
    this.#epochs[kind]![thread] = epoch;
  }
}

function grown<T extends Uint8Array | Int32Array>(
  array: T,
  Type: new (length: number) => T,
): T {
  const larger = new Type(2 * array.length);
  larger.set(array);
  return larger;
}
