// Whether a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come,
// and only while both threads have a core. `bench hot_call` and `bench idle_cpu`
// show what it buys and what it costs.

/** So many looks between two at the clock. */
const LOOKS = 16;
/**
 * How long a sleep takes whose end was there when it began, in milliseconds, at
 * most: to wake a thread takes that long.
 */
const WAKE_MS = 0.12;
/** Searches in vain take one in so many milliseconds, at most. */
const MOST = 128;

/** How long to look, in milliseconds: at most twice as long as it has worked. */
export interface LookTimes {
  /** But so long in any case. */
  readonly least: number;
  /** And never longer; 0 where there is no core to do it on. */
  readonly most: number;
}

/** Learns from one thread's searches and sleeps. */
export class Spin {
  readonly #times: LookTimes;
  /** How long to look, this time. */
  #time = 0;
  /** When the thread began to work. */
  #began = 0;
  /** Whether a search might have spared the last sleep. */
  #wasShort = true;
  /** When the next search may be. */
  #next = 0;
  /** What a search in vain costs: no other one for so many times as long. */
  #penalty = 1;

  constructor(times: LookTimes) {
    this.#times = times;
  }

  /**
   * Looks until `look` returns true, or for some time. Returns whether it did.
   *
   * @param isBrief Something else waits for the thread: it looks for the least.
   */
  search(look: () => boolean, isBrief = false): boolean {
    const { least, most } = this.#times;
    if (most === 0) return false;
    let now = performance.now();
    const time = isBrief
      ? least
      : Math.min(Math.max(2 * (now - this.#began), least), most);
    this.#time = time;
    if (!this.#wasShort || now < this.#next) return false;
    const until = now + time;
    do {
      for (let count = 0; count < LOOKS; count++) {
        if (look()) {
          this.#penalty = 1;
          this.#began = now;
          return true;
        }
        Atomics.pause?.();
      }
      now = performance.now();
    } while (now < until);
    this.#next = now + time * this.#penalty;
    this.#penalty = Math.min(2 * this.#penalty, MOST);
    return false;
  }

  /** The thread slept, from one time to the other, in milliseconds. */
  slept(from: number, to: number): void {
    this.#wasShort = to - from < this.#time + WAKE_MS;
    this.#began = to;
  }
}
