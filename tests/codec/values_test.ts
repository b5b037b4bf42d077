// What crosses as bytes arrives as structured clone would copy it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { carries, encode } from "../../src/codec/mod.ts";
import { assertIdentical } from "./identical.ts";
import { copyOf, roundTrip, serializer } from "./round_trip.ts";

type ViewClass = new (
  buffer: ArrayBuffer,
  offset?: number,
  length?: number,
) => ArrayBufferView;

class Point {
  x = 1;
  #secret = 2;
  get sum() {
    return this.x + this.#secret;
  }
}

const cyclic: { self?: unknown; list: unknown[] } = { list: [1] };
cyclic.self = cyclic;
cyclic.list.push(cyclic, cyclic.list);

const buffer = Uint8Array.from({ length: 48 }, (_, i) => i * 5).buffer;
const shared = { leaf: true };
const many = Array.from({ length: 300 }, (_, i) => i);
const nine = Array.from({ length: 9 }, (_, i) => ({ i }));

/** An array with other properties than its elements. */
function withKeys(array: unknown[]): unknown[] {
  return Object.assign(array, { total: 3, "-1": "x" });
}

function nest(levels: number): unknown {
  let value: unknown = "end";
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { value };
  return value;
}

const TABLE: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "booleans": [true, false],
  "integers": [
    0,
    1,
    -1,
    127,
    128,
    0x7fffffff,
    -0x80000000,
    0x80000000,
    2 ** 53,
  ],
  "floats": [-0, 0.1, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE],
  "bigints": [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 64n)],
  "huge bigints": [10n ** 400n, -(3n ** 900n)],
  "strings": [
    "",
    "a",
    "hello world",
    "\0",
    "é",
    "\xff",
    "日本",
    "👋🏽",
    "\u0100",
  ],
  "strings with a BOM": ["\uFEFF", "\uFEFFa", "\uFEFF" + "a".repeat(100)],
  "lone surrogates": ["\ud800", "a\udfffb", "\udc00\ud800".repeat(60)],
  "long strings": [
    "x".repeat(48),
    "x".repeat(49),
    ...[256, 257].flatMap((it) => ["é".repeat(it), "日".repeat(it)]),
    "é".repeat(5000),
    "日".repeat(99),
  ],
  "very long string": "0123456789abcdef".repeat(10_000),
  "long string that is no Unicode": "\ud800" + "x".repeat(10_000),
  "object": { a: 1, b: "x", c: [1, 2, 3], d: { e: null, f: undefined } },
  "empty": [{}, [], new Map(), new Set(), "", new ArrayBuffer(0)],
  "keys": { "": 1, "a b": 2, 3: 3, "日": 4, ["k".repeat(99)]: 5, "\ud800": 6 },
  "key __proto__": JSON.parse('{"__proto__": {"a": 1}, "b": 2}'),
  "null prototype": Object.assign(Object.create(null), { a: 1 }),
  "instance": new Point(),
  "not enumerable": Object.defineProperty({ a: 1 }, "b", { value: 2 }),
  "symbol keys": { a: 1, [Symbol("s")]: 2 },
  "frozen": Object.freeze({ a: Object.freeze([1]) }),
  "holes": [, 1, , undefined, ,],
  "sparse": Object.assign([], { 100_000: "far", 5: "near" }),
  "long and sparse": Object.assign([...many], { 1000: 1 }),
  "array with keys": withKeys([1, 2]),
  "array with a hole and a key": withKeys([1, , 2]),
  "long array with keys": withKeys([...many]),
  "long array of objects with keys": withKeys([...many, {}]),
  "match": "abc".match(/(?<letter>b)/),
  "numbers": many,
  "floats in a row": many.map((it) => it / 3),
  "strings in a row": many.map((it) => `s${it}\ud800`),
  "mixed primitives": many.map((it) => [it, null, `${it}`, true, 1n][it % 5]),
  "objects in a row": many.map((it) => ({ it, name: `n${it}` })),
  "map": new Map<unknown, unknown>([[1, { a: 1 }], ["k", new Map()], [
    {},
    NaN,
  ]]),
  "set": new Set([1, "x", {}, new Set([1])]),
  "dates": [new Date(0), new Date(NaN), new Date(8.64e15)],
  "regexps": [/a/, /(?:)/gimsuy, /[\/\]]\n/v, new RegExp("\n")],
  "boxes": [Object(1), Object("x"), Object(false), Object(10n ** 30n)],
  "cycle": cyclic,
  "sharing": [shared, { shared }, [shared], new Map([[shared, shared]])],
  "sharing among many": [...nine, ...nine],
  "buffer": buffer,
  "buffers": [new ArrayBuffer(3), new ArrayBuffer(1000)],
  "resizable buffer": new ArrayBuffer(4, { maxByteLength: 8 }),
  "views of one buffer": [
    new Uint8Array(buffer, 8, 8),
    new Float64Array(buffer, 8),
    new DataView(buffer, 3, 4),
    buffer,
  ],
  "nested": nest(499),
};

for (const [name, value] of Object.entries(TABLE)) {
  test(`encode() carries as structured clone does: ${name}`, () => {
    assertIdentical(copyOf(value), structuredClone(value));
    assertIdentical(copyOf({ value }), structuredClone({ value }));
    assert.ok(carries([value], serializer));
  });
  test(`encode() needs no serializer: ${name}`, () => {
    const [copy] = roundTrip([value], { serializer: undefined });
    assertIdentical(copy, structuredClone(value));
  });
}

test("encode() is not slower for an array's holes", () => {
  // Structured clone is: Bun's counts to four thousand million.
  const sparse = Object.assign([], { 4_000_000_000: "far", 5: "near" });
  assertIdentical(copyOf(sparse), sparse);
});

test("encode() carries a list of values as one", () => {
  for (const values of [[], [1], [1.5, 2], [shared, "x", shared, [shared]]]) {
    assertIdentical(roundTrip(values), structuredClone(values));
  }
});

test("encode() carries every kind of view, wherever it lies", () => {
  const kinds: ViewClass[] = [
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array],
    ...[Int32Array, Uint32Array, Float32Array, Float64Array, DataView],
    ...[BigInt64Array, BigUint64Array],
    ...("Float16Array" in globalThis ? [Float16Array] : []),
  ];
  for (const Kind of kinds) {
    for (const at of [0, 1, 6, 8]) {
      const [whole] = roundTrip([new Kind(buffer)], { at });
      assertIdentical(whole, structuredClone(new Kind(buffer)));
      const [empty] = roundTrip([new Kind(new ArrayBuffer(0))], { at });
      assertIdentical(empty, new Kind(new ArrayBuffer(0)));
    }
    const part = new Kind(buffer, 8, 2);
    const own = buffer.slice(8, 8 + part.byteLength);
    assertIdentical(copyOf(part), new Kind(own));
    assertIdentical(copyOf({ part }), structuredClone({ part }));
    const others = [shared, [shared]];
    assertIdentical(roundTrip([part, ...others]).slice(1), others);
  }
});

test("encode() carries of a Buffer its own bytes", () => {
  const bytes = Uint8Array.from([104, 101, 121]);
  assertIdentical(copyOf(Buffer.from("hey")), bytes);
  assertIdentical(copyOf([Buffer.from("hey")]), [bytes]);
  const large = Buffer.alloc(10_000, "x");
  assertIdentical(copyOf({ large }), { large: new Uint8Array(large) });
});

test("encode() carries of a view of a resizable buffer what it shows", () => {
  const resizable = new ArrayBuffer(8, { maxByteLength: 16 });
  new Uint8Array(resizable).set([1, 2, 3, 4]);
  const copy = copyOf(new Uint8Array(resizable, 1, 3));
  assertIdentical(copy, Uint8Array.from([2, 3, 4]));
});

test("encode() runs each getter once, in order", () => {
  const calls: string[] = [];
  const value = {
    get a() {
      calls.push("a");
      return { b: 1 };
    },
    map: new Map([["k", {
      get c() {
        calls.push("c");
        return 2;
      },
    }]]),
    get d() {
      calls.push("d");
      return [3];
    },
  };
  assertIdentical(copyOf(value), {
    a: { b: 1 },
    map: new Map([["k", { c: 2 }]]),
    d: [3],
  });
  assert.deepEqual(calls, ["a", "c", "d"]);
});

test("encode() carries of a proxy the data that it shows", () => {
  const list = new Proxy([1, 2], {});
  const proxy = new Proxy({ a: 1, list }, {
    get: (target, key) => key === "a" ? 7 : Reflect.get(target, key),
  });
  assertIdentical(copyOf(proxy), { a: 7, list: [1, 2] });
});

test("encode() leaves out what a getter deletes", () => {
  const make = () => {
    const value: Record<string, unknown> = {
      get a() {
        delete value["b"];
        return 1;
      },
      b: 2,
      c: 3,
    };
    return value;
  };
  assertIdentical(copyOf(make()), structuredClone(make()));
});

test("encode() can be called by a getter", () => {
  const value = {
    a: 1,
    get b() {
      return copyOf([{ inner: "x".repeat(99) }, 2]);
    },
    c: 3,
  };
  const expected = { a: 1, b: [{ inner: "x".repeat(99) }, 2], c: 3 };
  assertIdentical(copyOf(value), expected);
});

test("encode() keeps within its room if a getter takes a buffer away", () => {
  const bytes = new Uint8Array(1000);
  const value = {
    bytes,
    get taken() {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return "taken";
    },
  };
  assert.equal(copyOf(value).taken, "taken");
});

test("encode() asks for room that is close to what it needs", () => {
  const rooms = (value: unknown) => {
    let room = 0;
    encode([value], serializer, (size) => {
      room = size;
      return { bytes: new Uint8Array(size), at: 0 };
    });
    return room;
  };
  assert.equal(rooms(1), 5);
  assert.equal(rooms(0.5), 9);
  assert.equal(rooms("hello world"), 13);
  assert.equal(rooms("x".repeat(99)), 104);
  assert.ok(rooms(new Uint8Array(1000)) < 1032);
});
