// Bytes to values: the way out. The format is in tags.ts.

import { LaybyError } from "../errors.ts";
import type { Serializer } from "../host.ts";
import { readError } from "./read_error.ts";
import { Reader } from "./reader.ts";
import {
  ARRAY,
  BIGINT,
  BOX,
  BUFFER,
  DATE,
  ERROR,
  type ErrorClasses,
  FALSE,
  FLAT_ARRAY,
  FLOAT,
  HOLE,
  INT,
  KEYED_ARRAY,
  LATIN1,
  LONG_BIGINT,
  LONG_UTF16,
  LONG_UTF8,
  MAP,
  NULL,
  OBJECT,
  REFERENCE,
  REGEXP,
  SET,
  TRUE,
  UINT8,
  UNDEFINED,
  UTF16,
  UTF8,
  VIEW,
  VIEW_CLASSES,
} from "./tags.ts";

/**
 * Decodes the values of a message. Nothing of them lies in `bytes` any more.
 *
 * @param bytes What the message is in. A `Uint8Array` itself, and no subclass.
 * @param at Where in it the message begins.
 * @param length What `encode()` returned.
 * @param serializer As for `encode()`.
 * @param restore Classes of errors by name: their errors become instances of
 * them again. Their constructors do not run.
 */
export function decode(
  bytes: Uint8Array,
  at: number,
  length: number,
  serializer: Serializer | undefined,
  restore?: ErrorClasses,
): unknown[] {
  const decoder = new Decoder(bytes, at, serializer, restore);
  const end = at + length;
  const values: unknown[] = [];
  while (decoder.at < end) values.push(decoder.value());
  return values;
}

/** Reads the values of one message. */
class Decoder extends Reader {
  readonly #serializer: Serializer | undefined;
  readonly #restore: ErrorClasses | undefined;
  /** By their numbers. */
  readonly #objects: unknown[] = [];

  constructor(
    bytes: Uint8Array,
    at: number,
    serializer: Serializer | undefined,
    restore: ErrorClasses | undefined,
  ) {
    super(bytes, at);
    this.#serializer = serializer;
    this.#restore = restore;
  }

  value(): unknown {
    return this.#tagged(this.byte());
  }

  #tagged(tag: number): unknown {
    switch (tag) {
      case UNDEFINED:
        return undefined;
      case NULL:
        return null;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case INT:
        return this.int();
      case FLOAT:
        return this.float();
      case BIGINT:
        return this.bigint();
      case LONG_BIGINT:
        return this.#longBigint();
      case LATIN1:
        return this.latin1();
      case UTF16:
        return this.utf16(this.byte());
      case UTF8:
        return this.utf8();
      case LONG_UTF8:
        return this.longUtf8();
      case LONG_UTF16:
        return this.longUtf16();
      case REFERENCE:
        return this.#objects[this.count()];
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): unknown {
    switch (tag) {
      case OBJECT:
        return this.#properties(this.number({}));
      case ARRAY:
        return this.#array();
      case KEYED_ARRAY:
        return this.#keyedArray();
      case FLAT_ARRAY:
        return this.#flatArray();
      case MAP:
        return this.#map();
      case SET:
        return this.#set();
      case DATE:
        return this.number(new Date(this.float()));
      case REGEXP:
        return this.#regexp();
      case BOX:
        return this.#box();
      case BUFFER:
        return this.#buffer();
      case VIEW:
        return this.#view();
      case ERROR:
        return readError(this, this.#restore);
      default:
        throw new LaybyError(
          "invalid-layout",
          `Cannot decode as the bytes have the tag ${tag}, which is none: ` +
            `load the same version in every thread`,
        );
    }
  }

  /** Gives an object its number. */
  number<T>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #longBigint(): bigint {
    const isNegative = this.byte() === 1;
    const magnitude = BigInt(`0x${this.value()}`);
    return isNegative ? -magnitude : magnitude;
  }

  #key(): string {
    const tag = this.byte();
    return tag === LATIN1 ? this.key() : this.#tagged(tag) as string;
  }

  #properties<T extends object>(object: T): T {
    const count = this.count();
    for (let i = 0; i < count; i++) {
      const key = this.#key();
      const tag = this.byte();
      if (tag === HOLE) continue;
      const value = this.#tagged(tag);
      if (key === "__proto__") define(object, key, value);
      else (object as Record<string, unknown>)[key] = value;
    }
    return object;
  }

  #array(): unknown[] {
    const count = this.count();
    const array: unknown[] = this.number([]);
    for (let i = 0; i < count; i++) {
      const tag = this.byte();
      if (tag === HOLE) array.length = i + 1;
      else array.push(this.#tagged(tag));
    }
    return array;
  }

  #keyedArray(): unknown[] {
    const array: unknown[] = this.number([]);
    array.length = this.count();
    return this.#properties(array);
  }

  #flatArray(): unknown {
    const bytes = this.bytes(this.count());
    return this.number(this.#serializer!.deserialize(bytes));
  }

  #map(): Map<unknown, unknown> {
    const count = this.count();
    const map = this.number(new Map<unknown, unknown>());
    for (let i = 0; i < count; i++) {
      const key = this.value();
      map.set(key, this.value());
    }
    return map;
  }

  #set(): Set<unknown> {
    const count = this.count();
    const set = this.number(new Set<unknown>());
    for (let i = 0; i < count; i++) set.add(this.value());
    return set;
  }

  #regexp(): RegExp {
    const source = this.value() as string;
    return this.number(new RegExp(source, this.value() as string));
  }

  #box(): unknown {
    return this.number(Object(this.value()));
  }

  #buffer(): ArrayBuffer {
    const length = this.count();
    const limit = this.count();
    const { buffer } = this.bytes(length);
    if (limit === 0) return this.number(buffer);
    const resizable = new ArrayBuffer(length, { maxByteLength: limit - 1 });
    new Uint8Array(resizable).set(new Uint8Array(buffer));
    return this.number(resizable);
  }

  #view(): ArrayBufferView {
    const kind = this.byte();
    const offset = this.count();
    const length = this.count();
    const tag = this.byte();
    if (kind === UINT8 && tag === BUFFER) return this.#bytes(offset, length);
    const number = this.#objects.push(undefined) - 1;
    const buffer = this.#tagged(tag) as ArrayBuffer;
    const view = new VIEW_CLASSES[kind]!(buffer, offset, length);
    this.#objects[number] = view;
    return view;
  }

  /** Reads a buffer and a view of its bytes: these are read as such already. */
  #bytes(offset: number, length: number): Uint8Array {
    const size = this.count();
    // Under a view, there is no maximal length.
    this.count();
    const all = this.bytes(size);
    const { buffer } = all;
    const view = this.number(
      size === length ? all : new Uint8Array(buffer, offset, length),
    );
    this.number(buffer);
    return view;
  }
}

/** Defines a property as an assignment would that met no setter. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
