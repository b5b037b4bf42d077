// Whether a park of the event loop first blocks for a moment. Waking a blocked
// thread costs a third of waking an event loop, so a partner that answers at
// once is worth the wait. `bench async_pingpong` shows what it buys.

/** What counts as an answer at once, in milliseconds. */
const QUICK_MS = 0.1;
/** So many in a row, and the next park waits for one. */
const STREAK = 8;
/** What a wait in vain costs: so many more quick answers are asked for. */
const PENALTY = 64;
/** The event loop gets a turn after this much time without one. */
const STARVING_MS = 1;

/** How long to block for an answer: the least that the kernel's timers do. */
export const GRACE_MS = 0.05;

/** Learns from one parker's parks. */
export class Grace {
  #streak = 0;
  /** When the event loop last had a turn. */
  #turned = -Infinity;

  /** Whether to block first. */
  isDue(now: number): boolean {
    return this.#streak >= STREAK && now - this.#turned < STARVING_MS;
  }

  /** A wait ended with a token, or in vain. */
  waited(isAnswered: boolean): void {
    if (!isAnswered) this.#streak = -PENALTY;
  }

  /** A sleep in the event loop ended. */
  slept(began: number, ended: number): void {
    this.#turned = ended;
    this.#streak = ended - began < QUICK_MS
      ? Math.min(this.#streak + 1, STREAK)
      : 0;
  }
}
