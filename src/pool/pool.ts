// The pool as its users see it.

import { checkObject } from "../arguments.ts";
import { currentHost } from "../compose.ts";
import {
  ArgumentTypeError,
  QueueFullError,
  UnknownTaskError,
  UnsupportedError,
} from "../errors.ts";
import type { Engine } from "./engine.ts";
import { InlineEngine } from "./inline.ts";
import { mapOrdered } from "./map_ordered.ts";
import type { PoolMetrics } from "./metrics.ts";
import {
  checkLimit,
  checkLimits,
  checkPoolOptions,
  checkRunOptions,
  type Limits,
  type MapOptions,
  type PoolOptions,
  type RunOptions,
  type RunSyncOptions,
  type ShutdownOptions,
} from "./options.ts";
import type { Io } from "../io/io.ts";
import { Registration } from "../io/registration.ts";
import { checkSource, type TaskSource, urlForWorkers } from "./source.ts";
import { ThreadEngine } from "./threads.ts";
import { runOnReady, type WatchOptions } from "./watcher.ts";

/** The names of the functions that a module of tasks exports. */
export type TaskName<Tasks> = {
  [Name in keyof Tasks]: Tasks[Name] extends (...args: never[]) => unknown
    ? Name
    : never;
}[keyof Tasks];

/** What a task is called with. */
export type TaskArguments<Tasks, Name extends keyof Tasks> = Tasks[Name] extends
  (...args: infer Args) => unknown ? Args : never;

/** What a task returns, or what its promise resolves to. */
export type TaskResult<Tasks, Name extends keyof Tasks> = Tasks[Name] extends
  (...args: never[]) => infer Result ? Awaited<Result> : never;

/** Each task as a function that runs it on the pool. */
export type TaskCalls<Tasks> = {
  readonly [Name in TaskName<Tasks>]: (
    ...args: TaskArguments<Tasks, Name>
  ) => Promise<TaskResult<Tasks, Name>>;
};

/** Any module of tasks. */
// deno-lint-ignore no-explicit-any
export type AnyTasks = Record<string, (...args: any[]) => any>;

/**
 * Runs the functions that a module exports on threads of its own.
 *
 * A call is some bytes in shared memory; whichever worker comes first takes it.
 * Workers that have nothing to do sleep, at no cost, and are woken one by one.
 * Values are copied, by structured clone's rules.
 *
 * @example Usage
 * ```ts ignore
 * import { Pool } from "@layby/layby";
 * import type * as tasks from "./tasks.ts";
 *
 * const module = new URL("./tasks.ts", import.meta.url);
 * await using pool = await Pool.start<typeof tasks>(module);
 * await pool.tasks.double(21); // 42
 * ```
 *
 * @typeParam Tasks The type of the module of tasks.
 */
export class Pool<Tasks = AnyTasks> {
  /** Each task of the module, as a function that runs it on the pool. */
  readonly tasks: TaskCalls<Tasks>;
  readonly #engine: Engine;
  readonly #callees: ReadonlyMap<string, number>;
  readonly #maxQueue: number;

  private constructor(engine: Engine, maxQueue: number) {
    this.#engine = engine;
    this.#maxQueue = maxQueue;
    this.#callees = new Map(engine.names.map((name, place) => [name, place]));
    const calls = Object.create(null) as Record<string, unknown>;
    for (const [name, callee] of this.#callees) {
      calls[name] = (...args: unknown[]) => this.#run(callee, args);
    }
    this.tasks = Object.freeze(calls) as TaskCalls<Tasks>;
  }

  /**
   * Starts the workers of a pool. Resolves when each has loaded the module.
   *
   * @param module Where the tasks are: `new URL("./tasks.ts", import.meta.url)`;
   * or that and the module itself, for hosts without threads that cannot import
   * by a URL.
   * @throws {ArgumentTypeError} If `module` is no URL, or an option has the wrong
   * type.
   * @throws {ArgumentRangeError} If an option is out of its range.
   * @throws {TaskModuleError} If the module fails to load, or lacks a hook.
   * @throws {UnsupportedError} If the host has no threads, and no fallback was
   * asked for.
   */
  static async start<Tasks = AnyTasks>(
    module: URL | string | TaskSource<Tasks>,
    options: PoolOptions = {},
  ): Promise<Pool<Tasks>> {
    const source = checkSource(module);
    const host = currentHost();
    const checked = checkPoolOptions(options, host.parallelism);
    const { maxQueue, fallback } = checked;
    if (host.hasThreads) {
      const url = urlForWorkers(source);
      const engine = await ThreadEngine.start(url, checked);
      return new Pool<Tasks>(engine, maxQueue);
    }
    if (fallback === "inline") {
      const engine = await InlineEngine.start(host, source, checked);
      return new Pool<Tasks>(engine, maxQueue);
    }
    throw new UnsupportedError(
      "start a pool",
      `threads that share memory: ${host.missing}. ` +
        'Give fallback: "inline" to run tasks on the caller\'s event loop',
    );
  }

  /** Workers that there are. They come and go between the two limits. */
  get workers(): number {
    return this.#engine.workers;
  }

  /** Resolves when the queue has room: at once, or after others have ended. */
  get ready(): Promise<void> {
    return this.#engine.ready;
  }

  /**
   * Runs a task.
   *
   * @returns A promise of what it returns. It rejects with what the task throws:
   * with its class if that is one of the language's or one of `errors`, its
   * message, stack, cause, and own properties.
   * @throws {UnknownTaskError} If the module exports no such function.
   * @throws {UncloneableError} If an argument cannot be sent.
   * @throws {QueueFullError} If `maxQueue` calls wait already.
   * @throws {TimedOutError} If it was not done in time.
   * @throws {WorkerCrashedError} If its worker died while it ran.
   * @throws {CrashLoopError} If too many workers have died in a row.
   * @throws {ShutdownError} If the pool is shut down.
   */
  run<Name extends TaskName<Tasks>>(
    name: Name,
    args: TaskArguments<Tasks, Name>,
    options?: RunOptions,
  ): Promise<TaskResult<Tasks, Name>> {
    return this.#tryRun(name, args, options) as Promise<
      TaskResult<Tasks, Name>
    >;
  }

  /** As `run()`, whose errors are all rejections. */
  #tryRun(
    name: unknown,
    args: readonly unknown[],
    options: RunOptions | undefined,
  ): Promise<unknown> {
    try {
      const callee = this.#calleeOf(name);
      checkArguments(args);
      if (options === undefined) return this.#run(callee, args);
      const checked = checkRunOptions("run the task", options);
      checked.signal?.throwIfAborted();
      this.#checkQueue();
      return this.#engine.run(callee, args, checked);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #run(callee: number, args: readonly unknown[]): Promise<unknown> {
    if (this.#maxQueue !== Infinity && this.#engine.isFull) {
      return Promise.reject(new QueueFullError(this.#maxQueue));
    }
    return this.#engine.run(callee, args, undefined);
  }

  #checkQueue(): void {
    if (this.#engine.isFull) {
      throw new QueueFullError(this.#maxQueue);
    }
  }

  #calleeOf(name: unknown): number {
    const callee = this.#callees.get(name as string);
    if (callee !== undefined) return callee;
    throw new UnknownTaskError(name, this.#engine.names);
  }

  /**
   * Runs a task, and blocks the calling thread until it is done. Other calls of
   * this thread settle meanwhile, but what awaits them runs later.
   *
   * @throws {CannotBlockError} If the thread must not block.
   * @throws As the promise of {@linkcode Pool.run} rejects.
   */
  runSync<Name extends TaskName<Tasks>>(
    name: Name,
    args: TaskArguments<Tasks, Name>,
    options: RunSyncOptions = {},
  ): TaskResult<Tasks, Name> {
    const callee = this.#calleeOf(name);
    checkArguments(args);
    const checked = checkRunOptions("run the task", options);
    this.#checkQueue();
    return this.#engine.runSync(callee, args, checked) as TaskResult<
      Tasks,
      Name
    >;
  }

  /**
   * Runs a task for each item, several at a time, and yields what they return in
   * the order of the items. Takes no more items than it has calls for.
   *
   * The first that rejects ends it, and ends the calls that are on their way.
   *
   * @throws {ArgumentTypeError} If `source` is not iterable, or an option has the
   * wrong type.
   * @throws {ArgumentRangeError} If an option is out of its range.
   * @throws {UnknownTaskError} If the module exports no such function.
   */
  map<Name extends TaskName<Tasks>>(
    name: Name,
    source:
      | Iterable<TaskArguments<Tasks, Name>[0]>
      | AsyncIterable<TaskArguments<Tasks, Name>[0]>,
    options: MapOptions = {},
  ): AsyncGenerator<TaskResult<Tasks, Name>, void, void> {
    const action = "map over a task";
    const callee = this.#calleeOf(name);
    checkIterable(action, source);
    const { inFlight = 4 * Math.max(this.workers, 1), ...rest } = checkObject(
      action,
      "options",
      options,
    );
    checkLimit(action, "inFlight", inFlight, 1);
    const checked = checkRunOptions(action, rest);
    const call = async (item: unknown, signal: AbortSignal) => {
      signal.throwIfAborted();
      while (this.#engine.isFull) await this.ready;
      return await this.#engine.run(callee, [item], { ...checked, signal });
    };
    return mapOrdered(source, call, inFlight, checked.signal) as AsyncGenerator<
      TaskResult<Tasks, Name>,
      void,
      void
    >;
  }

  /**
   * File descriptors, on the calling thread: sockets, pipes, and whatever the
   * driver can watch. In a task it is `worker.io`.
   *
   * @throws {UnsupportedError} If there are no threads.
   */
  get io(): Io {
    const { io } = this.#engine;
    if (io) return io;
    throw new UnsupportedError(
      "use file descriptors",
      "threads, one of which sleeps in the driver",
    );
  }

  /**
   * Runs a task each time a descriptor is ready, one after the other, until
   * nothing more can come. The task reads until it would block: what is left then
   * has it run again when there is more.
   *
   * @returns Resolves at the end of what can be read; rejects as the task does,
   * or with the signal's reason, or a `ReleasedError` when it is deregistered.
   * @throws {LaybyError} As {@linkcode Pool.run}, as rejections.
   */
  // deno-lint-ignore require-await
  async on<Name extends TaskName<Tasks>>(
    registration: Registration,
    name: Name,
    args: TaskArguments<Tasks, Name>,
    options: WatchOptions = {},
  ): Promise<void> {
    const action = "run tasks on readiness";
    if (!(registration instanceof Registration)) {
      throw new ArgumentTypeError(
        `Cannot ${action} as registration must be one: call pool.io.register()`,
      );
    }
    const callee = this.#calleeOf(name);
    checkArguments(args);
    checkObject(action, "options", options);
    return runOnReady(
      registration,
      options,
      () => this.#engine.run(callee, args, undefined),
    );
  }

  /**
   * Changes how many workers there are: always as many, or between two limits.
   * Resolves when those that are too many have ended, and the others are ready.
   */
  async resize(workers: number | Limits): Promise<void> {
    await this.#engine.resize(checkLimits(workers));
  }

  /** Replaces each worker by a new one, one after the other. */
  recycle(): Promise<void> {
    return this.#engine.recycle();
  }

  /** Reads the pool's counts. Stops nobody. */
  metrics(): PoolMetrics {
    return this.#engine.metrics();
  }

  /** Resolves when all calls so far, and those that come meanwhile, are settled. */
  drain(): Promise<void> {
    return this.#engine.drain();
  }

  /**
   * Ends the pool: takes no more calls, waits for those that there are, and ends
   * the workers. Calls that do not end in time reject with a `ShutdownError`.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { timeout } = checkRunOptions("shut the pool down", options);
    await this.#engine.shutdown(timeout);
  }

  /** Shuts the pool down. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

function checkIterable(action: string, source: unknown): void {
  const it = source as
    | Partial<AsyncIterable<unknown> & Iterable<unknown>>
    | null
    | undefined;
  const method = it?.[Symbol.asyncIterator] ?? it?.[Symbol.iterator];
  if (typeof method === "function") return;
  throw new ArgumentTypeError(
    `Cannot ${action} as source must be iterable: give an array of items, or ` +
      "a generator",
  );
}

function checkArguments(args: unknown): void {
  if (Array.isArray(args)) return;
  throw new ArgumentTypeError(
    "Cannot run the task as args must be an array of its arguments",
  );
}
