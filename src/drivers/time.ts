// The time driver: sleeps on the bell in shared memory until the next deadline.
// Serves the timer wheel and nothing else; the default.

import { WAKE } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { Driver } from "../driver.ts";
import type { Futex } from "../host.ts";

/** What the bell's word holds while its owner sleeps. */
const ASLEEP = 1;

/** Sleeps in `memory.atomic.wait32`, or in the host's futex. */
export class TimeDriver implements Driver {
  readonly name = "time";
  readonly blocks = true;
  readonly #core: CoreExports;
  readonly #futex: Futex | undefined;
  readonly #bell: number;

  constructor(core: CoreExports, futex: Futex | undefined) {
    this.#core = core;
    this.#futex = futex;
    this.#bell = core.bellAddress();
  }

  park(timeout: number): number {
    if (this.#futex) this.#sleep(this.#futex, timeout);
    else this.#core.bellSleep(timeout);
    return 0;
  }

  #sleep(futex: Futex, timeout: number): void {
    if (timeout > 0 && this.#core.bellCommit()) {
      futex.wait(this.#bell, ASLEEP, timeout);
    }
    this.#core.bellHear();
  }

  unpark(): void {
    if (this.#core.bellRing() === WAKE) this.#futex!.wake(this.#bell);
  }

  shutdown(): void {
    this.unpark();
  }
}
