// Whether a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come,
// and only while both threads have a core. `bench hot_call` and `bench idle_cpu`
// show what it buys and what it costs.

/** So many looks between two at the clock. */
const LOOKS = 16;
/**
 * What came within this after a thread fell asleep, in milliseconds, came soon:
 * to wake it took the most of it.
 */
const SOON_MS = 0.2;
/** Sleeps that ended soon, at most, between two searches. */
const MOST = 1024;

/** Learns from one thread's searches and sleeps. */
export class Spin {
  readonly #time: number;
  /** Sleeps that have to end soon before the next search. */
  #sleeps = 0;
  /** What that is after a search in vain. It doubles with each. */
  #penalty = 1;

  /**
   * @param time How long to look, in milliseconds; 0 where there is no core to
   * do it on.
   */
  constructor(time: number) {
    this.#time = time;
  }

  /** Looks until `look` returns true, or for some time. Returns whether it did. */
  search(look: () => boolean): boolean {
    if (this.#sleeps > 0 || this.#time === 0) return false;
    const until = performance.now() + this.#time;
    do {
      for (let count = 0; count < LOOKS; count++) {
        if (look()) {
          this.#penalty = 1;
          return true;
        }
        Atomics.pause?.();
      }
    } while (performance.now() < until);
    this.#sleeps = this.#penalty;
    this.#penalty = Math.min(2 * this.#penalty, MOST);
    return false;
  }

  /** A sleep took so long, in milliseconds: it may have been too short for one. */
  slept(ms: number): void {
    if (ms < SOON_MS && this.#sleeps > 0) this.#sleeps--;
  }
}
