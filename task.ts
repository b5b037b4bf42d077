/**
 * For functions that run on a {@linkcode Pool}: start tasks from tasks, and learn
 * about the worker.
 *
 * @example Usage
 * ```ts ignore
 * import { spawn } from "@layby/layby/task";
 *
 * export function fib(n: number): number {
 *   if (n < 2) return n;
 *   const other = spawn<typeof fib>("fib", [n - 1]);
 *   return fib(n - 2) + other.join();
 * }
 * ```
 *
 * @module
 */

import { UnsupportedError } from "./src/errors.ts";
import { currentContext, type WorkerContext } from "./src/pool/context.ts";
import type { Io } from "./src/io/io.ts";
import type { TaskHandle } from "./src/pool/handle.ts";

export type { Io, TaskHandle, WorkerContext };

function context(action: string): WorkerContext {
  const found = currentContext();
  if (found) return found;
  throw new UnsupportedError(action, "a task: this thread is no pool's worker");
}

/**
 * Starts a task of the module that the calling task is from. Whichever worker
 * comes first runs it; `join()` waits for it, and runs it here if none has.
 *
 * @typeParam Task The type of the task: `spawn<typeof fib>("fib", [3])`.
 * @param name The name by which the module exports it.
 * @throws {UnknownTaskError} If the module exports no such function.
 * @throws {UncloneableError} If an argument cannot be sent.
 * @throws {UnsupportedError} If the caller is no task.
 */
export function spawn<
  // deno-lint-ignore no-explicit-any
  Task extends (...args: any[]) => unknown = (...args: any[]) => unknown,
>(
  name: string,
  args: Parameters<Task>,
): TaskHandle<Awaited<ReturnType<Task>>> {
  return context("spawn a task").spawn(name, args) as TaskHandle<
    Awaited<ReturnType<Task>>
  >;
}

/**
 * Has parts of what a task returns moved to the caller, in place of a copy of
 * them: `return transfer(bytes, [bytes.buffer])`. They are gone here when the task
 * has returned. What a task has spawned is copied all the same.
 *
 * @param value What the task then returns, or what its promise resolves to: this
 * very object. Returned in another one, it is copied.
 * @param transfer What is moved: buffers, ports, streams.
 * @returns `value`
 * @throws {ArgumentTypeError} If `value` is no object, or `transfer` no array.
 * @throws {UnsupportedError} If the caller is no task.
 */
export function transfer<Value extends object>(
  value: Value,
  transfer: readonly Transferable[],
): Value {
  return context("transfer a result").transfer(value, transfer);
}

/** The worker that the calling task runs on. */
export const worker: WorkerContext = {
  get index(): number {
    return context("read worker.index").index;
  },
  get name(): string {
    return context("read worker.name").name;
  },
  get data(): unknown {
    return context("read worker.data").data;
  },
  get signal(): AbortSignal {
    return context("read worker.signal").signal;
  },
  get isCancelled(): boolean {
    return context("read worker.isCancelled").isCancelled;
  },
  get io(): Io {
    return context("read worker.io").io;
  },
  spawn: (name: string, args: readonly unknown[]): TaskHandle<unknown> =>
    context("spawn a task").spawn(name, args),
  transfer,
  keepAwake: (): Disposable => context("keep the worker awake").keepAwake(),
};
