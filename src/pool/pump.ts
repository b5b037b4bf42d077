// Brings what workers have finished to the callers of a thread that awaits: as
// microtasks while answers come at once, and from the event loop else.

import type { Local } from "../core/local.ts";
import type { Parker } from "../park/parker.ts";
import { Spin } from "./spin.ts";

/** So many rounds between two looks at the clock. */
const ROUNDS = 8;
/** The event loop gets a turn after this much time without one. */
const STARVING_MS = 1;
/** Looks for an answer before the thread goes to its event loop. */
const LOOKS = 24;

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
    this.#spin = new Spin(local.host.parallelism > 1);
  }

  /** Goes on until nothing is pending. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    queueMicrotask(this.#round);
  }

  readonly #round = (): void => {
    const source = this.#source;
    if (source.settle() === 0 && source.pending > 0 && !this.#look()) {
      void this.#sleep();
      return;
    }
    if (source.pending === 0) {
      // Whoever was waiting may call again at once: it starts the pump anew.
      this.#isRunning = false;
      return;
    }
    if (++this.#rounds % ROUNDS === 0 && this.#isStarving()) {
      void this.#turn();
      return;
    }
    queueMicrotask(this.#round);
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

  /** Looks for an answer for a moment. */
  #look(): boolean {
    const looks = Math.min(this.#spin.looks, LOOKS);
    for (let look = 0; look < looks; look++) {
      Atomics.pause?.();
      if (this.#source.settle() > 0) {
        this.#spin.looked(true);
        return true;
      }
    }
    if (looks > 0) this.#spin.looked(false);
    return false;
  }

  async #sleep(): Promise<void> {
    const began = performance.now();
    await this.#parker.parkAsync();
    this.#turned = performance.now();
    this.#spin.slept(this.#turned - began);
    this.#round();
  }
}
