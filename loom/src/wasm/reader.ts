// Reads the primitives of the binary format: bytes, LEB128, names, types.
// https://webassembly.github.io/spec/core/binary/

import { hex, refuse } from "./errors.ts";
import { FUNCREF, isValueType, V128 } from "./types.ts";

const LONGEST_LEB = 10;
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

const decoder = new TextDecoder();

/** Sizes, in pages of a memory or entries of a table. */
export interface Limits {
  readonly minimum: number;
  readonly maximum: number | undefined;
  readonly shared: boolean;
}

/** A cursor in a part of a binary. Positions count from the binary's start. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.isAtEnd) refuse("An end too early", this.position);
    return this.bytes[this.position++]!;
  }

  u32(): number {
    const start = this.position;
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value < 2 ** 32 ? value : refuse("A u64", start);
    }
    return refuse("An integer of more than 5 bytes", start);
  }

  /** Passes over an integer of up to 64 bits, signed or not. */
  skipLeb(): void {
    const start = this.position;
    for (let length = 0; length < LONGEST_LEB; length++) {
      if (this.byte() < 0x80) return;
    }
    refuse("An integer of more than 10 bytes", start);
  }

  skip(length: number): void {
    const start = this.position;
    this.position += length;
    if (this.position > this.end) refuse("A length past the end", start);
  }

  /** A reader of the next bytes, which this one passes over. */
  part(length: number): Reader {
    const start = this.position;
    this.skip(length);
    return new Reader(this.bytes, start, this.position);
  }

  name(): string {
    const { position, end } = this.part(this.u32());
    return decoder.decode(this.bytes.subarray(position, end));
  }

  valueType(): number {
    const type = this.byte();
    if (isValueType(type)) return type;
    const name = type === V128 ? "The type v128" : `The type ${hex(type)}`;
    return refuse(name, this.position - 1);
  }

  referenceType(): number {
    const type = this.valueType();
    if (type <= FUNCREF) return type;
    return refuse(`The reference type ${hex(type)}`, this.position - 1);
  }

  limits(): Limits {
    const flags = this.byte();
    if (flags > (HAS_MAXIMUM | IS_SHARED)) {
      refuse(`Limits with the flags ${hex(flags)}`, this.position - 1);
    }
    const minimum = this.u32();
    const maximum = flags & HAS_MAXIMUM ? this.u32() : undefined;
    return { minimum, maximum, shared: (flags & IS_SHARED) !== 0 };
  }

  /** An index that must be 0, as there is one memory only. */
  memoryIndex(): void {
    if (this.byte() !== 0) refuse("A second memory", this.position - 1);
  }
}
