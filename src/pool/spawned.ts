// The handle of a spawned task, on the thread that has spawned it.

import { CannotBlockError, WorkerCrashedError } from "../errors.ts";
import type { Waiter } from "./calls.ts";
import type { TaskHandle } from "./handle.ts";
import { isThenable } from "./thenable.ts";

/** How a thread waits for a task. */
interface Waiting {
  wait(spawned: Spawned): void;
}

type State = "pending" | "returned" | "threw";

/** A task that this thread has spawned. */
export class Spawned implements TaskHandle<unknown>, Waiter {
  /** The address of its record, while it is pending. */
  readonly task: number;
  readonly #waiting: Waiting;
  #state: State = "pending";
  #value: unknown;
  #promise: PromiseWithResolvers<unknown> | undefined;
  /** It runs on this thread, and has returned a promise. */
  #isHere = false;

  constructor(waiting: Waiting, task: number) {
    this.#waiting = waiting;
    this.task = task;
  }

  get isDone(): boolean {
    return this.#state !== "pending";
  }

  join(): unknown {
    if (!this.isDone && !this.#isHere) this.#waiting.wait(this);
    if (!this.isDone) {
      throw new CannotBlockError(
        "join a task that goes on in the event loop of this very thread",
        "joinAsync()",
      );
    }
    if (this.#state === "threw") throw this.#value;
    return this.#value;
  }

  joinAsync(): Promise<unknown> {
    if (this.#state === "returned") return Promise.resolve(this.#value);
    if (this.#state === "threw") return Promise.reject(this.#value);
    this.#promise ??= Promise.withResolvers();
    return this.#promise.promise;
  }

  /** Its function has returned this, on this thread. */
  settle(value: unknown): void {
    if (!isThenable(value)) return this.resolve(value);
    this.#isHere = true;
    value.then((result) => this.resolve(result), (error) => this.reject(error));
  }

  resolve(value: unknown): void {
    this.#state = "returned";
    this.#value = value;
    this.#promise?.resolve(value);
  }

  reject(error: unknown): void {
    this.#state = "threw";
    this.#value = error;
    this.#promise?.reject(error);
  }

  cancel(error: unknown): void {
    this.reject(error);
  }

  crash(thread: number): void {
    this.reject(
      new WorkerCrashedError(`thread ${thread} of the pool`, "ended"),
    );
  }
}
