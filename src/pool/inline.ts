// A pool's tasks on the caller's own event loop, where there are no threads.

import { CannotBlockError, ShutdownError, TimedOutError } from "../errors.ts";
import { setContext, type WorkerContext } from "./context.ts";
import type { Engine } from "./engine.ts";
import type { TaskHandle } from "./handle.ts";
import { type PoolMetrics, Tallies } from "./metrics.ts";
import type { CheckedPoolOptions, CheckedRunOptions } from "./options.ts";
import { Spawned } from "./spawned.ts";
import { type TaskFunction, tasksOf } from "./task_module.ts";

/** A call, until it is settled. */
interface Pending {
  reject(error: unknown): void;
}

/** The engine of a pool that has no threads. */
export class InlineEngine implements Engine {
  readonly names: readonly string[];
  readonly #functions: readonly TaskFunction[];
  readonly #options: CheckedPoolOptions;
  readonly #teardown: () => Promise<void>;
  readonly #tallies = new Tallies();
  readonly #pending = new Set<Pending>();
  #closing: Promise<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  private constructor(
    tasks: ReadonlyMap<string, TaskFunction>,
    options: CheckedPoolOptions,
    teardown: () => Promise<void>,
  ) {
    this.names = [...tasks.keys()];
    this.#functions = [...tasks.values()];
    this.#options = options;
    this.#teardown = teardown;
    setContext(this.#context(new AbortController().signal));
  }

  /** Loads the module, and resolves when it is set up. */
  static async start(
    module: string,
    options: CheckedPoolOptions,
  ): Promise<InlineEngine> {
    const { setup, teardown, data } = options;
    const { tasks, callHook } = await tasksOf(module, setup, teardown);
    await callHook(setup, data);
    return new InlineEngine(tasks, options, () => callHook(teardown, data));
  }

  get workers(): number {
    return this.#closing ? 0 : 1;
  }

  get queued(): number {
    return Math.max(this.#pending.size - 1, 0);
  }

  get ready(): Promise<void> {
    return this.queued < this.#options.maxQueue
      ? Promise.resolve()
      : this.#next();
  }

  /** Resolves when one of the calls is settled. */
  async #next(): Promise<void> {
    const before = this.#tallies.completed + this.#tallies.failed;
    while (this.#tallies.completed + this.#tallies.failed === before) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  run(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions | undefined,
  ): Promise<unknown> {
    if (this.#closing) return Promise.reject(new ShutdownError("run a task"));
    this.#tallies.submitted++;
    // Copied as it would be on its way to a thread, and when it would be.
    const copies = structuredClone(args, {
      transfer: [...options?.transfer ?? []],
    });
    const controller = new AbortController();
    const name = this.names[callee]!;
    return new Promise((resolve, reject) => {
      const pending: Pending = { reject };
      this.#pending.add(pending);
      const end = () => {
        this.#pending.delete(pending);
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        if (this.#pending.size === 0) this.#empty?.resolve();
      };
      const { signal, timeout = Infinity } = options ?? {};
      const cancel = (error: unknown) => {
        this.#tallies.cancelled++;
        controller.abort(error);
        end();
        reject(error);
      };
      const aborted = () => cancel(signal!.reason);
      signal?.addEventListener("abort", aborted, { once: true });
      const timer = timeout === Infinity ? undefined : setTimeout(
        () => cancel(new TimedOutError(name, timeout)),
        timeout,
      );
      queueMicrotask(async () => {
        if (controller.signal.aborted) return;
        const began = performance.now();
        try {
          const value = await this.#call(callee, copies, controller.signal);
          this.#tallies.completed++;
          resolve(structuredClone(value));
        } catch (error) {
          this.#tallies.failed++;
          reject(error);
        }
        this.#tallies.latency.add(performance.now() - began);
        end();
      });
    });
  }

  #call(
    callee: number,
    args: readonly unknown[],
    signal: AbortSignal,
  ): unknown {
    setContext(this.#context(signal));
    const it = this.#functions[callee] as (...args: unknown[]) => unknown;
    return it(...args);
  }

  #context(signal: AbortSignal): WorkerContext {
    return {
      index: 0,
      name: `${this.#options.name}-0`,
      data: this.#options.data,
      signal,
      get isCancelled() {
        return signal.aborted;
      },
      spawn: (name, args) => this.#spawn(name, args, signal),
      keepAwake: () => ({ [Symbol.dispose]: () => {} }),
    };
  }

  #spawn(
    name: string,
    args: readonly unknown[],
    signal: AbortSignal,
  ): TaskHandle<unknown> {
    const spawned = new Spawned({ wait: () => {} }, 0);
    try {
      const callee = this.names.indexOf(name);
      spawned.settle(this.#call(callee, structuredClone(args), signal));
    } catch (error) {
      spawned.reject(error);
    }
    return spawned;
  }

  runSync(
    callee: number,
    args: readonly unknown[],
    _options: CheckedRunOptions,
  ): unknown {
    if (this.#closing) throw new ShutdownError("run a task");
    const { signal } = new AbortController();
    const spawned = new Spawned({ wait: () => {} }, 0);
    this.#tallies.submitted++;
    spawned.settle(this.#call(callee, structuredClone(args), signal));
    if (!spawned.isDone) {
      throw new CannotBlockError("wait for an asynchronous task", "run()");
    }
    this.#tallies.completed++;
    return structuredClone(spawned.join());
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  recycle(): Promise<void> {
    return Promise.resolve();
  }

  drain(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  shutdown(timeout: number): Promise<void> {
    return this.#closing ??= this.#close(timeout);
  }

  async #close(timeout: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const time = timeout === Infinity
      ? []
      : [new Promise<void>((resolve) => timer = setTimeout(resolve, timeout))];
    await Promise.race([this.drain(), ...time]);
    clearTimeout(timer);
    const error = new ShutdownError("finish the task");
    for (const pending of this.#pending) pending.reject(error);
    this.#pending.clear();
    await this.#teardown();
  }

  metrics(): PoolMetrics {
    const { latency, ...counts } = this.#tallies;
    return {
      ...counts,
      pending: this.#pending.size,
      latency: latency.copy(),
      workers: [],
    };
  }
}
