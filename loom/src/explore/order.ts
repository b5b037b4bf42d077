// What happened before what, in one execution, by vector clocks; and which
// accesses are ordered by nothing.
//
// https://en.wikipedia.org/wiki/Vector_clock

import { Accesses } from "./accesses.ts";
import { type Footprint, MOST_PLACES, placesOf } from "./footprint.ts";

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
  /** For each step, how many places it touches, and which: with whether it writes in
   * the lowest bit. */
  #sizes: Uint8Array = new Uint8Array(ROWS);
  #places: Int32Array = new Int32Array(ROWS * MOST_PLACES);
  /** How many processes. */
  readonly width: number;
  /** The steps that the last one added could be swapped with, and matter. */
  readonly races: number[] = [];

  /** The last step of each process, or the one that it was born of; or -1. */
  readonly #last: Int32Array;
  readonly #counts: Int32Array;
  /** By place: its number among those that were touched, from 1; or 0. */
  readonly #numbers: Int32Array;
  #touched = 0;
  /** By number: the last step that wrote. */
  #writers: Int32Array = new Int32Array(ROWS);
  /** By number and process: the last step that read since. */
  #readers: Int32Array;
  /** By number: in which execution the two above were set. */
  #stamps: Int32Array = new Int32Array(ROWS);
  #execution = 0;
  readonly #candidates: number[] = [];
  readonly #accesses: Accesses;

  /**
   * @param width How many processes there are.
   * @param words How many words the memory has.
   */
  constructor(width: number, words: number) {
    this.#numbers = new Int32Array(placesOf(words));
    this.#accesses = new Accesses(width, words);
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
    this.#accesses.reset();
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
      const from = before * width;
      for (let column = 0; column < width; column++) {
        clocks[at + column] = clocks[from + column]!;
      }
    } else clocks.fill(0, at, at + width);
    const ordinal = ++this.#counts[process]!;
    this.processes[row] = process;
    ordinals[row] = ordinal;
    this.#last[process] = row;
    this.#keep(footprint, row);
    this.#collect(process, footprint, row);
    this.#join(row);
    clocks[at + process] = ordinal;
  }

  /** Adds the step that the execution before had at the same place. */
  repeat(): void {
    const row = this.length++;
    const process = this.processes[row]!;
    this.#counts[process] = this.ordinals[row]!;
    this.#last[process] = row;
    const first = row * MOST_PLACES;
    const end = first + this.#sizes[row]!;
    for (let index = first; index < end; index++) {
      const code = this.#places[index]!;
      const number = this.#numberOf(code >> 1);
      const at = number * this.width;
      if ((code & 1) === 0) this.#readers[at + process] = row;
      else {
        this.#readers.fill(-1, at, at + this.width);
        this.#writers[number] = row;
      }
    }
  }

  /** Whether the last step writes the first place that it touches. */
  get hasWritten(): boolean {
    return (this.#places[(this.length - 1) * MOST_PLACES]! & 1) !== 0;
  }

  /** Keeps what a step touches, for `repeat()`. */
  #keep({ size, places, writes }: Footprint, row: number): void {
    this.#sizes[row] = size;
    const first = row * MOST_PLACES;
    for (let index = 0; index < size; index++) {
      this.#places[first + index] = places[index]! << 1 | writes[index]!;
    }
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
      const place = this.#numberOf(footprint.places[index]!);
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
    if (candidates.length > 1) candidates.sort(descending);
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
    thread: number,
    address: number,
    bytes: number,
    isWrite: boolean,
    isPlain: boolean,
  ): number {
    // A plain access comes before the thread's next step; a step is itself.
    const epoch = this.#counts[thread]! + (isPlain ? 1 : 0);
    const at = this.#last[thread]! * this.width;
    const kind = (isWrite ? 1 : 0) | (isPlain ? 2 : 0);
    const end = (address + bytes - 1) >> 2;
    for (let word = address >> 2; word <= end; word++) {
      const other = this.#accesses.note(
        word,
        thread,
        kind,
        epoch,
        this.clocks,
        at,
      );
      if (other >= 0) return other;
    }
    return -1;
  }

  /** Whether a word was found to be accessed plainly since this was asked. */
  get hasNewlyPlain(): boolean {
    return this.#accesses.hasNewlyPlain;
  }

  /** Takes every word for one that is accessed plainly. */
  watchAll(): void {
    this.#accesses.watchAll();
  }

  #numberOf(place: number): number {
    let number = this.#numbers[place]! - 1;
    if (number < 0) {
      number = this.#touched++;
      this.#numbers[place] = number + 1;
      if (number >= this.#writers.length) this.#growPlaces();
      this.#stamps[number] = -1;
    }
    if (this.#stamps[number] !== this.#execution) {
      this.#stamps[number] = this.#execution;
      this.#writers[number] = -1;
      const first = number * this.width;
      for (let index = 0; index < this.width; index++) {
        this.#readers[first + index] = -1;
      }
    }
    return number;
  }

  #grow(): void {
    this.processes = grown(this.processes, Uint8Array);
    this.ordinals = grown(this.ordinals, Int32Array);
    this.#sizes = grown(this.#sizes, Uint8Array);
    this.#places = grown(this.#places, Int32Array);
    this.clocks = grown(this.clocks, Int32Array);
  }

  #growPlaces(): void {
    this.#writers = grown(this.#writers, Int32Array);
    this.#stamps = grown(this.#stamps, Int32Array);
    this.#readers = grown(this.#readers, Int32Array);
  }
}

function descending(a: number, b: number): number {
  return b - a;
}

function grown<T extends Uint8Array | Int32Array>(
  array: T,
  Type: new (length: number) => T,
): T {
  const larger = new Type(2 * array.length);
  larger.set(array);
  return larger;
}
