// How a worker waits for file descriptors: on the parker that it sleeps on anyway,
// so that whoever wakes it for work and for these wakes one thread.

import type { Local } from "../core/local.ts";
import { type IoSleeper, Watch } from "../io/watch.ts";
import type { ParkerPlace } from "../park/result.ts";
import type { Sleep } from "./sleep.ts";
import type { WorkerMessage } from "./start.ts";

/** What it has to know of the worker. */
export interface WorkerParts {
  readonly local: Local;
  readonly index: number;
  readonly sleep: Sleep;
  /** The task that runs; 0 if there is none. */
  running(): number;
  /** Throws if the thread has ended for the pool, or its task was cancelled. */
  check(): void;
}

/** A shorter stay in the event loop is worth no thread, in milliseconds. */
const STAY_MS = 10;

class WorkerSleeper implements IoSleeper {
  readonly #parts: WorkerParts;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  get looping(): ParkerPlace {
    return this.#parts.sleep.looping.handle;
  }

  get blocking(): ParkerPlace {
    return this.#parts.sleep.blocking.handle;
  }

  get task(): number {
    return this.#parts.running();
  }

  begin(): void {
    this.#parts.sleep.rouseInLoop();
  }

  end(): void {
    this.#parts.sleep.rouseInLoop();
  }

  toBlock<T>(callee: () => T): T {
    return this.#parts.sleep.toBlock(callee);
  }

  block(timeout: number): boolean {
    const { local, index, sleep } = this.#parts;
    // Woken to search, it goes on with its own task.
    local.core.workerEndSearch(index);
    const end = sleep.block(timeout);
    this.#parts.check();
    return end === "shutdown";
  }
}

/** A worker's watch over descriptors. */
export class WorkerWatch extends Watch {
  readonly #ask = (): void => {
    const message: WorkerMessage = { kind: "drive" };
    this.local.host.self()!.post(message);
  };

  constructor(parts: WorkerParts) {
    super(parts.local, new WorkerSleeper(parts));
  }

  /**
   * This worker goes to its event loop: somebody else has to drive, if it stays
   * there. Returns what is to be called when it is back. The pool's creator starts
   * that thread, since it is there as long as the pool.
   */
  leave(): () => void {
    if (!this.waits.isPending) return () => {};
    const timer = setTimeout(this.#ask, STAY_MS);
    return () => clearTimeout(timer);
  }
}
