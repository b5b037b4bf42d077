// What `@layby/layby/task` finds of the worker that it is imported in. The two
// may be different copies of this module, so it lies where both look.

import type { Io } from "../io/io.ts";
import type { TaskHandle } from "./handle.ts";

const KEY: unique symbol = Symbol.for("layby.worker");

/** A worker, for the tasks that run on it. */
export interface WorkerContext {
  /** Which worker of the pool it is, from 0. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** What was given to `Pool.start()` as `data`. */
  readonly data: unknown;
  /** The signal of the task that runs. */
  readonly signal: AbortSignal;
  /** Whether the task that runs is to stop. */
  readonly isCancelled: boolean;
  /**
   * File descriptors, if the pool's `driver` takes any. A task may block on them;
   * one that awaits them leaves the worker to others.
   */
  readonly io: Io;
  /** Starts a task of the same module. */
  spawn(name: string, args: readonly unknown[]): TaskHandle<unknown>;
  /**
   * Has parts of what a task returns moved to the caller: see `transfer()` of
   * `@layby/layby/task`.
   */
  transfer<Value extends object>(
    value: Value,
    transfer: readonly Transferable[],
  ): Value;
  /** Keeps the worker in its event loop while it has nothing to do. */
  keepAwake(): Disposable;
}

type Scope = { [KEY]?: WorkerContext | undefined };

/** Says that this thread is a worker, or none. */
export function setContext(context: WorkerContext | undefined): void {
  (globalThis as Scope)[KEY] = context;
}

/** The worker that this thread is, if it is one. */
export function currentContext(): WorkerContext | undefined {
  return (globalThis as Scope)[KEY];
}
