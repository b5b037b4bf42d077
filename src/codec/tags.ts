// The format: what each tag means, and what follows it.
//
// A message is a row of values. A value is a tag byte and what the tag asks
// for. Counts are LEB128; numbers are little endian. Both ends are the same
// version on the same machine: there is no version in it, and nothing to skip.
//
// What is large is a piece: it begins at a multiple of 8, counted from where the
// message begins.
//
// Objects are numbered in the order in which they begin. A second mention of
// one is a REFERENCE to its number, so that cycles and sharing survive.

export const UNDEFINED = 0;
export const NULL = 1;
export const TRUE = 2;
export const FALSE = 3;
/** In an array or an object: no such property. */
export const HOLE = 4;

/** i32. */
export const INT = 5;
/** f64. */
export const FLOAT = 6;
/** i64. */
export const BIGINT = 7;
/** Whether it is negative, then its digits: a string, in base 16. */
export const LONG_BIGINT = 8;

/** Count, then a byte each. For short strings. */
export const LATIN1 = 9;
/** Count, then two bytes each. For short strings. */
export const UTF16 = 10;
/** Length in bytes: u32, then UTF-8. */
export const UTF8 = 11;
/** As UTF8, but a piece. */
export const LONG_UTF8 = 12;
/** A piece: length in bytes: u32, then two bytes each. */
export const LONG_UTF16 = 13;

/** Number of the object. */
export const REFERENCE = 14;
/** Count, then key and value of each. */
export const OBJECT = 15;
/** Count, then each value. */
export const ARRAY = 16;
/** Length, then as an OBJECT: with holes, or with other keys. */
export const KEYED_ARRAY = 17;
/** A piece: a long array of primitives, by the platform's serializer. */
export const FLAT_ARRAY = 18;
/** Count, then key and value of each. */
export const MAP = 19;
/** Count, then each value. */
export const SET = 20;
/** f64: milliseconds. */
export const DATE = 21;
/** Source and flags: strings. */
export const REGEXP = 22;
/** The value in the box. */
export const BOX = 23;
/** See write_error.ts. */
export const ERROR = 24;

/** Length, maximal length + 1 or 0, then its bytes: a piece, or as they are. */
export const BUFFER = 25;
/** Kind of view, offset in bytes, length in elements, then its buffer. */
export const VIEW = 26;

/** Longest string that goes by a loop, not by TextEncoder. */
export const SHORT_STRING = 48;
/**
 * Longest string whose bytes are gathered with all else, so that their number
 * is known when room is asked for. A copy more than a piece has.
 */
export const MEDIUM_STRING = 256;
/** Most bytes that are copied by a loop. */
export const SHORT_BYTES = 32;
/** Longest array for which the serializer is not asked. */
export const SHORT_ARRAY = 256;
/** How deep values nest. Deeper ones could overflow the stack of some thread. */
export const MAX_DEPTH = 500;

/** The kinds of views of a buffer, by their numbers in the format. */
const VIEW_NAMES = [
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
];

/** The number of a `Uint8Array`. */
export const UINT8 = 0;
/** The number of a `DataView`. */
export const DATA_VIEW = 12;

/** What constructs a view. */
export type ViewClass = new (
  buffer: ArrayBuffer,
  offset: number,
  length: number,
) => ArrayBufferView;

/** By number. The platform may lack one: it then never meets it either. */
export const VIEW_CLASSES: readonly ViewClass[] = VIEW_NAMES.map((name) =>
  (globalThis as unknown as Record<string, ViewClass>)[name]!
);

/** Numbers by name. */
const VIEW_KINDS: ReadonlyMap<string, number> = new Map(
  VIEW_NAMES.map((name, kind) => [name, kind]),
);

// Asks what a view is, not what its class calls itself.
const viewName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** The number of a view's kind. */
export function kindOf(view: ArrayBufferView): number {
  const name: string | undefined = viewName.call(view);
  return name === undefined ? DATA_VIEW : VIEW_KINDS.get(name)!;
}

/**
 * How long a view of this kind is, as its constructor is told: in bytes, or in
 * elements.
 */
export function lengthOf(view: ArrayBufferView, kind: number): number {
  return kind === DATA_VIEW ? view.byteLength : (view as Uint8Array).length;
}

/** The platform's classes of errors, by their numbers in the format. */
const ERROR_NAMES = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
  "SuppressedError",
  "DOMException",
];

/** What constructs an error. */
export type ErrorClass = abstract new (...args: never[]) => Error;
/** Classes of errors by their names. */
export type ErrorClasses = Readonly<Record<string, ErrorClass>>;

/** By number. The platform may lack one: it then never meets it either. */
export const ERROR_CLASSES: readonly (ErrorClass | undefined)[] = ERROR_NAMES
  .map((name) => (globalThis as unknown as ErrorClasses)[name]);

/** The number of `Error`. */
export const ERROR_KIND = 0;
/** The number of `AggregateError`. */
export const AGGREGATE_ERROR_KIND = 7;
/** The number of `DOMException`. */
export const DOM_EXCEPTION_KIND = 9;
