// Who waits for a pool as a whole: for room in its queue, or until no call is
// left.

import type { Tallies } from "./metrics.ts";

/** Tells those who wait. Whatever may make room calls `look()`. */
export class Vacancy {
  readonly #tallies: Tallies;
  readonly #isFull: () => boolean;
  #room: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  /**
   * @param isFull Whether as many calls wait for a worker as may.
   */
  constructor(tallies: Tallies, isFull: () => boolean) {
    this.#tallies = tallies;
    this.#isFull = isFull;
  }

  /** Whether somebody waits for room. */
  get isAwaited(): boolean {
    return this.#room !== undefined;
  }

  /** Resolves when the queue is not full. */
  forRoom(): Promise<void> {
    if (!this.#isFull()) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Resolves when all calls are settled. */
  forNone(): Promise<void> {
    if (this.#tallies.unsettled === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  /** Tells those whose time has come. */
  look(): void {
    if (this.#room && !this.#isFull()) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#empty && this.#tallies.unsettled === 0) {
      this.#empty.resolve();
      this.#empty = undefined;
    }
  }
}
