import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { lint } from "../../loom/src/wasm/lint.ts";
import { WASM_BASE64 } from "../../src/core/core.generated.ts";
import {
  assemble,
  binary,
  MEMORY,
  MEMORY_SECTION,
  name,
  TYPE_SECTION,
} from "./binaries.ts";

const rulesOf = (wasm: Uint8Array) => lint(wasm).map(({ rule }) => rule);
const rulesOfText = async (text: string) =>
  rulesOf(await assemble(`(module ${text})`));

/** What breaks a rule, and what comes close to it. */
const RULES: Record<string, { breaks: string; clean: string }> = {
  "active-data": {
    breaks: `${MEMORY} (data (i32.const 8) "a")`,
    clean: `${MEMORY} (data "a")`,
  },
  "mutable-global": {
    breaks: `${MEMORY} (global (export "g") (mut i32) (i32.const 1))`,
    clean: `${MEMORY} (global (export "g") i32 (i32.const 1))`,
  },
  "start-function": {
    breaks: `${MEMORY} (func $f (nop)) (start $f)`,
    clean: `${MEMORY} (func $f (nop)) (export "f" (func $f))`,
  },
  "foreign-import": {
    breaks: `${MEMORY} (import "env" "f" (func $f)) (export "f" (func $f))`,
    clean: `${MEMORY} (func $f (nop)) (export "f" (func $f))`,
  },
  "memory-not-imported": {
    breaks: `(memory (export "memory") 1 4 shared)`,
    clean: MEMORY,
  },
  "memory-not-shared": {
    breaks: `(import "env" "memory" (memory 1 4))`,
    clean: MEMORY,
  },
};

for (const [rule, { breaks, clean }] of Object.entries(RULES)) {
  test(`${rule} is found, and nothing else`, async () => {
    assert.deepEqual(await rulesOfText(breaks), [rule]);
    assert.deepEqual(await rulesOfText(clean), []);
  });
}

test("no-maximum is found, and nothing else", () => {
  const [id, ...bytes] = MEMORY_SECTION;
  assert.deepEqual(rulesOf(binary([id, ...bytes])), []);
  const unlimited = [...bytes.slice(0, -3), 2, 1];
  assert.deepEqual(rulesOf(binary([id, ...unlimited])), ["no-maximum"]);
});

test("several-memories is found, and nothing else", () => {
  const entry = MEMORY_SECTION.slice(2);
  const wasm = binary([2, 2, ...entry, ...entry]);
  assert.deepEqual(rulesOf(wasm), ["several-memories"]);
});

test("no memory at all is found", () => {
  assert.deepEqual(rulesOf(binary(TYPE_SECTION)), ["memory-not-imported"]);
});

test("imported tables and globals are found", () => {
  const [, , ...memory] = MEMORY_SECTION;
  const table = [...name("env"), ...name("t"), 1, 0x70, 0, 1];
  const global = [...name("env"), ...name("g"), 3, 0x7f, 0];
  const findings = lint(binary([2, 3, ...memory, ...table, ...global]));
  assert.deepEqual(findings.map(({ rule }) => rule), [
    "foreign-import",
    "foreign-import",
  ]);
  assert.match(findings[0]!.message, /table env\.t/);
  assert.match(findings[1]!.message, /global env\.g/);
});

test("each finding says which one it is about", async () => {
  const findings = lint(
    await assemble(`(module ${MEMORY}
    (data "passive") (data (i32.const 8) "a") (data (i32.const 9) "b"))`),
  );
  assert.match(findings[0]!.message, /segment 1 /);
  assert.match(findings[1]!.message, /segment 2 /);
  assert.equal(findings.length, 2);
});

test("the shipped core is clean", () => {
  assert.deepEqual(
    lint(new Uint8Array(Buffer.from(WASM_BASE64, "base64"))),
    [],
  );
});
