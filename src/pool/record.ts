// The record of a task as the facade reads and writes it: what is to be called,
// with what, and what it returned. The first words are the core's.

import { TASK_BYTES, TASK_IDLE } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { bytesOf } from "../core/module.ts";
import { outOfMemory } from "./heap.ts";
import type { PoolMap } from "./map.ts";

/** Of the state. */
const LISTED = 8;
// Words of a record. Those before `PAYLOAD` are the core's.
const STATE = 0;
const OWNER = 1;
const LINK = 2;
const PAYLOAD = 3;
const RESULT = 4;
const CALLEE = 5;
const LENGTH = 6;
const RESULT_LENGTH = 7;
const STOP = 8;
/** Where bytes lie in the record itself, and how many can. */
const INLINE = 48;
/** `TASK_BYTES` is 2 to this: a shift is cheaper than a division. */
const TASK_SHIFT: number = 31 - Math.clz32(TASK_BYTES);
export const INLINE_BYTES: number = TASK_BYTES - INLINE;

// What stands in place of a length. So many numbers, in the record itself, are
// the length `NUMBERS` less their count.
const NUMBERS = -1;
const UNDEFINED = -2;
const NUMBER = -3;
/** The record says which message has the result. */
const LETTER = -4;
/** There was no memory for the result. */
const NOTHING = -5;
/** As many numbers as there is room for. */
export const MAX_NUMBERS: number = INLINE_BYTES / 8;

/** Why a running task is told to stop. */
export type StopReason = 0 | 1 | 2;
export const GO_ON = 0;
export const ABORTED = 1;
export const EXPIRED = 2;

/** Bytes in shared memory. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** A result that comes by message: which worker has sent it, and its id. */
export interface Letter {
  readonly index: number;
  readonly id: number;
}

/** One thread's view of all records, and of the heap. */
export class Records {
  readonly #local: Local;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #floats: Float64Array<SharedArrayBuffer>;
  #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #first: number;
  readonly #chunks: number;

  constructor(local: Local, { tasksAt, chunks }: PoolMap) {
    this.#local = local;
    this.#words = local.words;
    this.#floats = new Float64Array(local.words.buffer);
    this.#bytes = bytesOf(local.handle);
    this.#first = tasksAt;
    this.#chunks = chunks;
  }

  /** The address of the record with this index. */
  address(index: number): number {
    return this.#first + (index << TASK_SHIFT);
  }

  /** The index of the record at this address. */
  index(task: number): number {
    return (task - this.#first) >> TASK_SHIFT;
  }

  /** The word that the core keeps the state in. The thread knows that it is set. */
  seen(task: number): number {
    return this.#words[(task >> 2) + STATE]!;
  }

  /**
   * FINISHED -> IDLE, as `taskCollect()` of the core does it for all. Returns false
   * if an entry may still name the task: then that is to be called.
   */
  collect(task: number): boolean {
    const word = (task >> 2) + STATE;
    if ((this.#words[word]! & LISTED) !== 0) return false;
    // No atomic: this thread is the next to use the record.
    this.#words[word] = TASK_IDLE;
    return true;
  }

  /** Whether the task is of the pool's creator, and not of a worker. */
  isOfCreator(task: number): boolean {
    return this.#words[(task >> 2) + OWNER] === 1;
  }

  /** The index + 1 of the next task in a list of the core's. */
  link(task: number): number {
    return this.#words[(task >> 2) + LINK]!;
  }

  /** Links a task that nobody has yet to another one, by its index + 1, or none. */
  setLink(task: number, link: number): void {
    this.#words[(task >> 2) + LINK] = link;
  }

  /** Which function is to be called. */
  callee(task: number): number {
    return this.#words[(task >> 2) + CALLEE]!;
  }

  /** Says which function is to be called, with nothing yet. */
  begin(task: number, callee: number): void {
    const word = task >> 2;
    const words = this.#words;
    words[word + PAYLOAD] = 0;
    words[word + RESULT] = 0;
    words[word + CALLEE] = callee;
    words[word + STOP] = GO_ON;
  }

  /** Why the task is to stop, or `GO_ON`. */
  stopReason(task: number): StopReason {
    // Relaxed: who does not see it yet looks again.
    return Atomics.load(this.#words, (task >> 2) + STOP) as StopReason;
  }

  /** Tells the task to stop. */
  stop(task: number, reason: StopReason): void {
    // Relaxed: a token follows for those who sleep.
    Atomics.store(this.#words, (task >> 2) + STOP, reason);
  }

  /** Writes arguments that are all numbers, `MAX_NUMBERS` at most. */
  writeNumbers(task: number, values: readonly number[]): void {
    const float = (task + INLINE) >> 3;
    const { length } = values;
    for (let place = 0; place < length; place++) {
      this.#floats[float + place] = values[place]!;
    }
    this.#words[(task >> 2) + LENGTH] = NUMBERS - length;
  }

  /** Writes a number as the only argument. */
  writeNumber(task: number, value: number): void {
    this.#floats[(task + INLINE) >> 3] = value;
    this.#words[(task >> 2) + LENGTH] = NUMBERS - 1;
  }

  /** How many numbers the arguments are; -1 if they are bytes. */
  countNumbers(task: number): number {
    const length = this.#words[(task >> 2) + LENGTH]!;
    return length < 0 ? NUMBERS - length : -1;
  }

  /** One of the numbers. */
  number(task: number, place: number): number {
    return asInteger(this.#floats[((task + INLINE) >> 3) + place]!);
  }

  /** Says where the arguments lie, 0 for the record itself, and how long they are. */
  setArguments(task: number, payload: number, length: number): void {
    this.#words[(task >> 2) + PAYLOAD] = payload;
    this.#words[(task >> 2) + LENGTH] = length;
  }

  /** Where the arguments lie in the heap, or 0. */
  payload(task: number): number {
    return this.#words[(task >> 2) + PAYLOAD]!;
  }

  /** The bytes of the arguments. */
  argumentBytes(task: number): Place & { readonly length: number } {
    const length = this.#words[(task >> 2) + LENGTH]!;
    return { ...this.place(task, this.payload(task), length), length };
  }

  /** Room for bytes in the record itself, or at an address of the heap. */
  place(task: number, address: number, length: number): Place {
    const at = address === 0 ? task + INLINE : address;
    if (at + length > this.#bytes.length) {
      this.#bytes = bytesOf(this.#local.handle);
    }
    return { bytes: this.#bytes, at };
  }

  /** Writes a result that is a number. */
  returnNumber(task: number, value: number): void {
    this.#floats[(task + INLINE) >> 3] = value;
    this.#words[(task >> 2) + RESULT_LENGTH] = NUMBER;
  }

  /** Writes that the result is undefined. */
  returnUndefined(task: number): void {
    this.#words[(task >> 2) + RESULT_LENGTH] = UNDEFINED;
  }

  /** Writes that the result comes by message. */
  returnLetter(task: number, { index, id }: Letter): void {
    const float = (task + INLINE) >> 3;
    this.#floats[float] = index;
    this.#floats[float + 1] = id;
    this.#words[(task >> 2) + RESULT_LENGTH] = LETTER;
  }

  /** Writes that there was no memory for the result. */
  returnNothing(task: number): void {
    this.#words[(task >> 2) + RESULT_LENGTH] = NOTHING;
  }

  /** Which message has the result; undefined if none has. */
  letter(task: number): Letter | undefined {
    if (this.#words[(task >> 2) + RESULT_LENGTH] !== LETTER) return undefined;
    const float = (task + INLINE) >> 3;
    return { index: this.#floats[float]!, id: this.#floats[float + 1]! };
  }

  /** Says where the result lies, and how long it is. */
  setResult(task: number, result: number, length: number): void {
    this.#words[(task >> 2) + RESULT] = result;
    this.#words[(task >> 2) + RESULT_LENGTH] = length;
  }

  /** Where the result lies in the heap, or 0. */
  result(task: number): number {
    return this.#words[(task >> 2) + RESULT]!;
  }

  /**
   * Reads a result, with `decode` if it is bytes.
   *
   * @throws {ExhaustedError} If there was no memory for it.
   */
  readResult(
    task: number,
    decode: (place: Place, length: number) => unknown,
  ): unknown {
    const length = this.#words[(task >> 2) + RESULT_LENGTH]!;
    if (length === NUMBER) {
      return asInteger(this.#floats[(task + INLINE) >> 3]!);
    }
    if (length === UNDEFINED) return undefined;
    if (length === NOTHING) throw outOfMemory(this.#chunks);
    return decode(this.place(task, this.result(task), length), length);
  }
}

/**
 * The same number; an integer as engines keep those. Read as a float it stays one
 * there, and so does what is computed with it: a loop that counts up to it took 2
 * to 4 % longer (`bench scaling`).
 */
function asInteger(value: number): number {
  const integer = value | 0;
  const isSame = integer === value && (integer !== 0 || 1 / value > 0);
  return isSame ? integer : value;
}
