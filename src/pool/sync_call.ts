// A call of a task, for one who blocks until it is done.

import type { Waiter } from "./calls.ts";
import type { Tallies } from "./metrics.ts";

/** Keeps what came of a call until it is asked for. */
export class SyncCall implements Waiter {
  readonly isBlocking = true;
  readonly #crash: (thread: number) => unknown;
  readonly #tallies: Tallies;
  #state: "pending" | "returned" | "threw" = "pending";
  #value: unknown;

  constructor(crash: (thread: number) => unknown, tallies: Tallies) {
    this.#crash = crash;
    this.#tallies = tallies;
  }

  get isDone(): boolean {
    return this.#state !== "pending";
  }

  resolve(value: unknown): void {
    this.#tallies.completed++;
    this.#state = "returned";
    this.#value = value;
  }

  reject(error: unknown): void {
    this.#tallies.failed++;
    this.#fail(error);
  }

  crash(thread: number): void {
    this.#tallies.crashed++;
    this.#fail(this.#crash(thread));
  }

  cancel(error: unknown): void {
    this.#tallies.cancelled++;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#state = "threw";
    this.#value = error;
  }

  /** Returns what the task returned, or throws what it threw. */
  take(): unknown {
    if (this.#state === "threw") throw this.#value;
    return this.#value;
  }
}
