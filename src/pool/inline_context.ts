// What a task finds of its worker, where there are no threads: all pools are on
// this one, and what runs after an `await` may be any of their tasks.

import { UnsupportedError } from "../errors.ts";
import type { Io } from "../io/io.ts";
import type { AsyncContext } from "../host.ts";
import { currentContext, setContext, type WorkerContext } from "./context.ts";
import type { TaskHandle } from "./handle.ts";

/** A pool without threads, for its tasks. */
export interface InlinePool {
  readonly name: string;
  readonly data: unknown;
  spawn(name: string, args: readonly unknown[]): TaskHandle<unknown>;
  transfer<Value extends object>(
    value: Value,
    transfer: readonly Transferable[],
  ): Value;
}

/** A task, from its start to its end. */
export interface InlineTask {
  readonly pool: InlinePool;
  readonly signal: AbortSignal;
}

/** Pools that are open. */
const pools = new Set<InlinePool>();
/** Of the host, if it has any: it tells which task goes on after an `await`. */
let asyncs: AsyncContext | undefined;
/** The task that runs now, synchronously. */
let current: InlineTask | undefined;

function running(): InlineTask | undefined {
  return current ?? asyncs?.get() as InlineTask | undefined;
}

/** The pool whose task runs. If there is only one pool, it is that. */
function poolOf(action: string): InlinePool {
  const task = running();
  if (task) return task.pool;
  if (pools.size === 1) return pools.values().next().value!;
  throw new UnsupportedError(
    action,
    "to be called before the first await of a task: this host cannot tell the " +
      "tasks of several pools apart after it",
  );
}

/** What a driver that takes any needs. */
const THREADS = "threads, one of which sleeps in the driver";

/** One for all pools. */
const context: WorkerContext = {
  index: 0,
  get name() {
    return poolOf("read worker.name").name;
  },
  get data() {
    return poolOf("read worker.data").data;
  },
  get io(): Io {
    throw new UnsupportedError("use file descriptors", THREADS);
  },
  get signal() {
    // One that never aborts, rather than another task's.
    return running()?.signal ?? new AbortController().signal;
  },
  get isCancelled() {
    return running()?.signal.aborted ?? false;
  },
  spawn: (name, args) => poolOf("spawn a task").spawn(name, args),
  transfer: (value, transfer) =>
    poolOf("transfer a result").transfer(value, transfer),
  keepAwake: () => ({ [Symbol.dispose]: () => {} }),
};

/** A pool begins. */
export function openPool(
  pool: InlinePool,
  host: AsyncContext | undefined,
): void {
  asyncs ??= host;
  pools.add(pool);
  if (currentContext() === undefined) setContext(context);
}

/** A pool ends. */
export function closePool(pool: InlinePool): void {
  pools.delete(pool);
  if (pools.size === 0 && currentContext() === context) setContext(undefined);
}

/** Calls a function as a task. */
export function callAs(task: InlineTask, callee: () => unknown): unknown {
  const contextBefore = currentContext();
  const before = current;
  setContext(context);
  current = task;
  try {
    return asyncs ? asyncs.run(task, callee) : callee();
  } finally {
    current = before;
    setContext(contextBefore);
  }
}
