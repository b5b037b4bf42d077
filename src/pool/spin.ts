// Whether a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come.
// `bench hot_call` and `bench idle_cpu` show what it buys and what it costs.

import { Sharing, type SharingHost } from "./sharing.ts";

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
  /** And never longer; 0 if not at all. */
  readonly most: number;
}

/** For a thread that does not look. */
export const NO_LOOK: LookTimes = { least: 0, most: 0 };

/** Learns from one thread's searches and sleeps. */
export class Spin {
  readonly #times: LookTimes;
  readonly #sharing: Sharing;
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

  constructor(host: SharingHost, times: LookTimes) {
    this.#sharing = new Sharing(host);
    const mayLook = times.most > 0 && this.#sharing.prepare();
    this.#times = mayLook ? times : NO_LOOK;
  }

  /**
   * Looks until `look` returns true, or for some time. Returns whether it did.
   *
   * @param isBrief Something else waits for the thread: it looks for the least.
   */
  search(look: () => boolean, isBrief = false): boolean {
    const { least, most } = this.#times;
    if (most === 0) return false;
    const began = performance.now();
    const time = isBrief
      ? least
      : Math.min(Math.max(2 * (began - this.#began), least), most);
    this.#time = time;
    if (!this.#wasShort || began < this.#next) return false;
    const sharing = this.#sharing;
    const looks = sharing.begin();
    for (let passed = 0;;) {
      for (let count = 0; count < looks; count++) {
        if (look()) {
          sharing.found(count, passed);
          this.#began = began + passed;
          // Later than that, it was others who had the core.
          if (passed < time) this.#penalty = 1;
          else this.#pause(began, passed);
          return true;
        }
        Atomics.pause?.();
      }
      passed = performance.now() - began;
      if (passed >= time) {
        sharing.missed();
        this.#pause(began, passed);
        return false;
      }
      sharing.giveWay(passed);
    }
  }

  /** A search has taken so long, which was too long. */
  #pause(began: number, passed: number): void {
    this.#next = began + passed * (1 + this.#penalty);
    this.#penalty = Math.min(2 * this.#penalty, MOST);
  }

  /** The thread slept, from one time to the other, in milliseconds. */
  slept(from: number, to: number): void {
    this.#wasShort = to - from < this.#time + WAKE_MS;
    this.#sharing.slept(to - from);
    this.#began = to;
  }
}
