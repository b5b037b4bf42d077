import assert from "node:assert/strict";
import { test } from "node:test";
import { readOutline } from "../../scripts/wasm/reader.ts";

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections: an id, and the bytes in it. */
function module(...sections: [id: number, ...bytes: number[]][]): Uint8Array {
  const bytes = sections.flatMap(([id, ...body]) => [id, body.length, ...body]);
  return new Uint8Array([...PREAMBLE, ...bytes]);
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

// (module
//   (import "env" "memory" (memory 1 65536 shared))
//   (func (export "f") (param i32 f64) (result i32)))
const SMALL = module(
  [1, 1, 0x60, 2, 0x7f, 0x7c, 1, 0x7f],
  [2, 1, ...name("env"), ...name("memory"), 2, 3, 1, 0x80, 0x80, 0x04],
  [3, 1, 0],
  [7, 1, ...name("f"), 0, 0],
  [10, 1, 4, 0, 0x41, 0, 0x0b],
);

test("readOutline() reads imports, exports and their types", () => {
  assert.deepEqual(readOutline(SMALL), {
    imports: [{
      module: "env",
      name: "memory",
      kind: "memory",
      memory: { shared: true, initial: 1, maximum: 65536 },
    }],
    exports: [{
      name: "f",
      kind: "function",
      type: { params: ["i32", "f64"], results: ["i32"] },
    }],
    globals: [],
    data: [],
    hasStart: false,
    functions: 1,
    custom: [],
  });
});

test("readOutline() counts imported functions before its own", () => {
  const { exports } = readOutline(module(
    [1, 2, 0x60, 0, 0, 0x60, 1, 0x7e, 0],
    [2, 1, ...name("env"), ...name("g"), 0, 0],
    [3, 1, 1],
    [7, 2, ...name("f"), 0, 1, ...name("g"), 0, 0],
  ));
  assert.deepEqual(exports.map(({ type }) => type?.params), [["i64"], []]);
});

test("readOutline() tells mutable globals from constants", () => {
  const { globals } = readOutline(module(
    [
      6,
      2,
      0x7f,
      1,
      0x41,
      0x80,
      0x01,
      0x0b,
      0x7c,
      0,
      0x44,
      ...Array(8).fill(0),
      0x0b,
    ],
  ));
  assert.deepEqual(globals, [{ mutable: true }, { mutable: false }]);
});

test("readOutline() tells active data segments from passive ones", () => {
  const { data } = readOutline(module(
    [11, 2, 0, 0x41, 0x10, 0x0b, 2, 0xaa, 0xbb, 1, 1, 0xcc],
  ));
  assert.deepEqual(data, [{ active: true }, { active: false }]);
});

test("readOutline() sees a start function and custom sections", () => {
  const { hasStart, custom } = readOutline(
    module([8, 0], [0, ...name("name")]),
  );
  assert.equal(hasStart, true);
  assert.deepEqual(custom, ["name"]);
});

test("readOutline() throws on what it cannot read", () => {
  assert.throws(() => readOutline(new Uint8Array(8)), TypeError);
  assert.throws(() => readOutline(SMALL.subarray(0, -3)), TypeError);
});
