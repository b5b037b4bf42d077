// Tasks that tasks spawn, and how one waits for another without a deadlock.

import { QUEUED, RUNNING } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { ShutdownError, UnknownTaskError } from "../errors.ts";
import type { Calls } from "./calls.ts";
import type { Circles } from "./circles.ts";
import { Copies } from "./copies.ts";
import type { TaskHandle } from "./handle.ts";
import { isForMessage, type Marshal } from "./marshal.ts";
import type { Orders } from "./orders.ts";
import type { Records } from "./record.ts";
import type { Runner } from "./runner.ts";
import { Spawned, type Waiting } from "./spawned.ts";
import type { Sleep } from "./sleep.ts";

/**
 * Tasks that a worker runs on top of each other while it waits: more would only
 * take stack. It can still take back what it waits for, at any depth.
 */
const MAX_DEPTH = 64;
// Of a task's word.
const STATE = 7;
const THREAD_SHIFT = 8;

/** What it is made of. */
export interface JoinParts {
  readonly local: Local;
  readonly index: number;
  readonly names: readonly string[];
  readonly calls: Calls;
  readonly records: Records;
  readonly marshal: Marshal;
  readonly orders: Orders;
  readonly circles: Circles;
  readonly sleep: Sleep;
  /** Blocks until something comes to this thread: work, too, if it may run it. */
  wait(mayRun: boolean): void;
}

/** The tasks that one worker's tasks have spawned. */
export class Joins implements Waiting {
  readonly #runner: Runner;
  readonly #parts: JoinParts;
  readonly #copies: Copies;
  readonly #callees: ReadonlyMap<string, number>;
  #depth = 0;

  constructor(runner: Runner, parts: JoinParts) {
    this.#runner = runner;
    this.#parts = parts;
    this.#copies = new Copies(parts.local.host.serializer, undefined);
    this.#callees = new Map(parts.names.map((name, place) => [name, place]));
  }

  /** Starts a task, or leaves it to whoever joins it if there is no record. */
  spawn(name: string, args: readonly unknown[]): TaskHandle<unknown> {
    const { local, index, calls, records, marshal, orders } = this.#parts;
    orders.check();
    const callee = this.#callees.get(name);
    if (callee === undefined) {
      throw new UnknownTaskError(name, this.#parts.names);
    }
    const task = calls.claim();
    const spawned = new Spawned(this, task);
    if (task === 0) {
      this.#runHere(spawned, callee, args);
      return spawned;
    }
    try {
      records.begin(task, callee);
      marshal.writeArguments(task, args);
    } catch (error) {
      calls.unclaim(task);
      if (!isForMessage(error)) throw error;
      // No message goes from worker to worker.
      this.#runHere(spawned, callee, args);
      return spawned;
    }
    calls.expect(task, spawned);
    this.#parts.sleep.wakeUp();
    local.core.workerSpawn(index, task);
    return spawned;
  }

  /** Runs a task where it was spawned, as if all records were in use. */
  #runHere(spawned: Spawned, callee: number, args: readonly unknown[]): void {
    const copies = this.#copies.ofArguments(args, undefined);
    try {
      spawned.settle(this.#runner.callDirectly(callee, copies));
    } catch (error) {
      spawned.reject(error);
    }
  }

  /**
   * Waits until the task is done, and runs others meanwhile; but none that goes
   * on in the event loop, which is blocked. See {@linkcode Waiting.wait}.
   */
  wait(spawned: Spawned): Runner | undefined {
    const { local, index } = this.#parts;
    const runner = this.#parts.sleep.toBlock(() => this.#waitFor(spawned));
    // Woken to search, it goes on with its own task.
    local.core.workerEndSearch(index);
    return runner;
  }

  #waitFor(spawned: Spawned): Runner | undefined {
    const { local, index, calls, orders } = this.#parts;
    const { core } = local;
    let mayRun = this.#depth < MAX_DEPTH;
    while (true) {
      orders.check();
      calls.drain();
      if (spawned.isDone) return undefined;
      const seen = core.taskSeen(spawned.task);
      if ((seen & STATE) === QUEUED) {
        const runner = this.takeBack(spawned.task);
        if (runner) return runner;
      } else if (
        (seen & STATE) === RUNNING && seen >>> THREAD_SHIFT === local.thread
      ) return undefined;
      if (core.shutdownBegun()) {
        throw new ShutdownError("join the task", "pool");
      }
      const task = mayRun ? core.workerNext(index) : 0;
      if (task === 0) {
        if (!this.#block(spawned.task, mayRun)) return undefined;
        continue;
      }
      if (this.#runner.isAsync(task)) {
        // For a worker whose event loop runs; or for its owner, which then knows
        // that no other one has begun it.
        core.workerGiveBack(index, task);
        mayRun = false;
        continue;
      }
      this.#depth++;
      try {
        this.#runner.execute(task);
      } finally {
        this.#depth--;
      }
    }
  }

  /** Returns false if nothing would ever wake this thread. */
  #block(task: number, mayRun: boolean): boolean {
    const { wait, circles } = this.#parts;
    circles.begin(task);
    try {
      // In a circle, this thread too has something in its event loop.
      if (this.#runner.inFlight > 0 && circles.isCircular(task)) return false;
      wait(mayRun);
      return true;
    } finally {
      circles.end();
    }
  }

  takeBack(task: number): Runner | undefined {
    const { local, index, orders } = this.#parts;
    orders.check();
    return local.core.workerTakeBack(index, task) ? this.#runner : undefined;
  }

  release(task: number): void {
    this.#parts.orders.check();
    this.#parts.calls.takeBack(task);
  }
}
