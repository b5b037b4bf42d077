// How a thread that is no worker of a pool waits for file descriptors: on a parker
// of its own, blocked or in its event loop.

import { deliver, type Local } from "../core/local.ts";
import { claimParker } from "../park/claim.ts";
import type { Parker } from "../park/parker.ts";
import type { ParkerPlace } from "../park/result.ts";
import { driveForOthers } from "./drive.ts";
import { type IoSleeper, Watch } from "./watch.ts";

class ThreadSleeper implements IoSleeper {
  readonly task = 0;
  readonly #local: Local;
  readonly #parker: Parker;
  /** For one who blocks while others wait in the event loop. */
  #inner: Parker | undefined;
  #isAsleep = false;
  watch!: Watch;

  constructor(local: Local) {
    this.#local = local;
    this.#parker = claimParker(local);
  }

  get looping(): ParkerPlace {
    return this.#parker.handle;
  }

  get blocking(): ParkerPlace {
    return this.#blocking.handle;
  }

  get #blocking(): Parker {
    if (!this.#isAsleep) return this.#parker;
    return this.#inner ??= claimParker(this.#local);
  }

  begin(): void {
    if (this.#isAsleep) return;
    driveForOthers(this.#local);
    this.#isAsleep = true;
    void this.#sleep();
  }

  end(): void {
    if (!this.#isAsleep) return;
    const { core } = this.#local;
    const { address, claim } = this.#parker.handle;
    deliver(this.#local, core.parkerUnpark(address, claim), address);
  }

  async #sleep(): Promise<void> {
    const { waits } = this.watch;
    while (waits.isPending) {
      if (await this.#parker.parkAsync() === "shutdown") waits.shutdown();
      else waits.settle();
      // The thread that has done it until now may have ended.
      if (waits.isPending) driveForOthers(this.#local);
    }
    this.#isAsleep = false;
  }

  block(timeout: number): boolean {
    return this.#blocking.parkTimeout(timeout) === "shutdown";
  }

  toBlock<T>(callee: () => T): T {
    return callee();
  }
}

/** How the calling thread waits, on a parker that it claims for it. */
export function watchOnThread(local: Local): Watch {
  const sleeper = new ThreadSleeper(local);
  return sleeper.watch = new Watch(local, sleeper);
}
