// What a step would touch, and how: two steps that touch nothing in common, or
// only read it, can be swapped and nobody notices.

import type { Machine } from "../machine/machine.ts";
import {
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  type Operation,
  PLAIN_LOAD,
  PLAIN_STORE,
  RETURN,
  WAIT,
} from "../machine/operation.ts";
import { ASLEEP } from "../machine/thread.ts";

/** More than any step touches: a queue, all that sleep in it, a life. */
export const MOST_PLACES = 16;

/** Threads and killers, at most. */
const PROCESSES = 32;

/** How many places there are, beside a memory of so many words. */
export function placesOf(words: number): number {
  return 2 * words + 2 * PROCESSES + 1;
}

/** Places that a step touches: words of memory, and what is not memory. */
export class Footprint {
  readonly places: Int32Array = new Int32Array(MOST_PLACES);
  readonly writes: Uint8Array = new Uint8Array(MOST_PLACES);
  size = 0;
  // Behind the words: a queue for each, lives, wakes, and the deaths.
  readonly #queues: number;
  readonly #lives: number;
  readonly #wakes: number;
  readonly #deaths: number;

  /** @param words How many the memory has. */
  constructor(words: number) {
    this.#queues = words;
    this.#lives = 2 * words;
    this.#wakes = this.#lives + PROCESSES;
    this.#deaths = this.#wakes + PROCESSES;
  }

  #add(place: number, writes: boolean): void {
    this.places[this.size] = place;
    this.writes[this.size++] = writes ? 1 : 0;
  }

  /**
   * Becomes that of the next step of a process, if it is taken now.
   *
   * A wait that finds another value still conflicts with a notify: otherwise
   * whether these two can be swapped would hang on a store that can itself be
   * swapped with the notify, and traces would be lost.
   */
  read(machine: Machine, process: number): this {
    this.size = 0;
    if (process >= machine.processes.firstKiller) {
      this.#readKiller(machine, process);
    } else this.#readThread(machine, process);
    return this;
  }

  #readThread(machine: Machine, process: number): void {
    const thread = machine.threads[process]!;
    const { operation } = thread;
    const { code, address, bytes } = operation;
    const fifo = machine.bounds.wakeOrder === "fifo";
    switch (code) {
      case FENCE:
      case PLAIN_LOAD:
      case PLAIN_STORE:
        // What is not atomic must be ordered by what is.
        break;
      case NOTIFY:
        this.#add(this.#queues + (address >> 2), true);
        this.#addWakes(machine, operation);
        break;
      case RETURN:
        // Once it is woken, nothing but its waker matters.
        if (thread.woken) this.#add(this.#wakes + process, false);
        else this.#add(this.#queues + (address >> 2), false);
        break;
      default: {
        const word = address >> 2;
        const reads = code === LOAD || code === WAIT ||
          code === CMPXCHG && !machine.succeeds(operation);
        this.#add(word, !reads);
        if (((address + bytes - 1) >> 2) !== word) this.#add(word + 1, !reads);
        // In the order of a queue it matters who came first.
        if (code === WAIT) this.#add(this.#queues + (address >> 2), fifo);
      }
    }
    if (thread.mortal) this.#add(this.#lives + process, false);
  }

  /** Those whom a notify wakes, if it goes the machine's way. */
  #addWakes(machine: Machine, { address, first }: Operation): void {
    const queue = machine.futex.queues.get(address);
    if (queue === undefined) return;
    const count = Math.min((first as number) >>> 0, queue.length);
    const place = count === 1 ? machine.alternative : 0;
    for (let woken = 0; woken < count; woken++) {
      this.#add(this.#wakes + queue[(place + woken) % queue.length]!, true);
    }
  }

  #readKiller(machine: Machine, process: number): void {
    const victim = machine.processes
      .victims[process - machine.processes.firstKiller]!;
    const { status, operation, woken } = machine.threads[victim]!;
    this.#add(this.#lives + victim, true);
    this.#add(this.#deaths, true);
    if (status !== ASLEEP) return;
    // To die before one is woken, or after: the waker may be told otherwise.
    if (woken) this.#add(this.#wakes + victim, false);
    else this.#add(this.#queues + (operation.address >> 2), true);
  }

  /** Whether the order of the two steps matters. */
  conflicts(other: Footprint): boolean {
    for (let one = 0; one < this.size; one++) {
      for (let two = 0; two < other.size; two++) {
        if (this.places[one] !== other.places[two]) continue;
        if (this.writes[one]! | other.writes[two]!) return true;
      }
    }
    return false;
  }
}
