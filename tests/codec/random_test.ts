// Random values arrive as structured clone would copy them.

import { test } from "node:test";
import { assertIdentical } from "./identical.ts";
import { roundTrip } from "./round_trip.ts";

const SEEDS = 400;

type ViewClass = new (buffer: ArrayBuffer, offset: number) => ArrayBufferView;

/** Random numbers, the same for the same seed: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

/** Makes values that share parts and lie in circles. */
class Generator {
  readonly #below: (below: number) => number;
  /** Objects made so far. */
  readonly #objects: object[] = [];

  constructor(seed: number) {
    this.#below = randomOf(seed);
  }

  value(depth: number): unknown {
    const below = this.#below;
    if (depth === 0 || below(3) === 0) return this.#primitive();
    if (this.#objects.length > 0 && below(6) === 0) {
      return this.#objects[below(this.#objects.length)];
    }
    return this.#object(depth - 1);
  }

  #list(depth: number): unknown[] {
    const length = this.#below(5) === 0 ? this.#below(20) : this.#below(4);
    return Array.from({ length }, () => this.value(depth));
  }

  #primitive(): unknown {
    const below = this.#below;
    switch (below(9)) {
      case 0:
        return [undefined, null, true, false][below(4)];
      case 1:
        return below(300) - 150;
      case 2:
        return below(2 ** 32) - 2 ** 31;
      case 3:
        return (below(2 ** 32) - 2 ** 31) * 2 ** (below(80) - 40);
      case 4:
        return [-0, NaN, Infinity, -Infinity, 2 ** 53][below(5)];
      case 5:
        return BigInt(below(1000) - 500) ** BigInt(below(30));
      default:
        return this.#string();
    }
  }

  #string(): string {
    const below = this.#below;
    const length = below(8) === 0 ? below(400) : below(60);
    const top = [0x80, 0x100, 0x3000, 0x10000][below(4)]!;
    const units = Array.from({ length }, () => below(top));
    return String.fromCharCode(...units);
  }

  #object(depth: number): unknown {
    const below = this.#below;
    switch (below(12)) {
      case 0: {
        const map = this.#made(new Map<unknown, unknown>());
        for (const key of this.#list(depth)) map.set(key, this.value(depth));
        return map;
      }
      case 1: {
        const set = this.#made(new Set<unknown>());
        for (const value of this.#list(depth)) set.add(value);
        return set;
      }
      case 2:
        return this.#made(new Date(below(2 ** 32) * 1000));
      case 3:
        return this.#made(/[a-z]+\/"/giu);
      case 4:
        return this.#made(Object(this.#boxed()));
      case 5:
      case 6:
        return this.#binary();
      case 7:
      case 8:
        return this.#array(depth);
      default: {
        const object = this.#made<Record<string, unknown>>({});
        for (let i = below(5); i > 0; i--) {
          const key = below(4) === 0 ? this.#string() : `key${below(9)}`;
          object[key] = this.value(depth);
        }
        return object;
      }
    }
  }

  #boxed(): unknown {
    const value = this.#primitive();
    return value === undefined || value === null ? false : value;
  }

  #array(depth: number): unknown[] {
    const below = this.#below;
    const array = this.#made<unknown[]>([]);
    if (below(10) === 0) {
      const length = below(600);
      for (let i = 0; i < length; i++) array.push(this.#primitive());
    }
    array.push(...this.#list(depth));
    if (below(5) === 0) array.length += below(3);
    if (below(5) === 0 && array.length > 0) delete array[below(array.length)];
    if (below(8) === 0) Object.assign(array, { extra: this.value(depth) });
    return array;
  }

  #binary(): unknown {
    const below = this.#below;
    const buffer = this.#made(new ArrayBuffer(8 * below(20)));
    new Uint8Array(buffer).forEach((_, i, bytes) => bytes[i] = below(256));
    const kinds: ViewClass[] = [
      Uint8Array,
      Int16Array,
      Float32Array,
      BigInt64Array,
      DataView,
    ];
    const Kind = kinds[below(kinds.length)]!;
    const offset = 8 * below(buffer.byteLength / 8 + 1);
    const view = this.#made(new Kind(buffer, below(2) === 0 ? 0 : offset));
    return below(3) === 0 ? buffer : view;
  }

  #made<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }
}

test(`encode() carries random values of ${SEEDS} seeds`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const generator = new Generator(seed);
    // In an object: a view by itself crosses without the rest of its buffer.
    const values = [0, 1, 2].map(() => ({ value: generator.value(4) }));
    try {
      assertIdentical(roundTrip(values), structuredClone(values));
    } catch (error) {
      throw new Error(`With seed ${seed}`, { cause: error });
    }
  }
});
