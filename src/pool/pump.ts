// Brings what workers have finished to the callers of a thread that awaits: as
// microtasks while answers come at once, and from the event loop else.

import type { Local } from "../core/local.ts";
import type { Parker } from "../park/parker.ts";
import { Spin } from "./spin.ts";

/** So many rounds between two looks at the clock. */
const ROUNDS = 8;
/** The event loop gets a turn after this much time without one. */
const STARVING_MS = 1;
/**
 * How long to look for an answer, in milliseconds, before the thread goes to its
 * event loop: as long as it takes to wake a worker on a core that sleeps.
 */
const LOOK_MS = 0.15;

/** What there is to pump. */
export interface Source {
  /** Calls that are not settled. */
  readonly pending: number;
  /** Settles what has come. Returns how many. */
  settle(): number;
}

/** The pump of one thread. */
export class Pump {
  readonly #local: Local;
  readonly #parker: Parker;
  readonly #source: Source;
  readonly #spin: Spin;
  #isRunning = false;
  #rounds = 0;
  #turned = 0;

  constructor(local: Local, parker: Parker, source: Source) {
    this.#local = local;
    this.#parker = parker;
    this.#source = source;
    // The event loop waits meanwhile: never longer.
    this.#spin = new Spin(local.host, { least: LOOK_MS, most: LOOK_MS });
  }

  /** Goes on until nothing is pending. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    queueMicrotask(this.#round);
  }

  readonly #round = (): void => {
    const source = this.#source;
    if (
      source.settle() === 0 && source.pending > 0 &&
      !this.#spin.search(this.#look)
    ) {
      void this.#sleep();
      return;
    }
    // Whoever was waiting may call again at once, as long as it likes.
    if (++this.#rounds % ROUNDS === 0 && this.#isStarving()) {
      void this.#turn();
    } else if (source.pending > 0) {
      queueMicrotask(this.#round);
    } else {
      this.#isRunning = false;
    }
  };

  #isStarving(): boolean {
    const now = performance.now();
    // Rounds before were so long ago that there were turns in between.
    return now - this.#turned > STARVING_MS;
  }

  async #turn(): Promise<void> {
    await this.#local.host.turn();
    this.#turned = performance.now();
    queueMicrotask(this.#round);
  }

  readonly #look = (): boolean => this.#source.settle() > 0;

  async #sleep(): Promise<void> {
    const began = performance.now();
    // What has not come by then does not come.
    if (await this.#parker.parkAsync() === "shutdown") return;
    this.#turned = performance.now();
    this.#spin.slept(began, this.#turned);
    this.#round();
  }
}
