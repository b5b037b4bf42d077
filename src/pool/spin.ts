// How long a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come,
// and only while other cores are free. `bench hot_call` and `bench idle_cpu`
// show what it buys and what it costs.

/** As many looks as take about 20 microseconds. */
const MOST = 256;
/** Fewer are none. */
const FEWEST = 16;
/** Work that came within this after the thread fell asleep, in milliseconds. */
const SOON_MS = 0.2;

/** Learns from one thread's searches. */
export class Spin {
  readonly #most: number;
  #looks: number;

  /** @param isAllowed Whether there is a core to do it on. */
  constructor(isAllowed: boolean) {
    this.#most = isAllowed ? MOST : 0;
    this.#looks = this.#most;
  }

  /** How many times to look. */
  get looks(): number {
    return this.#looks;
  }

  /** Looking has found something, or not. */
  looked(isFound: boolean): void {
    if (isFound) this.#looks = this.#most;
    else this.#looks = this.#looks > FEWEST ? this.#looks >> 1 : 0;
  }

  /** A sleep took so long, in milliseconds. */
  slept(ms: number): void {
    if (ms < SOON_MS) this.#looks = this.#most;
  }
}
