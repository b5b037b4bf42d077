// How long a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come,
// and only while other cores are free. `bench hot_call` and `bench idle_cpu`
// show what it buys and what it costs.

/** So many looks between two at the clock. */
const LOOKS = 16;
/** A search in vain leaves so much less time for the next one. */
const DECAY = 4;
/**
 * What came within this after a thread fell asleep, in milliseconds, came soon:
 * to wake it took the most of it.
 */
const SOON_MS = 0.2;
/** Less is none, in milliseconds. */
const LEAST_MS = 0.002;

/** Learns from one thread's searches. */
export class Spin {
  readonly #most: number;
  #time: number;

  /**
   * @param most How long to look, in milliseconds; 0 where there is no core to
   * do it on.
   */
  constructor(most: number) {
    this.#most = most;
    this.#time = most;
  }

  /** Looks until `look` returns true, or for some time. Returns whether it did. */
  search(look: () => boolean): boolean {
    if (this.#time === 0) return false;
    const until = performance.now() + this.#time;
    do {
      for (let count = 0; count < LOOKS; count++) {
        if (look()) {
          this.#time = this.#most;
          return true;
        }
        Atomics.pause?.();
      }
    } while (performance.now() < until);
    const less = this.#time / DECAY;
    this.#time = less < LEAST_MS ? 0 : less;
    return false;
  }

  /** A sleep took so long, in milliseconds: it may have been too short for one. */
  slept(ms: number): void {
    if (ms < SOON_MS) this.#time = this.#most;
  }
}
