// Bytes on their way out. Small things gather in memory of this thread; large
// ones are only noted, and copied once, when it is known where to.

import { SHORT_BYTES } from "./tags.ts";
import { encodeText } from "./text.ts";

/** Where bytes go: asked once for room. `size` is an upper bound. */
export interface Room {
  /** The memory. A `Uint8Array` itself, and no subclass of it. */
  readonly bytes: Uint8Array;
  /** Where in it the room begins. */
  readonly at: number;
}

/** Something large, and how much of the gathered bytes comes before it. */
interface Piece {
  readonly after: number;
  readonly content: Uint8Array | string;
  /** Upper bound of its bytes. Of bytes: how many. */
  readonly most: number;
  /** Of a string: whether UTF-8, else UTF-16. */
  readonly isUtf8: boolean;
}

/** A moment to go back to. */
export interface Mark {
  readonly length: number;
  readonly pieces: number;
  readonly large: number;
}

/** Bytes to begin with. */
const SMALL = 1024;
/** More than this is not kept from one message to the next. */
const KEPT = 0x10000;
/**
 * Where large copies begin, counted from the message's first byte. Engines copy
 * shared memory by words, but byte by byte if the two ends are not aligned
 * alike: V8 then takes eight times as long.
 */
const ALIGNMENT = 8;
/** Bytes before UTF-8 that tell its length. */
const LENGTH_BYTES = 4;
/** Most bytes of UTF-8 for a unit of UTF-16. */
export const UTF8_BYTES = 3;

/** Gathers the bytes of one message, then moves them into their room. */
export class Writer {
  #bytes = new Uint8Array(SMALL);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #pieces: Piece[] = [];
  /** Upper bound of the bytes of all pieces. */
  #large = 0;

  /** Makes sure that so many bytes can be written. All below need it. */
  reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const bytes = new Uint8Array((this.#bytes.length + count) * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** Writes one byte. */
  byte(byte: number): void {
    this.#bytes[this.#length++] = byte;
  }

  /** Writes a whole number >= 0 in up to 8 bytes: LEB128. */
  count(count: number): void {
    while (count > 0x7f) {
      this.byte((count & 0x7f) | 0x80);
      count = count <= 0x7fffffff ? count >> 7 : Math.floor(count / 0x80);
    }
    this.byte(count);
  }

  /** Writes 4 bytes. */
  int(value: number): void {
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  /** Writes 8 bytes. */
  float(value: number): void {
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes 8 bytes. */
  bigint(value: bigint): void {
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /**
   * Writes a short string, a byte for each unit of it. Returns whether it
   * could: if not, nothing is written.
   */
  latin1(tag: number, text: string): boolean {
    const bytes = this.#bytes;
    const { length } = text;
    const at = this.#length + 2;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) return false;
      bytes[at + i] = unit;
    }
    bytes[at - 2] = tag;
    bytes[at - 1] = length;
    this.#length = at + length;
    return true;
  }

  /** Writes two bytes for each unit of a string. */
  utf16(text: string): void {
    this.#length = putUtf16(text, this.#bytes, this.#length);
  }

  /** Writes a string and its length, in UTF-8. */
  utf8(text: string): void {
    const start = this.#length + LENGTH_BYTES;
    const end = start + text.length * UTF8_BYTES;
    const target = this.#bytes.subarray(start, end);
    const written = encodeText(text, target);
    this.int(written);
    this.#length += written;
  }

  /** Writes as many bytes as there are. They need no room reserved. */
  bytes(content: Uint8Array): void {
    const { length } = content;
    if (length > SHORT_BYTES) return this.#piece(content, length, false);
    this.reserve(length);
    for (let i = 0; i < length; i++) this.byte(content[i]!);
  }

  /** Writes a long string and its length. It needs no room reserved. */
  text(content: string, isUtf8: boolean): void {
    const { length } = content;
    const most = isUtf8 ? length * UTF8_BYTES : length * 2;
    this.#piece(content, LENGTH_BYTES + most, isUtf8);
  }

  #piece(content: Uint8Array | string, most: number, isUtf8: boolean): void {
    this.#pieces.push({ after: this.#length, content, most, isUtf8 });
    this.#large += most + ALIGNMENT;
  }

  /** What is written so far. */
  mark(): Mark {
    return {
      length: this.#length,
      pieces: this.#pieces.length,
      large: this.#large,
    };
  }

  /** Forgets what was written since. */
  rewind({ length, pieces, large }: Mark): void {
    this.#length = length;
    this.#pieces.length = pieces;
    this.#large = large;
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0;
    this.#large = 0;
    if (this.#pieces.length > 0) this.#pieces.length = 0;
    if (this.#bytes.length <= KEPT) return;
    this.#bytes = new Uint8Array(SMALL);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Moves all into its room. Returns how many bytes that was. */
  flush(room: (size: number) => Room): number {
    const { bytes, at } = room(this.#length + this.#large);
    let from = 0;
    let to = at;
    for (const piece of this.#pieces) {
      to = this.#copy(from, piece.after, bytes, to);
      from = piece.after;
      to = putPiece(piece, bytes, to + padding(to - at));
    }
    return this.#copy(from, this.#length, bytes, to) - at;
  }

  /** Copies gathered bytes. Returns where those after them go. */
  #copy(from: number, end: number, bytes: Uint8Array, to: number): number {
    const own = this.#bytes;
    const count = end - from;
    if (count > SHORT_BYTES) bytes.set(own.subarray(from, end), to);
    else for (let i = 0; i < count; i++) bytes[to + i] = own[from + i]!;
    return to + count;
  }
}

/** How many bytes there are from a place in the message to an aligned one. */
export function padding(place: number): number {
  return -place & (ALIGNMENT - 1);
}

/** Copies a piece. Returns where what comes after it goes. */
function putPiece(piece: Piece, bytes: Uint8Array, at: number): number {
  const { content, most, isUtf8 } = piece;
  if (typeof content !== "string") {
    if (content.length === most) bytes.set(content, at);
    // A getter that ran since has taken its buffer.
    else bytes.fill(0, at, at + most);
    return at + most;
  }
  const start = at + LENGTH_BYTES;
  const end = isUtf8
    ? start + encodeText(content, bytes.subarray(start, at + most))
    : putUtf16(content, bytes, start);
  const length = end - start;
  for (let i = 0; i < LENGTH_BYTES; i++) bytes[at + i] = length >>> (8 * i);
  return end;
}

function putUtf16(text: string, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[at++] = unit;
    bytes[at++] = unit >> 8;
  }
  return at;
}
