// The event-loop driver: the runtime's own I/O, timers and messages are served
// while a parker sleeps, until its doorbell rings.

import type { Driver } from "../driver.ts";
import { UnsupportedError } from "../errors.ts";

/**
 * Sleeps in `Atomics.waitAsync` on a doorbell: a count of rings, in shared
 * memory.
 *
 * https://tc39.es/ecma262/#sec-atomics.waitasync
 */
export class EventLoopDriver implements Driver {
  readonly name = "event-loop";
  readonly blocks = false;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #doorbell: number;
  /** The count of rings that this driver has heard. */
  #heard: number;

  /**
   * @param words The shared memory.
   * @param doorbell Which of the words.
   * @throws {UnsupportedError} If the host cannot wait without blocking.
   */
  constructor(words: Int32Array<SharedArrayBuffer>, doorbell: number) {
    if (!Atomics.waitAsync) {
      throw new UnsupportedError(
        "park in the event loop",
        "Atomics.waitAsync: this host has none",
      );
    }
    this.#words = words;
    this.#doorbell = doorbell;
    this.#heard = this.#rings();
  }

  #rings(): number {
    // Acquire. Pairs with the addition in the core's `ringDoorbell()` [P3].
    return Atomics.load(this.#words, this.#doorbell);
  }

  async park(timeout: number): Promise<number> {
    const rings = this.#rings();
    if (rings === this.#heard && timeout > 0) {
      // Listens only if nobody has rung since.
      // Acquire. Pairs with the addition in the core's `ringDoorbell()` [P3].
      const ring = Atomics.waitAsync(
        this.#words,
        this.#doorbell,
        rings,
        // Up to whole milliseconds: event loops count no finer, and one that
        // rounds down would spin.
        Math.ceil(timeout),
      );
      if (ring.async) await ring.value;
    }
    this.#heard = this.#rings();
    return 0;
  }

  unpark(): void {
    // Release. Pairs with the load in `#rings()` [P3].
    Atomics.add(this.#words, this.#doorbell, 1);
    // Relaxed: the addition above carries the ring.
    Atomics.notify(this.#words, this.#doorbell);
  }

  shutdown(): void {
    this.unpark();
  }
}
