// Time in a scenario: a clock of each thread's own, that stands still but for
// the sleeps that end at their deadline.

/** When a scenario begins, in milliseconds: tick 0 of the wheel. */
export const START = 1000;
/** Deadlines from here on never come: a sleep to them must be ended. */
export const HORIZON: number = START + 500;
/** A deadline that never comes, in whichever slot of the wheel it waits. */
export const FAR: number = START + 5000;

/**
 * What `host.now()` is to one thread. Another thread's may be behind: clocks
 * are read a moment before they are used.
 */
export class Clock {
  now: number = START;
  #early: number;
  readonly #isSlow: boolean;

  /**
   * @param early So many sleeps on the bell end before their deadline.
   * @param isSlow Whether a thread that was woken runs after its deadline.
   */
  constructor(early = 0, isSlow = false) {
    this.#early = early;
    this.#isSlow = isSlow;
  }

  /** Milliseconds until then; `Infinity` if it never comes. */
  left(deadline: number): number {
    return deadline >= HORIZON ? Infinity : Math.max(deadline - this.now, 0);
  }

  /** Whether it has passed. */
  isPast(deadline: number): boolean {
    return this.now >= deadline;
  }

  /** A sleep until then has timed out. */
  timedOut(deadline: number): void {
    if (deadline < HORIZON) this.now = Math.max(this.now, deadline);
  }

  /** A sleep until then was ended by somebody. */
  woken(deadline: number): void {
    if (this.#isSlow) this.timedOut(deadline);
  }

  /** A sleep until then has ended, and does not say why. */
  slept(deadline: number): void {
    if (deadline <= this.now || deadline >= HORIZON) return;
    if (this.#early > 0) this.#early--;
    else this.timedOut(deadline);
  }
}
