// The handle of a spawned task, on the thread that has spawned it.

import { CannotBlockError, WorkerCrashedError } from "../errors.ts";
import type { Waiter } from "./calls.ts";
import type { TaskHandle } from "./handle.ts";
import { isThenable } from "./thenable.ts";

/** How a thread waits for a task. */
export interface Waiting {
  /**
   * Makes the task this thread's to run, if it has not begun. Returns what is to
   * run it.
   */
  takeBack(task: number): { call(task: number): unknown } | undefined;
  /** The task was run, and needs its record no more. */
  release(task: number): void;
  /**
   * Waits for a task that has begun, until it is done or turns out to go on in
   * the event loop of this very thread. Returns what is to run it if another
   * thread has given it back meanwhile.
   */
  wait(spawned: Spawned): { call(task: number): unknown } | undefined;
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
    if (this.#state === "pending" && !this.#isHere) {
      const waiting = this.#waiting;
      const { task } = this;
      const runner = waiting.takeBack(task) ?? waiting.wait(this);
      if (runner) {
        // Here, since trees of tasks are deep, and each call takes stack.
        try {
          this.settle(runner.call(task));
        } catch (error) {
          this.reject(error);
        }
        waiting.release(task);
      }
    }
    if (!this.isDone) {
      throw new CannotBlockError(
        "join a task that goes on in the event loop of this very thread, or " +
          "of one that waits for it",
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
