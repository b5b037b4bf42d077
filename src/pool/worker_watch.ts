// How a worker waits for file descriptors: on the parker that it sleeps on anyway,
// so that whoever wakes it for work and for these wakes one thread.

import type { Local } from "../core/local.ts";
import { driveForOthers } from "../io/drive.ts";
import { type IoSleeper, Watch } from "../io/watch.ts";
import type { Parker } from "../park/parker.ts";

/** What it has to know of the worker. */
export interface WorkerParts {
  readonly local: Local;
  readonly index: number;
  readonly parker: Parker;
  /** The task that runs; 0 if there is none. */
  running(): number;
  /** Throws if the thread has ended for the pool, or its task was cancelled. */
  check(): void;
  /** Makes the worker look around again, if it sleeps in its event loop. */
  rouse(): void;
}

/** A shorter stay in the event loop is worth no thread, in milliseconds. */
const STAY_MS = 10;

class WorkerSleeper implements IoSleeper {
  readonly parker: { readonly address: number; readonly claim: number };
  readonly #parts: WorkerParts;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.parker = parts.parker.handle;
  }

  get task(): number {
    return this.#parts.running();
  }

  begin(): void {
    this.#parts.rouse();
  }

  block(timeout: number): boolean {
    const { local, index, parker } = this.#parts;
    // Woken to search, it goes on with its own task.
    local.core.workerEndSearch(index);
    const end = parker.parkTimeout(timeout);
    this.#parts.check();
    return end === "shutdown";
  }
}

/** A worker's watch over descriptors. */
export class WorkerWatch extends Watch {
  constructor(parts: WorkerParts) {
    super(parts.local, new WorkerSleeper(parts));
  }

  /**
   * This worker goes to its event loop: somebody else has to drive, if it stays
   * there. Returns what is to be called when it is back.
   */
  leave(): () => void {
    if (!this.waits.isPending) return () => {};
    const timer = setTimeout(() => driveForOthers(this.local), STAY_MS);
    return () => clearTimeout(timer);
  }
}
