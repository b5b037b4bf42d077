// A call of a task, for one who blocks until it is done.

import type { Waiter } from "./calls.ts";
import type { Callers } from "./call.ts";

/** Keeps what came of a call until it is asked for. */
export class SyncCall implements Waiter {
  readonly isBlocking = true;
  readonly #callers: Callers;
  #state: "pending" | "returned" | "threw" = "pending";
  #value: unknown;

  constructor(callers: Callers) {
    this.#callers = callers;
  }

  get isDone(): boolean {
    return this.#state !== "pending";
  }

  resolve(value: unknown): void {
    this.#callers.tallies.completed++;
    this.#state = "returned";
    this.#value = value;
  }

  reject(error: unknown): void {
    this.#callers.tallies.failed++;
    this.#fail(error);
  }

  crash(thread: number): void {
    this.#callers.tallies.crashed++;
    this.#fail(this.#callers.crashError(thread));
  }

  cancel(error: unknown): void {
    this.#callers.tallies.cancelled++;
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
