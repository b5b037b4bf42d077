// Random numbers that are the same in each run.

/** A source of random numbers. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 32 random bits, as a signed number. Mulberry32. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return t ^ (t >>> 14);
  }

  /** From 0 on, and less than a bound. */
  below(bound: number): number {
    return (this.bits() >>> 0) % bound;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  i32(): number {
    return this.pick([this.bits(), this.bits(), 0, 1, -1, -(2 ** 31), 0x80]);
  }

  i64(): bigint {
    return BigInt(this.i32()) << 32n | BigInt(this.i32() >>> 0);
  }
}
