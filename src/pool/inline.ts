// A pool's tasks on the caller's own event loop, where there are no threads.

import {
  CannotBlockError,
  ShutdownError,
  TimedOutError,
  UnknownTaskError,
} from "../errors.ts";
import type { Host } from "../host.ts";
import { after } from "./after.ts";
import { Call, type Callers, EndingCall } from "./call.ts";
import type { Waiter } from "./calls.ts";
import { reasonOf } from "./cancels.ts";
import { Closing } from "./closing.ts";
import { Copies } from "./copies.ts";
import { dataError } from "./data_error.ts";
import { Deadlines } from "./deadlines.ts";
import type { Engine } from "./engine.ts";
import type { TaskHandle } from "./handle.ts";
import {
  callAs,
  closePool,
  type InlinePool,
  type InlineTask,
  openPool,
} from "./inline_context.ts";
import { InlineQueue } from "./inline_queue.ts";
import { type PoolMetrics, Tallies } from "./metrics.ts";
import type { CheckedPoolOptions, CheckedRunOptions } from "./options.ts";
import { ABORTED, EXPIRED } from "./record.ts";
import type { CheckedSource } from "./source.ts";
import { Spawned } from "./spawned.ts";
import { SyncCall } from "./sync_call.ts";
import {
  loadTasks,
  type TaskFunction,
  type TaskModule,
} from "./task_module.ts";
import { isThenable } from "./thenable.ts";
import { Transfers } from "./transfers.ts";
import { Vacancy } from "./vacancy.ts";

/** Ranks: of tasks that tasks spawn, and for each priority. */
const RANKS = 4;
const SPAWNED = 0;
/** The rank of the first priority. */
const CALLED = 1;
const NORMAL = 1;

/** Options of a call that has none. */
const PLAIN: CheckedRunOptions = {
  signal: undefined,
  timeout: Infinity,
  priority: NORMAL,
  transfer: undefined,
};

/** A task, from its call to its end. */
class Task implements InlineTask {
  readonly pool: InlinePool;
  readonly callee: number;
  readonly args: readonly unknown[];
  /** Told of the end, with values that are its own. */
  waiter: Waiter | undefined;
  state: "queued" | "running" | "over" = "queued";
  #controller: AbortController | undefined;

  constructor(pool: InlinePool, callee: number, args: readonly unknown[]) {
    this.pool = pool;
    this.callee = callee;
    this.args = args;
  }

  get isQueued(): boolean {
    return this.state === "queued";
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  stop(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

/** The engine of a pool that has no threads. */
export class InlineEngine implements Engine, InlinePool {
  readonly names: readonly string[];
  readonly name: string;
  readonly data: unknown;
  readonly #functions: readonly TaskFunction[];
  readonly #options: CheckedPoolOptions;
  readonly #teardown: () => Promise<void>;
  readonly #copies: Copies;
  readonly #transfers = new Transfers(false);
  readonly #tallies = new Tallies();
  readonly #callers: Callers = {
    tallies: this.#tallies,
    crashError: () => {
      throw new TypeError("No worker can crash");
    },
  };
  readonly #deadlines = new Deadlines();
  readonly #queue: InlineQueue<Task>;
  /** Calls whose tasks are not over. Tasks that tasks spawn are none of them. */
  readonly #pending = new Set<Task>();
  /** Tasks that it has run. */
  #count = 0;
  readonly #closing = new Closing();
  readonly #vacancy = new Vacancy(this.#tallies, () => this.isFull);

  private constructor(
    host: Host,
    { tasks, callHook }: TaskModule,
    options: CheckedPoolOptions,
  ) {
    const { name, data, teardown, errors } = options;
    this.names = [...tasks.keys()];
    this.name = `${name}-0`;
    this.data = data;
    this.#queue = new InlineQueue(host, RANKS, (task) => this.#execute(task));
    this.#functions = [...tasks.values()];
    this.#options = options;
    this.#teardown = () => callHook(teardown, data);
    this.#copies = new Copies(host.serializer, errors);
  }

  /** Loads the module, and resolves when it is set up. */
  static async start(
    host: Host,
    source: CheckedSource,
    options: CheckedPoolOptions,
  ): Promise<InlineEngine> {
    const { setup, teardown } = options;
    const data = copyOf(options.data);
    const module = await loadTasks(source, setup, teardown);
    const engine = new InlineEngine(host, module, { ...options, data });
    openPool(engine, host.asyncContext());
    try {
      await module.callHook(setup, data);
    } catch (error) {
      closePool(engine);
      throw error;
    }
    return engine;
  }

  get workers(): number {
    return this.#closing.hasBegun ? 0 : 1;
  }

  get isFull(): boolean {
    return !this.#closing.hasBegun &&
      this.#pending.size - 1 >= this.#options.maxQueue;
  }

  get ready(): Promise<void> {
    return this.#vacancy.forRoom();
  }

  #checkOpen(action: string): void {
    if (this.#closing.hasBegun) throw new ShutdownError(action, "pool");
  }

  run(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions = PLAIN,
  ): Promise<unknown> {
    const call = new Call(this.#callers);
    try {
      this.#checkOpen("run a task");
      const task = this.#accept(callee, args, options, call);
      this.#queue.push(task, CALLED + options.priority);
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Copies the arguments as they are now, and counts the call. */
  #accept(
    callee: number,
    args: readonly unknown[],
    { signal, timeout, transfer }: CheckedRunOptions,
    waiter: Waiter,
  ): Task {
    const copies = this.#copies.ofArguments(args, transfer);
    const task = new Task(this, callee, copies);
    task.waiter = waiter;
    if (signal || timeout !== Infinity) {
      const ending = new EndingCall(waiter, {
        at: timeout === Infinity ? Infinity : performance.now() + timeout,
        signal,
        timedOut: () =>
          new TimedOutError(`Task ${this.names[callee]}`, timeout),
        cancel: (isAborted) => this.#cancel(task, isAborted),
        forget: (deadline) => this.#deadlines.remove(deadline),
      });
      task.waiter = ending;
      if (timeout !== Infinity) this.#deadlines.add(ending);
    }
    this.#tallies.submitted++;
    this.#pending.add(task);
    return task;
  }

  /** A call was ended before its task. */
  #cancel(task: Task, isAborted: boolean): void {
    if (task.isQueued) return this.#end(task);
    task.stop(reasonOf(isAborted ? ABORTED : EXPIRED));
    const { grace } = this.#options;
    // A thread would be ended by then.
    if (grace !== Infinity) after(grace, () => this.#end(task));
    this.#vacancy.look();
  }

  #execute(task: Task): void {
    task.state = "running";
    this.#count++;
    const it = this.#functions[task.callee] as (...args: unknown[]) => unknown;
    let value: unknown;
    try {
      value = callAs(task, () => it(...task.args));
    } catch (error) {
      return this.#fail(task, error);
    }
    if (task.waiter instanceof Spawned) return task.waiter.settle(value);
    if (!isThenable(value)) return this.#succeed(task, value);
    value.then(
      (result) => this.#succeed(task, result),
      (error) => this.#fail(task, error),
    );
  }

  #succeed(task: Task, value: unknown): void {
    let copy: unknown;
    try {
      copy = this.#copies.ofResult(value, this.#transfers.of(value)?.transfer);
    } catch (error) {
      return this.#fail(task, error);
    }
    // A task that blocks keeps timers from telling that its time is over.
    this.#deadlines.expire();
    task.waiter!.resolve(copy);
    this.#end(task);
  }

  #fail(task: Task, error: unknown): void {
    if (task.waiter instanceof Spawned) return task.waiter.reject(error);
    this.#deadlines.expire();
    task.waiter!.reject(this.#copies.ofError(error));
    this.#end(task);
  }

  #end(task: Task): void {
    task.state = "over";
    this.#pending.delete(task);
    this.#vacancy.look();
  }

  transfer<Value extends object>(
    value: Value,
    transfer: readonly Transferable[],
  ): Value {
    return this.#transfers.note(value, transfer);
  }

  spawn(name: string, args: readonly unknown[]): TaskHandle<unknown> {
    const callee = this.names.indexOf(name);
    if (callee < 0) throw new UnknownTaskError(name, this.names);
    const copies = this.#copies.ofArguments(args, undefined);
    const task = new Task(this, callee, copies);
    const spawned = new Spawned({
      takeBack: () => undefined,
      release: () => {},
      wait: () => {
        if (task.isQueued) this.#execute(task);
      },
    }, 0);
    task.waiter = spawned;
    this.#queue.push(task, SPAWNED);
    return spawned;
  }

  runSync(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions,
  ): unknown {
    this.#checkOpen("run a task");
    const call = new SyncCall(this.#callers);
    const task = this.#accept(callee, args, options, call);
    this.#execute(task);
    if (call.isDone) return call.take();
    throw new CannotBlockError(
      "wait for a task that goes on in the event loop of this very thread",
      "run()",
    );
  }

  resize(): Promise<void> {
    return this.#keep("resize the pool");
  }

  recycle(): Promise<void> {
    return this.#keep("recycle the workers");
  }

  /** There is one thread, and it stays. */
  #keep(action: string): Promise<void> {
    return this.#closing.hasBegun
      ? Promise.reject(new ShutdownError(action, "pool"))
      : Promise.resolve();
  }

  drain(): Promise<void> {
    return this.#vacancy.forNone();
  }

  shutdown(timeout: number): Promise<void> {
    return this.#closing.close(timeout, (hurry) => this.#close(hurry));
  }

  async #close(hurry: Promise<void>): Promise<void> {
    await Promise.race([this.drain(), hurry]);
    const error = new ShutdownError("finish the task", "pool");
    for (const task of this.#pending) {
      if (task.state === "running") task.stop(error);
      task.waiter!.reject(error);
      this.#end(task);
    }
    this.#vacancy.look();
    this.#deadlines.clear();
    // As on a thread, nobody is there any more to be told of an error.
    await Promise.race([this.#teardown().catch(() => {}), hurry]);
    closePool(this);
  }

  metrics(): PoolMetrics {
    const { latency, ...counts } = this.#tallies;
    return {
      ...counts,
      pending: this.#tallies.unsettled,
      latency: latency.copy(),
      workers: this.#closing.hasBegun ? [] : [{
        ...NO_PARKS,
        name: this.name,
        tasks: this.#count,
        ...NO_QUEUE,
      }],
    };
  }
}

/** A copy of a pool's data, as a thread would get it. */
function copyOf(data: unknown): unknown {
  try {
    return structuredClone(data);
  } catch (cause) {
    throw dataError(data, cause);
  }
}

/** Of a thread that is never parked. */
const NO_PARKS = {
  parks: 0,
  unparks: 0,
  timeouts: 0,
  events: 0,
  noops: 0,
  turns: 0,
  parked: 0,
};

/** Of a worker that has nobody to take tasks from. */
const NO_QUEUE = { stolen: 0, steals: 0, injected: 0, overflows: 0 };
