// How a worker sleeps: blocked, in its event loop, or blocked in a task that goes
// on in the event loop, where the parker of the other sleep is in use.

import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { claimParker } from "../park/claim.ts";
import type { Parker } from "../park/parker.ts";
import type { ParkResult } from "../park/result.ts";

/** The sleeps of one worker. */
export class Sleep {
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #index: number;
  readonly #parker: Parker;
  /** For the third kind. */
  #inner: Parker | undefined;
  #isInLoop = false;
  /** Whether it blocks on that one, or is about to. */
  #isInner = false;

  constructor(local: Local, index: number, parker: Parker) {
    this.#local = local;
    this.#core = local.core;
    this.#index = index;
    this.#parker = parker;
  }

  /** Which parker wakes this thread in its event loop. */
  get looping(): Parker {
    return this.#parker;
  }

  /** Which parker wakes this thread if it blocks now. */
  get blocking(): Parker {
    if (!this.#isInLoop) return this.#parker;
    return this.#inner ??= claimParker(this.#local);
  }

  /** Makes the worker look for work again. */
  rouse(): void {
    const { address, claim } = this.#parker.handle;
    this.#core.parkerUnpark(address, claim);
  }

  /** The same, if it sleeps in its event loop. */
  rouseInLoop(): void {
    if (this.#isInLoop) this.rouse();
  }

  /**
   * A task goes on in the event loop, and brings work: its worker is awake, for
   * the pool too, which would else wake this one for it and nobody else.
   */
  wakeUp(): void {
    if (!this.#isInLoop) return;
    this.#core.workerUnpark(this.#index, 1);
    this.#core.workerEndSearch(this.#index);
    this.rouse();
  }

  /** Sleeps in the event loop. */
  async inLoop(timeout: number): Promise<ParkResult> {
    this.#isInLoop = true;
    try {
      return await this.#parker.parkAsync({ timeout });
    } finally {
      this.#isInLoop = false;
    }
  }

  /**
   * Calls a function in which `block()` is called, in a task. What came to this
   * thread before may have woken it in its event loop: look for that first.
   */
  toBlock<T>(callee: () => T): T {
    // A task that was run meanwhile may block, too.
    if (!this.#isInLoop || this.#isInner) return callee();
    this.wakeUp();
    this.#open(this.blocking);
    this.#isInner = true;
    try {
      return callee();
    } finally {
      this.#isInner = false;
      this.#open(this.#parker);
      // What came meanwhile has woken the other one.
      this.rouse();
    }
  }

  /** Blocks for so many milliseconds, or until a token comes. */
  block(timeout: number): ParkResult {
    const parker = this.blocking;
    return timeout === Infinity ? parker.park() : parker.parkTimeout(timeout);
  }

  #open({ handle: { address, claim } }: Parker): void {
    this.#core.callerOpen(this.#index + 1, address, claim);
  }
}
