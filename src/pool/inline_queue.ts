// When tasks run that have no threads: as microtasks, by priority, with turns of
// the event loop in between.

import type { Host } from "../host.ts";
import { Fifo } from "./fifo.ts";

/** The event loop gets a turn after so many milliseconds of tasks. */
const BURST_MS = 4;

/** What is queued. */
export interface Queued {
  /** Whether it is still to be run. */
  readonly isQueued: boolean;
}

/** The tasks of one pool that have not begun. */
export class InlineQueue<Task extends Queued> {
  readonly #host: Host;
  readonly #run: (task: Task) => void;
  /** By rank. */
  readonly #queues: readonly Fifo<Task>[];
  /** Milliseconds of tasks since the event loop's last turn, and a bit before. */
  #spent = 0;
  #isYielding = false;

  /** @param ranks How many there are. The first comes first. */
  constructor(host: Host, ranks: number, run: (task: Task) => void) {
    this.#host = host;
    this.#queues = Array.from({ length: ranks }, () => new Fifo<Task>());
    this.#run = run;
  }

  /** Has a task run soon. */
  push(task: Task, rank: number): void {
    this.#queues[rank]!.push(task);
    if (!this.#isYielding) queueMicrotask(this.#step);
  }

  /** The first of the first rank that has any. */
  #next(): Task | undefined {
    for (const queue of this.#queues) {
      let task: Task | undefined;
      while ((task = queue.shift())) {
        if (task.isQueued) return task;
      }
    }
    return undefined;
  }

  // One for each task: where promises belong to the request that made them, a
  // task then runs as a part of its caller's.
  readonly #step = (): void => {
    if (this.#isYielding) return;
    if (this.#spent > BURST_MS) return void this.#yield();
    const task = this.#next();
    if (task) this.#measure(task);
  };

  #measure(task: Task): void {
    const began = performance.now();
    this.#run(task);
    this.#spent += performance.now() - began;
  }

  /** Runs what is queued, with turns of the event loop in between. */
  async #yield(): Promise<void> {
    this.#isYielding = true;
    let task: Task | undefined;
    do {
      await this.#host.turn();
      this.#spent = 0;
      while (this.#spent <= BURST_MS && (task = this.#next())) {
        this.#measure(task);
        // What awaits the task goes on before the next one begins.
        await undefined;
      }
    } while (task);
    this.#isYielding = false;
  }
}
