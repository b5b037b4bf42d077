// Writes the primitives of the binary format: bytes, LEB128, names.

import type { Reader } from "./reader.ts";

const encoder = new TextEncoder();

/** Bytes, appended to. */
export class Writer {
  readonly bytes: number[] = [];

  byte(byte: number): this {
    this.bytes.push(byte);
    return this;
  }

  append(bytes: Iterable<number>): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }

  u32(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) {
      this.byte(rest % 128 | 0x80);
    }
    return this.byte(rest);
  }

  /** A signed integer of which only numbers from 0 on are needed. */
  positive(value: number): this {
    let rest = value;
    for (; rest >= 0x40; rest = Math.floor(rest / 128)) {
      this.byte(rest % 128 | 0x80);
    }
    return this.byte(rest);
  }

  /** Bytes behind their number. */
  vector(bytes: ArrayLike<number> & Iterable<number>): this {
    return this.u32(bytes.length).append(bytes);
  }

  name(name: string): this {
    return this.vector(encoder.encode(name));
  }

  /** What a reader passed over since it was at a position. */
  copy({ bytes, position }: Reader, from: number): this {
    return this.append(bytes.subarray(from, position));
  }
}
