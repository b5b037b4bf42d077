// One message's values, written one after the other: which tag a value gets,
// and what of it structured clone would carry. The format is in tags.ts.
//
// https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal

import type { Serializer } from "../host.ts";
import {
  deepObstacle,
  functionObstacle,
  objectObstacle,
  type Obstacle,
  pathText,
  type Step,
  symbolObstacle,
} from "./obstacle.ts";
import { References } from "./references.ts";
import type { Sink } from "./sink.ts";
import {
  ARRAY,
  BIGINT,
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
  MAX_DEPTH,
  MEDIUM_STRING,
  NULL,
  OBJECT,
  REFERENCE,
  SHORT_ARRAY,
  SHORT_STRING,
  TRUE,
  UNDEFINED,
  UTF16,
  UTF8,
} from "./tags.ts";
import { writeView } from "./write_binary.ts";
import { writeError } from "./write_error.ts";
import { writeSpecial } from "./write_special.ts";
import { UTF8_BYTES, Writer } from "./writer.ts";

/** Room for a tag and the number after it. */
const SLACK = 16;
/** Longest array of which the keys are listed, and not the values. */
const FEW = 16;

const { hasOwn, getPrototypeOf } = Object;
const toStringOf = Object.prototype.toString;
const plainPrototype = Object.prototype;

/** An object of which `Object.prototype.toString` says that it is plain. */
type Plain = Record<string, unknown>;

/** Writes the values of one message at a time. */
export class Encoder implements Sink {
  /** Where they go. */
  readonly writer = new Writer();
  /** For long arrays of primitives. */
  #serializer: Serializer | undefined;
  /** Whether it only looks for what nothing can carry. Runs no getters. */
  #looksOnly = false;
  readonly #references = new References();
  #depth = 0;
  /** The way to the value that is being written. The rest of it is zeros. */
  readonly #steps: Step[] = new Array<Step>(MAX_DEPTH).fill(0);

  /** Makes it ready for a message. */
  begin(serializer: Serializer | undefined, looksOnly: boolean): void {
    this.#serializer = serializer;
    this.#looksOnly = looksOnly;
  }

  /** Forgets the message. */
  clear(): void {
    this.writer.clear();
    this.#references.clear();
    this.#serializer = undefined;
    if (this.#depth > 0) this.#steps.fill(0);
    this.#depth = 0;
  }

  /** How many objects the next value is in. */
  get depth(): number {
    return this.#depth;
  }

  /** The way to the value that was being written. */
  get path(): string {
    return pathText(this.#steps.slice(0, this.#depth));
  }

  /**
   * Writes a value.
   *
   * @throws {Obstacle} If it cannot be written.
   */
  value(value: unknown): void {
    const { writer } = this;
    writer.reserve(SLACK);
    switch (typeof value) {
      case "number":
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
          writer.byte(INT);
          writer.int(value);
        } else {
          writer.byte(FLOAT);
          writer.float(value);
        }
        break;
      case "string":
        this.#string(value);
        break;
      case "boolean":
        writer.byte(value ? TRUE : FALSE);
        break;
      case "undefined":
        writer.byte(UNDEFINED);
        break;
      case "object":
        if (value === null) writer.byte(NULL);
        else this.#object(value);
        break;
      case "bigint":
        this.#bigint(value);
        break;
      case "function":
        throw functionObstacle();
      default:
        throw symbolObstacle();
    }
  }

  #string(text: string): void {
    const { writer } = this;
    const { length } = text;
    if (length > SHORT_STRING) return this.#longString(text);
    writer.reserve(SLACK + 2 * length);
    if (writer.latin1(LATIN1, text)) return;
    writer.byte(UTF16);
    writer.count(length);
    writer.utf16(text);
  }

  #longString(text: string): void {
    const { writer } = this;
    // TextEncoder would replace lone surrogates.
    const isUtf8 = text.isWellFormed();
    if (isUtf8 && text.length <= MEDIUM_STRING) {
      writer.reserve(SLACK + UTF8_BYTES * text.length);
      writer.byte(UTF8);
      writer.utf8(text);
      return;
    }
    writer.byte(isUtf8 ? LONG_UTF8 : LONG_UTF16);
    writer.text(text, isUtf8);
  }

  #bigint(value: bigint): void {
    const { writer } = this;
    if (BigInt.asIntN(64, value) === value) {
      writer.byte(BIGINT);
      writer.bigint(value);
      return;
    }
    writer.byte(LONG_BIGINT);
    writer.byte(value < 0n ? 1 : 0);
    this.value((value < 0n ? -value : value).toString(16));
  }

  #object(value: object): void {
    if (this.reference(value)) return;
    if (ArrayBuffer.isView(value)) return writeView(this, value);
    const tag = toStringOf.call(value);
    if (tag === "[object Object]") this.#plainOrInstance(value as Plain);
    else if (Array.isArray(value)) this.#array(value);
    else this.#special(value, tag.slice("[object ".length, -1));
  }

  #plainOrInstance(value: Plain): void {
    const prototype = getPrototypeOf(value);
    if (prototype === plainPrototype || prototype === null) {
      return this.#plain(value);
    }
    if (value instanceof Error) return writeError(this, value);
    // The platform's own objects have a name, of which toString() tells, or
    // they keep what they are behind a symbol. Structured clone makes either
    // more of such an object than its properties, or refuses it.
    if (Object.getOwnPropertySymbols(value).length > 0) {
      const { constructor } = value;
      const name = typeof constructor === "function" ? constructor.name : "";
      return this.refuse(objectObstacle(name || "Object"));
    }
    this.#plain(value);
  }

  #plain(value: Plain): void {
    this.writer.byte(OBJECT);
    this.#properties(value, Object.keys(value));
  }

  #properties(value: Plain, keys: readonly string[]): void {
    this.writer.count(keys.length);
    this.enter();
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      this.step(key);
      this.#string(key);
      const item = this.#looksOnly ? dataOf(value, key) : value[key];
      // A getter may have deleted it.
      if (item === undefined && !hasOwn(value, key)) this.#hole();
      else this.value(item);
    }
    this.leave();
  }

  #array(value: unknown[]): void {
    const { writer } = this;
    const { length } = value;
    const content = contentOf(value);
    if (content === "flat" && this.#flatArray(value)) return;
    if (content === "holes" || !isDense(value)) {
      writer.byte(KEYED_ARRAY);
      writer.count(length);
      writer.reserve(SLACK);
      const keys = Object.keys(value);
      return this.#properties(value as unknown as Plain, keys);
    }
    writer.byte(ARRAY);
    writer.count(length);
    this.enter();
    for (let i = 0; i < length; i++) {
      this.step(i);
      const item = value[i];
      if (item === undefined && !hasOwn(value, i)) this.#hole();
      else this.value(item);
    }
    this.leave();
  }

  #hole(): void {
    this.writer.reserve(1);
    this.writer.byte(HOLE);
  }

  /** Leaves a long array of primitives to the serializer, if there is one. */
  #flatArray(value: readonly unknown[]): boolean {
    if (value.length <= SHORT_ARRAY || !this.#serializer || this.#looksOnly) {
      return false;
    }
    let content: Uint8Array;
    try {
      content = this.#serializer.serialize(([] as unknown[]).concat(value));
      // With other properties than its elements it takes more bytes.
      const whole = this.#serializer.serialize(value);
      if (whole.length !== content.length) return false;
    } catch {
      return false;
    }
    this.writer.byte(FLAT_ARRAY);
    this.writer.count(content.length);
    this.writer.bytes(content);
    return true;
  }

  /** All that is neither plain nor an array nor a view. */
  #special(value: object, tag: string): void {
    // Of another realm, there are errors that are none by `instanceof`.
    const isError = value instanceof Error ||
      tag === "Error" && !(Symbol.toStringTag in value);
    if (isError) return writeError(this, value as Error);
    if (!writeSpecial(this, value, tag)) this.refuse(objectObstacle(tag));
  }

  /** Refers to an object if it is written already, or gives it its number. */
  reference(object: object): boolean {
    const number = this.#references.find(object);
    if (number < 0) return false;
    this.writer.byte(REFERENCE);
    this.writer.count(number);
    return true;
  }

  /** Begins an object. Its parts come next. */
  enter(): void {
    if (this.#depth === MAX_DEPTH) throw deepObstacle(MAX_DEPTH);
    this.#depth++;
  }

  /** Tells which part of the object comes next. */
  step(step: Step): void {
    this.#steps[this.#depth - 1] = step;
  }

  /** Ends an object. */
  leave(): void {
    this.#steps[--this.#depth] = 0;
  }

  /** Tells that a value cannot be written. */
  refuse(obstacle: Obstacle): void {
    if (!this.#looksOnly || !obstacle.byPort) throw obstacle;
    this.writer.byte(NULL);
  }

  /** Writes something; if that fails, a description of it in its place. */
  attempt(write: () => void, describe: () => string): void {
    const mark = this.writer.mark();
    const count = this.#references.count;
    const depth = this.#depth;
    try {
      write();
    } catch {
      this.writer.rewind(mark);
      this.#references.rewind(count);
      this.#depth = depth;
      this.value(describe());
    }
  }
}

/** A property, if it is data: an accessor counts as undefined. */
function dataOf(value: Plain, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** What an array has: holes, or else objects, or nothing but primitives. */
function contentOf(array: readonly unknown[]): "holes" | "objects" | "flat" {
  let content: "objects" | "flat" = "flat";
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (typeof item === "object" || typeof item === "function") {
      if (item !== null) content = "objects";
    } else if (item === undefined && !hasOwn(array, i)) return "holes";
  }
  return content;
}

/** Whether an array without holes has no other properties than its elements. */
function isDense(array: readonly unknown[]): boolean {
  // V8 lists the values of a long array twenty times as fast as its keys.
  const list = array.length > FEW ? Object.values(array) : Object.keys(array);
  return list.length === array.length;
}
