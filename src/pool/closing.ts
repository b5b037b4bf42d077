// The end of a pool, which may be asked for more than once.

import { after } from "./after.ts";

/** Closes once, and hurries for the first one who waits no longer. */
export class Closing {
  #closed: Promise<void> | undefined;
  readonly #hurry: PromiseWithResolvers<void> = Promise.withResolvers();

  get hasBegun(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Closes, and resolves when that is done.
   *
   * @param timeout Milliseconds after which `close()` is told to hurry.
   * @param close Called the first time only.
   */
  async close(
    timeout: number,
    close: (hurry: Promise<void>) => Promise<void>,
  ): Promise<void> {
    this.#closed ??= close(this.#hurry.promise);
    if (timeout === Infinity) return await this.#closed;
    const timer = after(timeout, this.#hurry.resolve);
    await this.#closed;
    clearTimeout(timer);
  }
}
