// Whatever the rewriter does not know is refused, by name and place: it is
// never skipped, as a skipped access would be one that nobody explores.

import assert from "node:assert/strict";
import { test } from "node:test";
import { UnsupportedWasmError } from "../../loom/src/wasm/errors.ts";
import { asyncify } from "../../loom/src/wasm/asyncify.ts";
import { rewrite } from "../../loom/src/wasm/rewrite.ts";
import {
  assemble,
  binary,
  code,
  MEMORY,
  MEMORY_SECTION,
  name,
  type RawSection,
  TYPE_SECTION,
  withBody,
} from "./binaries.ts";

function assertRefused(wasm: Uint8Array, message: RegExp): void {
  assert.throws(() => rewrite(wasm), (error) => {
    assert.ok(error instanceof UnsupportedWasmError, String(error));
    assert.equal(error.code, "unsupported-wasm");
    assert.match(error.message, message);
    return true;
  });
}

/** Where `withBody()` has the first instruction. */
const FIRST = withBody(0x01).length - 2;

const BODIES: Record<string, [RegExp, ...number[]]> = {
  "an unknown opcode": [/Opcode 0x27 at byte/, 0x27],
  "an opcode behind the last number": [/Opcode 0xc5 at byte/, 0xc5],
  "an unknown prefix": [/Opcode 0xff at byte/, 0xff],
  "SIMD": [/Opcode 0xfd 0x0c \(SIMD\)/, 0xfd, 0x0c],
  "GC": [/Opcode 0xfb 0x01 \(GC\)/, 0xfb, 0x01],
  "throw": [/throw at byte/, 0x08, 0],
  "try_table": [/try_table/, 0x1f],
  "a tail call": [/return_call at byte/, 0x12, 0],
  "an indirect tail call": [/return_call_indirect/, 0x13, 0, 0],
  "call_ref": [/call_ref/, 0x14, 0],
  "memory.init": [/memory.init/, 0xfc, 8, 0, 0],
  "data.drop": [/data.drop/, 0xfc, 9, 0],
  "table.grow": [/table.grow/, 0xfc, 15, 0],
  "an unknown bulk opcode": [/Opcode 0xfc 0x12/, 0xfc, 0x12],
  "an unknown atomic": [/Opcode 0xfe 0x4f/, 0xfe, 0x4f, 2, 0],
  "a gap between the atomics": [/Opcode 0xfe 0x04/, 0xfe, 0x04],
};

for (const [what, [message, ...body]] of Object.entries(BODIES)) {
  test(`${what} is refused`, () => {
    assertRefused(withBody(...body), message);
    assertRefused(withBody(...body), new RegExp(`at byte ${FIRST} is`));
  });
}

const ARGUMENTS: Record<string, [RegExp, ...number[]]> = {
  "a second memory in a load": [/memarg with the flags 0x42/, 0x28, 0x42, 1, 0],
  "an ordering in an atomic": [/memarg with the flags 0x22/, 0xfe, 0x10, 0x22],
  "an unknown alignment": [/memarg with the flags 0x08/, 0x28, 8, 0],
  "an ordering of a fence": [/The ordering 0x01/, 0xfe, 3, 1],
  "the size of a second memory": [/A second memory/, 0x3f, 1],
  "a fill of a second memory": [/A second memory/, 0xfc, 11, 1],
  "a copy of a second memory": [/A second memory/, 0xfc, 10, 0, 1],
  "a block of vectors": [/The type v128/, 0x02, 0x7b],
  "a block of typed references": [/The type 0x63/, 0x02, 0x63, 0],
  "a null of another type": [/The reference type 0x7f/, 0xd0, 0x7f],
  "a body without an end": [/An end too early/, 0x41, 0x80],
};

for (const [what, [message, ...body]] of Object.entries(ARGUMENTS)) {
  test(`${what} is refused`, () => {
    // Without the end of the body, it could be read as an operand.
    const bytes = [0, ...body];
    const section: RawSection = [10, 1, bytes.length, ...bytes];
    const wasm = binary(TYPE_SECTION, MEMORY_SECTION, [3, 1, 1], section);
    assertRefused(wasm, message);
  });
}

const nop = code([0x01]);
const MEMORY_IMPORT = MEMORY_SECTION.slice(2);
const imports = (...entries: number[][]): RawSection => [
  2,
  entries.length,
  ...entries.flat(),
];
const entry = (field: string, ...type: number[]) => [
  ...name("env"),
  ...name(field),
  ...type,
];

const MODULES: Record<string, [RegExp, ...RawSection[]]> = {
  "an imported function": [
    /The imported function env\.f at byte/,
    TYPE_SECTION,
    imports(MEMORY_IMPORT, entry("f", 0, 1)),
  ],
  "an imported global": [
    /The imported global env\.g at byte/,
    imports(entry("g", 3, 0x7f, 0), MEMORY_IMPORT),
  ],
  "an imported table": [
    /The imported table env\.t at byte/,
    imports(MEMORY_IMPORT, entry("t", 1, 0x70, 0, 1)),
  ],
  "an imported tag": [
    /kind 0x04 at byte/,
    imports(MEMORY_IMPORT, entry("e", 4, 0, 1)),
  ],
  "a second imported memory": [
    /A second memory, env\.m/,
    imports(MEMORY_IMPORT, entry("m", 2, 0, 1)),
  ],
  "a memory of 64 bits": [/flags 0x04/, imports(entry("m", 2, 4, 1))],
  "pages of another size": [/flags 0x08/, imports(entry("m", 2, 8, 1, 0))],
  "a memory of its own": [/A memory is defined/, MEMORY_SECTION, [5, 1, 0, 1]],
  "no memory": [/No memory is imported/, TYPE_SECTION, [3, 1, 1], nop],
  "a tag": [/A section of kind 13/, TYPE_SECTION, MEMORY_SECTION, [
    13,
    1,
    0,
    1,
  ]],
  "a struct": [/A type of the form 0x5f/, [1, 1, 0x5f, 0]],
  "a vector as a parameter": [/The type v128/, [1, 1, 0x60, 1, 0x7b, 0]],
  "a vector as a local": [
    /The type v128/,
    TYPE_SECTION,
    MEMORY_SECTION,
    [3, 1, 1],
    [10, 1, 4, 1, 1, 0x7b, 0x0b],
  ],
  "a table with an expression": [
    /The type 0x40/,
    MEMORY_SECTION,
    [4, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b],
  ],
  "an unknown constant expression": [
    /Opcode 0xfb in a constant expression/,
    MEMORY_SECTION,
    [6, 1, 0x7f, 0, 0xfb, 0x1c, 0x0b],
  ],
  "an unknown form of elements": [
    /An element segment of form 8/,
    MEMORY_SECTION,
    [9, 1, 8],
  ],
  "an unknown form of data": [
    /A data segment of form 3/,
    MEMORY_SECTION,
    [11, 1, 3],
  ],
};

for (const [what, [message, ...sections]] of Object.entries(MODULES)) {
  test(`${what} is refused`, () => assertRefused(binary(...sections), message));
}

test("what is no binary is refused", () => {
  assertRefused(new Uint8Array(), /Not WebAssembly/);
  assertRefused(new TextEncoder().encode("(module)"), /Not WebAssembly/);
});

test("a binary that was cut short is refused, wherever", async () => {
  const wasm = await assemble(`(module ${MEMORY}
    (func (export "f") (param i32) (result i32)
      (i32.atomic.load offset=300 (local.get 0))))`);
  assert.ok(rewrite(wasm));
  for (let length = 0; length < wasm.length; length++) {
    const cut = wasm.subarray(0, length);
    try {
      const rewritten = Uint8Array.from(rewrite(cut).wasm);
      // Whole sections may be missing: the rest says so.
      const isValid = WebAssembly.validate(rewritten);
      assert.equal(isValid, WebAssembly.validate(cut), `cut at ${length}`);
    } catch (error) {
      assert.ok(error instanceof UnsupportedWasmError, String(error));
    }
  }
});

test("a reference that is kept over a hook is refused", async () => {
  const refused = await assemble(`(module ${MEMORY} (table $t 1 funcref)
    (func (export "f") (local $kept funcref)
      (local.set $kept (table.get $t (i32.const 0)))
      (atomic.fence)
      (table.set $t (i32.const 0) (local.get $kept))))`);
  await assert.rejects(() => asyncify(rewrite(refused).wasm), {
    name: "UnsupportedWasmError",
  });
  // Binaryen outlives it.
  const next = withBody(0xfe, 3, 0);
  const asyncified = await asyncify(rewrite(next).wasm);
  assert.ok(WebAssembly.validate(Uint8Array.from(asyncified)));
});
