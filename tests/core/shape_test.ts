import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { readOutline } from "../../scripts/wasm/reader.ts";
import { WASM_BASE64 } from "../../src/core/core.generated.ts";

/** So that nothing comes in unseen: it is loaded by everybody. */
const MAX_BYTES = 17 * 1024;

const wasm = new Uint8Array(Buffer.from(WASM_BASE64, "base64"));
const outline = readOutline(wasm);

// Whatever an instance has of its own, or writes when it starts, is a second
// copy of state that all threads must share.

test("the core imports a shared memory, and nothing else", () => {
  const names = outline.imports.map(({ module, name }) => `${module}.${name}`);
  assert.deepEqual(names, ["env.memory"]);
  assert.equal(outline.imports[0]?.memory?.shared, true);
});

test("the core has no data segment", () => {
  assert.deepEqual(outline.data, []);
});

test("the core has no mutable global", () => {
  assert.deepEqual(outline.globals.filter(({ mutable }) => mutable), []);
});

test("the core has no start function", () => {
  assert.equal(outline.hasStart, false);
});

test("the core exports functions only", () => {
  const others = outline.exports.filter(({ kind }) => kind !== "function");
  assert.deepEqual(others, []);
  assert.ok(outline.exports.length > 0);
});

test("the core carries no custom section", () => {
  assert.deepEqual(outline.custom, []);
});

test(`the core is at most ${MAX_BYTES} bytes`, () => {
  assert.ok(wasm.length <= MAX_BYTES, `it is ${wasm.length}`);
});
