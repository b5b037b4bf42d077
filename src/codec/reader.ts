// Bytes on their way in: numbers and strings.

import { SHORT_BYTES, SHORT_STRING } from "./tags.ts";
import { decodeText } from "./text.ts";
import { padding } from "./writer.ts";

/** To read eight bytes, wherever they lie, as one number. */
const float = new Float64Array(1);
const bigint = new BigInt64Array(float.buffer);
const eight = new Uint8Array(float.buffer);

/** Units of short strings, by length: their arrays are used again and again. */
const units = Array.from(
  { length: SHORT_STRING + 1 },
  (_, length) => new Array<number>(length).fill(0),
);
const { fromCharCode } = String;

/** Units of UTF-16 that are decoded at a time. */
const RUN = 4096;

/** How many keys are remembered: a power of 2. */
const KEYS = 512;
/** Longest key that is remembered. */
const LONGEST_KEY = 24;
/** Keys met before, by a hash of theirs: to make no string anew. */
const keys: string[] = new Array<string>(KEYS).fill("");

/** Reads numbers and strings, one after the other. */
export class Reader {
  readonly #bytes: Uint8Array;
  /** Where the message begins. */
  readonly #start: number;
  /** Where the next one begins. */
  at: number;

  /** Constructs a reader that begins somewhere. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#start = at;
    this.at = at;
  }

  /** Reads one byte. */
  byte(): number {
    return this.#bytes[this.at++]!;
  }

  /** Reads a whole number >= 0 in up to 8 bytes: LEB128. */
  count(): number {
    let count = this.byte();
    if (count < 0x80) return count;
    count &= 0x7f;
    for (let weight = 0x80;; weight *= 0x80) {
      const byte = this.byte();
      count += (byte & 0x7f) * weight;
      if (byte < 0x80) return count;
    }
  }

  /** Reads 4 bytes. */
  int(): number {
    const bytes = this.#bytes;
    const { at } = this;
    this.at = at + 4;
    return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
      bytes[at + 3]! << 24;
  }

  /** Reads 8 bytes. */
  float(): number {
    this.#readEight();
    return float[0]!;
  }

  /** Reads 8 bytes. */
  bigint(): bigint {
    this.#readEight();
    return bigint[0]!;
  }

  // The machine's order, which the writer's DataView was told to be little
  // endian: all that run JavaScript are.
  #readEight(): void {
    const bytes = this.#bytes;
    const { at } = this;
    for (let i = 0; i < 8; i++) eight[i] = bytes[at + i]!;
    this.at = at + 8;
  }

  /** Reads a short string, a byte for each unit. */
  latin1(): string {
    const length = this.byte();
    const bytes = this.#bytes;
    const { at } = this;
    const run = units[length]!;
    for (let i = 0; i < length; i++) run[i] = bytes[at + i]!;
    this.at = at + length;
    return fromCharCode.apply(null, run);
  }

  /** Reads what `latin1()` reads, if it is to be a property's key. */
  key(): string {
    const bytes = this.#bytes;
    const { at } = this;
    const length = bytes[at]!;
    if (length > LONGEST_KEY || length === 0) return this.latin1();
    let hash = length;
    for (let i = 1; i <= length; i++) hash = (hash * 31 + bytes[at + i]!) | 0;
    const known = keys[hash & (KEYS - 1)]!;
    if (isText(known, bytes, at + 1, length)) {
      this.at = at + 1 + length;
      return known;
    }
    // As an engine keeps it for a key, and not merely the same string.
    const key = Object.keys({ [this.latin1()]: 0 })[0]!;
    keys[hash & (KEYS - 1)] = key;
    return key;
  }

  /** Reads a string, two bytes for each unit. */
  utf16(length: number): string {
    const bytes = this.#bytes;
    let text = "";
    for (let left = length; left > 0; left -= RUN) {
      const run = Array.from({ length: Math.min(left, RUN) }, () => {
        const unit = bytes[this.at]! | bytes[this.at + 1]! << 8;
        this.at += 2;
        return unit;
      });
      text += fromCharCode.apply(null, run);
    }
    return text;
  }

  /** Reads a string in UTF-8. */
  utf8(): string {
    const length = this.int() >>> 0;
    const { at } = this;
    this.at = at + length;
    return decodeText(this.#bytes.subarray(at, this.at));
  }

  /** Reads a piece: a string in UTF-8. */
  longUtf8(): string {
    this.#align();
    return this.utf8();
  }

  /** Reads a piece: a string that is no Unicode. */
  longUtf16(): string {
    this.#align();
    return this.utf16((this.int() >>> 0) / 2);
  }

  /** Reads so many bytes, into memory of this thread. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    if (length > SHORT_BYTES) this.#align();
    const { at } = this;
    this.at = at + length;
    return new Uint8Array(this.#bytes.subarray(at, this.at));
  }

  /** Goes to where a piece begins. */
  #align(): void {
    this.at += padding(this.at - this.#start);
  }
}

function isText(
  text: string,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) !== bytes[at + i]) return false;
  }
  return true;
}
