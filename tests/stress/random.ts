// Seeded random numbers: the same seed makes the same choices, on every runtime.

const GOLDEN = 0x9e3779b9;

/**
 * Mulberry32, by Tommy Ettinger, who put it in the public domain.
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A fraction below `limit`. */
  below(limit: number): number {
    return (this.next() / 2 ** 32) * limit;
  }

  /** A whole number below `limit`. */
  index(limit: number): number {
    return Math.floor(this.below(limit));
  }

  /** Whether the one case in `cases` has come. */
  oneIn(cases: number): boolean {
    return this.index(cases) === 0;
  }

  /** One of the choices. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.index(choices.length)]!;
  }
}

/** The seed of the thread with this number, out of that of the run. */
export function seedOf(seed: number, thread: number): number {
  return (seed + Math.imul(thread + 1, GOLDEN)) | 0;
}
