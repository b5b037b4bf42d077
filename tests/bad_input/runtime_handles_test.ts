// Handles of runtimes, and the modules and memories in them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime, type RuntimeHandle } from "../../mod.ts";
import { LAYOUT_VERSION } from "../../src/core/core.generated.ts";
import { assertRefused, assertRuns, error, NO_OBJECTS } from "./expected.ts";

test("Runtime.attach() refuses what is no object", () => {
  assertRefused(
    (handle) => Runtime.attach(handle),
    [undefined, ...NO_OBJECTS],
    error("invalid-type", /handle must be an object: current value is ./),
  );
});

const sameVersion = error("invalid-layout", /: load the same version/);

test("Runtime.attach() refuses a handle of another layout version", () => {
  using runtime = Runtime.create();
  const { handle } = runtime;
  const versions = [
    ...[LAYOUT_VERSION + 1, LAYOUT_VERSION - 1, -LAYOUT_VERSION, 0, 1e300, NaN],
    ...[undefined, null, `${LAYOUT_VERSION}`, BigInt(LAYOUT_VERSION), {}],
  ];
  assertRefused(
    (it) => Runtime.attach(it),
    [{}, ...versions.map((layby) => ({ ...handle, layby }))],
    sameVersion,
  );
  assertRuns(Runtime.attach(handle));
});

test("Runtime.attach() refuses a memory of another layout version", () => {
  using runtime = Runtime.create();
  const words = new Int32Array(runtime.handle.memory.buffer);
  for (const version of [LAYOUT_VERSION + 1, 0, -1, LAYOUT_VERSION << 8]) {
    words[1] = version;
    assertRefused(
      (it) => Runtime.attach(it),
      [runtime.handle],
      error(
        "invalid-layout",
        new RegExp(`layout ${version} .+ layout ${LAYOUT_VERSION}: load`),
      ),
    );
  }
  words[1] = LAYOUT_VERSION;
  assertRuns(Runtime.attach(runtime.handle));
});

/** The pages that a memory of so many bytes has. */
function memoryOf(pages: number, shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
}

/** A memory that begins like the one of a runtime. */
function forgeMemory(
  from: RuntimeHandle,
  pages: number,
  shared: boolean,
): WebAssembly.Memory {
  const memory = memoryOf(pages, shared);
  const header = new Int32Array(from.memory.buffer).subarray(0, 64);
  new Int32Array(memory.buffer).set(header);
  return memory;
}

const FOREIGN: Record<string, (from: RuntimeHandle) => WebAssembly.Memory> = {
  "that nobody wrote": () => memoryOf(4, true),
  "that others wrote": () => {
    const memory = memoryOf(4, true);
    new Uint8Array(memory.buffer).fill(0x5a);
    return memory;
  },
  "of no page": () => memoryOf(0, true),
  "that is not shared": () => memoryOf(4, false),
  "that is a copy, and not shared": (from) => forgeMemory(from, 4, false),
  "that is shorter than it says": (from) => forgeMemory(from, 1, true),
};

for (const [which, make] of Object.entries(FOREIGN)) {
  test(`Runtime.attach() refuses a memory ${which}`, () => {
    using runtime = Runtime.create();
    const { handle } = runtime;
    assertRefused(
      (it) => Runtime.attach(it),
      [{ ...handle, memory: make(handle) }],
      sameVersion,
    );
    assertRuns(Runtime.attach(handle));
  });
}

test("Runtime.attach() refuses a handle with a part missing", () => {
  using runtime = Runtime.create();
  const { handle } = runtime;
  const { layby, module, memory } = handle;
  const odd = [undefined, null, 0, "", {}, [], 1n, Symbol("module"), () => {}];
  assertRefused(
    (it) => Runtime.attach(it),
    [
      { layby },
      { layby, module },
      { layby, memory },
      { layby, module: memory, memory: module },
      { layby, module, memory: memory.buffer },
      ...odd.map((it) => ({ ...handle, module: it })),
      ...odd.map((it) => ({ ...handle, memory: it })),
    ],
    error("invalid-layout", /Runtime\.handle/),
  );
  assertRuns(Runtime.attach(handle));
});

// The least that is a module: it imports and exports nothing.
const EMPTY_WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

test("a module that is no core of layby's is refused", () => {
  const module = new WebAssembly.Module(EMPTY_WASM);
  using runtime = Runtime.create();
  assertRefused(
    (it) => Runtime.attach(it),
    [{ ...runtime.handle, module }],
    sameVersion,
  );
  assert.throws(
    () => Runtime.create({ module }),
    ({ code }) => code === "invalid-layout" || code === "invalid-type",
  );
  assertRuns(runtime);
});
