// Runs a worker's tasks: calls their functions, and says what came of them.

import { RETURNED, THREW } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { AsyncContext } from "../host.ts";
import type { Cancels } from "./cancels.ts";
import type { Mail } from "./mail.ts";
import { isForMessage, type Marshal } from "./marshal.ts";
import type { Orders } from "./orders.ts";
import type { Moved } from "./parcel.ts";
import type { Records } from "./record.ts";
import type { TaskFunction } from "./task_module.ts";
import { isThenable } from "./thenable.ts";
import type { Transfers } from "./transfers.ts";

/** Functions that are asynchronous by their form. */
const AsyncFunction = (async () => {}).constructor;

/** What a runner is made of. */
export interface RunnerParts {
  readonly core: CoreExports;
  /** The worker's. */
  readonly index: number;
  /** By number. */
  readonly functions: readonly TaskFunction[];
  readonly records: Records;
  readonly marshal: Marshal;
  readonly cancels: Cancels;
  readonly orders: Orders;
  readonly transfers: Transfers;
  readonly asyncs: AsyncContext | undefined;
  /** Makes the worker look for work again. */
  rouse(): void;
}

/** What runs one worker's tasks. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #core: CoreExports;
  readonly #index: number;
  readonly #functions: readonly TaskFunction[];
  readonly #isAsync: boolean[];
  readonly #records: Records;
  readonly #marshal: Marshal;
  readonly #cancels: Cancels;
  readonly #asyncs: AsyncContext | undefined;
  readonly #orders: Orders;
  /** The task that runs now, synchronously; 0 if there is none. */
  #current = 0;
  #inFlight = 0;
  /** For results that only a message can carry. */
  mail: Mail | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#core = parts.core;
    this.#index = parts.index;
    this.#functions = parts.functions;
    this.#isAsync = this.#functions.map((it) => it instanceof AsyncFunction);
    this.#records = parts.records;
    this.#marshal = parts.marshal;
    this.#cancels = parts.cancels;
    this.#orders = parts.orders;
    this.#asyncs = parts.asyncs;
  }

  /** Asynchronous tasks that have begun and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The task that runs, or that went on after an `await`; 0 if there is none. */
  get running(): number {
    if (this.#current !== 0) return this.#current;
    return (this.#asyncs?.get() as number | undefined) ?? 0;
  }

  /** Calls a task's function with what its record says. */
  call(task: number): unknown {
    const records = this.#records;
    const callee = records.callee(task);
    const it = this.#functions[callee] as (...args: unknown[]) => unknown;
    const before = this.#current;
    this.#current = task;
    try {
      switch (records.countNumbers(task)) {
        case 0:
          if (this.#isAsync[callee]) break;
          return it();
        case 1:
          if (this.#isAsync[callee]) break;
          return it(records.number(task, 0));
        case 2:
          if (this.#isAsync[callee]) break;
          return it(records.number(task, 0), records.number(task, 1));
      }
      const args = this.#marshal.readArguments(task);
      if (!this.#isAsync[callee] || !this.#asyncs) return it(...args);
      return this.#asyncs.run(task, () => it(...args));
    } finally {
      this.#current = before;
    }
  }

  /**
   * Calls a function with values that are this thread's already.
   *
   * @param task What it is known by, if it is a call by message: below 0.
   */
  callDirectly(
    callee: number,
    args: readonly unknown[],
    task: number = 0,
  ): unknown {
    const it = this.#functions[callee] as (...args: unknown[]) => unknown;
    const before = this.#current;
    this.#current = task;
    try {
      if (!this.#isAsync[callee] || !this.#asyncs) return it(...args);
      return this.#asyncs.run(task, () => it(...args));
    } finally {
      this.#current = before;
    }
  }

  /** An asynchronous call has begun, or has ended. */
  countAsync(change: 1 | -1): void {
    this.#inFlight += change;
    // The last one: the worker may sleep elsewhere now.
    if (this.#inFlight === 0) this.#parts.rouse();
  }

  /** Whether a task will go on in the event loop, as far as one can tell. */
  isAsync(task: number): boolean {
    return this.#isAsync[this.#records.callee(task)]!;
  }

  /** Runs a task that the worker has taken. */
  execute(task: number): void {
    let value: unknown;
    try {
      value = this.call(task);
    } catch (error) {
      this.#cancels.end(task);
      this.#throw(task, error);
      return;
    }
    if (isThenable(value)) return this.#await(task, value);
    this.#cancels.end(task);
    this.#return(task, value);
  }

  #await(task: number, value: PromiseLike<unknown>): void {
    // Known from now on, whatever its form is.
    this.#isAsync[this.#records.callee(task)] = true;
    this.countAsync(1);
    const end = (finish: () => void) => {
      // Its record is another's when it is finished.
      this.#cancels.forget(task);
      finish();
      this.countAsync(-1);
    };
    this.#cancels.watch(task);
    value.then(
      (result) => end(() => this.#return(task, result)),
      (error) => end(() => this.#throw(task, error)),
    );
  }

  #return(task: number, value: unknown): void {
    this.#orders.check();
    try {
      this.#writeResult(task, value);
    } catch (error) {
      return this.#throw(task, error);
    }
    this.#finish(task, RETURNED);
  }

  #writeResult(task: number, value: unknown): void {
    const moved = this.#toMove(task, value);
    if (moved) return this.#sendResult(task, moved);
    try {
      this.#marshal.writeResult(task, value);
    } catch (error) {
      if (!isForMessage(error) || !this.#records.isOfCreator(task)) throw error;
      this.#sendResult(task, { value, transfer: [] });
    }
  }

  /** What of a result goes by message: none does from worker to worker. */
  #toMove(task: number, value: unknown): Moved | undefined {
    if (typeof value !== "object" || !this.#records.isOfCreator(task)) {
      return undefined;
    }
    return this.#parts.transfers.of(value);
  }

  #sendResult(task: number, result: Moved): void {
    this.#records.returnLetter(task, this.mail!.sendResult(result));
  }

  #throw(task: number, error: unknown): void {
    this.#orders.check();
    try {
      this.#marshal.writeError(task, error);
    } catch {
      this.#sendError(task, error);
    }
    this.#finish(task, THREW);
  }

  #finish(task: number, outcome: number): void {
    this.#orders.check();
    this.#core.workerFinish(this.#index, task, outcome);
  }

  /** There is no memory for what a task threw. */
  #sendError(task: number, error: unknown): void {
    if (!this.#records.isOfCreator(task)) this.#records.returnNothing(task);
    else this.#records.returnLetter(task, this.mail!.sendError(error));
  }
}
