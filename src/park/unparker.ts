// The end of a parker that any thread may hold.

import { deliver, type Local } from "../core/local.ts";
import { STALE } from "../core/core.generated.ts";
import type { CoreExports, DONE } from "../core/core.generated.ts";
import type { ParkerHandle } from "../core/handle.ts";

/** Imported constants are loaded each time they are used; this one is not. */
const NOBODY_SLEPT: typeof DONE = 0;

/**
 * Makes a parker's token available.
 *
 * Any thread may have any number of unparkers of one parker. Dropping one wakes
 * nobody. It stays safe to use when its parker is gone, and after shutdown.
 */
export class Unparker {
  readonly #local: Local;
  /** The core's function itself: a field is read faster than an export. */
  readonly #unpark: CoreExports["parkerUnpark"];
  readonly #address: number;
  readonly #claim: number;

  /** Identifies the parker to other threads. */
  readonly handle: ParkerHandle;

  /**
   * Constructs an unparker. Call `Runtime.unparker()` instead.
   *
   * @param local This thread's part of the runtime.
   * @param handle A handle of the runtime's.
   */
  constructor(local: Local, handle: ParkerHandle) {
    this.#local = local;
    this.#unpark = local.core.parkerUnpark;
    this.#address = handle.address;
    this.#claim = handle.claim;
    this.handle = handle;
  }

  /**
   * Makes the token available, and wakes the owner if it is parked.
   *
   * Never blocks. Everything that this thread did before is visible to the
   * owner when the park that takes the token returns; that holds for each of
   * several unparks that became one token.
   *
   * @returns Whether there is still a parker to unpark: `false` if it was
   * released. Nothing is woken then.
   */
  unpark(): boolean {
    const unpark = this.#unpark;
    const code = unpark(this.#address, this.#claim);
    if (code === NOBODY_SLEPT) return true;
    deliver(this.#local, code, this.#address);
    return code !== STALE;
  }
}
