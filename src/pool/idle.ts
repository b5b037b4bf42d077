// How a worker tells that it has nothing to do, if the pool wants to know.

import { SHRINKING } from "./start.ts";

/** The idle time of one worker. */
export class Idleness {
  readonly #controls: Int32Array<SharedArrayBuffer>;
  readonly #timeout: number;
  #since = 0;
  /** Tasks that it had run when it last had one. */
  #tasks = -1;
  /** What `SHRINKING` was when it told that it is idle. */
  #told = 0;

  /** @param timeout Milliseconds without work until it is to tell so. */
  constructor(controls: Int32Array<SharedArrayBuffer>, timeout: number) {
    this.#controls = controls;
    this.#timeout = timeout;
  }

  #wish(): number {
    // Relaxed: a token comes when it has changed.
    return Atomics.load(this.#controls, SHRINKING);
  }

  /**
   * Milliseconds until it is to tell; `Infinity` if nobody wants to know, or it
   * has told.
   *
   * @param tasks How many it has run so far.
   */
  timeLeft(tasks: number): number {
    const wish = this.#wish();
    if (wish <= 0) return Infinity;
    const now = performance.now();
    if (tasks !== this.#tasks) {
      this.#tasks = tasks;
      this.#since = now;
      this.#told = 0;
    }
    if (this.#told === wish) return Infinity;
    return Math.max(this.#since + this.#timeout - now, 1);
  }

  /** It tells now. */
  tell(): void {
    this.#told = this.#wish();
  }
}
