import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import { loadProgram, type ProgramCache } from "../../loom/src/program.ts";
import type { Program } from "../../loom/src/types.ts";
import { WASM_BASE64 } from "../../src/core/core.generated.ts";
import { assemble, withBody } from "./binaries.ts";

const core = new Uint8Array(Buffer.from(WASM_BASE64, "base64"));

/** A binary with a fence, which is loaded faster. */
const small = withBody(0xfe, 3, 0);

/** A cache that writes down what happens to it. */
class RecordingCache implements ProgramCache {
  readonly entries = new Map<string, Uint8Array>();
  readonly calls: string[] = [];

  read(key: string): Promise<Uint8Array | undefined> {
    this.calls.push(this.entries.has(key) ? "hit" : "miss");
    return Promise.resolve(this.entries.get(key));
  }

  write(key: string, bytes: Uint8Array): Promise<void> {
    this.calls.push("write");
    this.entries.set(key, bytes);
    return Promise.resolve();
  }
}

let program: Program;

before(async () => {
  program = await loadProgram(core);
});

test("the shipped core is loaded, and known by its hash", () => {
  const hash = createHash("sha256").update(core).digest("hex");
  assert.equal(program.sha256, hash);
  assert.equal(program.memory.module, "env");
  assert.equal(program.memory.name, "memory");
});

test("each 0xfe of the shipped core's accesses is a site", () => {
  const atomic = program.sites.filter(({ kind }) => !kind.startsWith("plain"));
  for (const { pc } of atomic) assert.equal(core[pc], 0xfe);
  for (const { pc, kind } of program.sites) {
    const [first, last] = kind === "plain load" ? [0x28, 0x35] : [0x36, 0x3e];
    const isPlain = first <= core[pc]! && core[pc]! <= last;
    assert.equal(isPlain, kind.startsWith("plain"));
  }
  const pcs = program.sites.map(({ pc }) => pc);
  assert.deepEqual(pcs, [...new Set(pcs)].sort((a, b) => a - b));
});

test("the shipped core has sites of the kinds that it is made of", () => {
  const counts: Record<string, number> = {};
  for (const { kind } of program.sites) counts[kind] = (counts[kind] ?? 0) + 1;
  const kinds = ["load", "store", "rmw", "cmpxchg", "wait", "notify"];
  for (const kind of [...kinds, "plain load", "plain store"]) {
    assert.ok((counts[kind] ?? 0) > 0, `${kind}: ${JSON.stringify(counts)}`);
  }
  assert.deepEqual(program.sites.map(({ id }) => id), [
    ...program.sites.keys(),
  ]);
});

test("the shipped core still exports all that it did", () => {
  const exported = (module: WebAssembly.Module) =>
    WebAssembly.Module.exports(module).map(({ name }) => name);
  const names = new Set(exported(program.module));
  for (const name of exported(new WebAssembly.Module(core))) {
    assert.ok(names.delete(name), name);
  }
  assert.deepEqual([...names].sort(), [
    "asyncify_get_state",
    "asyncify_start_rewind",
    "asyncify_start_unwind",
    "asyncify_stop_rewind",
    "asyncify_stop_unwind",
  ]);
});

test("the loaded core imports its memory, and hooks", () => {
  const modules = WebAssembly.Module.imports(program.module).map((entry) =>
    entry.kind === "function" ? entry.module : `${entry.module}.${entry.name}`
  );
  assert.deepEqual([...new Set(modules)].sort(), ["env.memory", "loom"]);
});

test("the cache is used the second time", async () => {
  const cache = new RecordingCache();
  const first = await loadProgram(small, { cache });
  assert.deepEqual(cache.calls, ["miss", "write"]);
  const second = await loadProgram(small, { cache });
  assert.deepEqual(cache.calls, ["miss", "write", "hit"]);
  assert.deepEqual(second.sites, first.sites);
  assert.equal(second.sites.length, 1);
  const [key] = cache.entries.keys();
  assert.match(key!, /^[a-z0-9-]+-[0-9a-f]{64}$/);
});

test("another binary has another key", async () => {
  const cache = new RecordingCache();
  await loadProgram(withBody(0x01), { cache });
  await loadProgram(withBody(0x01, 0x01), { cache });
  assert.equal(cache.entries.size, 2);
});

test("what was cut short in the cache is made anew", async () => {
  const cache = new RecordingCache();
  await loadProgram(small, { cache });
  const [[key, bytes]] = cache.entries as unknown as [[string, Uint8Array]];
  cache.entries.set(key, bytes.slice(0, 100));
  await loadProgram(small, { cache });
  assert.deepEqual(cache.entries.get(key), bytes);
});

test("sites have their places in the source map", async () => {
  const lineWith = async (mappings: string) => {
    const map = { version: 3, sources: ["assembly/a.ts"], mappings };
    const { sites } = await loadProgram(small, { map: JSON.stringify(map) });
    return sites[0]?.source?.line;
  };
  // 6C is 45, where the fence is. Byte 0 is not in its body.
  assert.equal(await lineWith("6CAGA"), 4);
  assert.equal(await lineWith("AAGA"), undefined);
});

test("an invalid binary is refused", async () => {
  // An addition of nothing.
  await assert.rejects(() => loadProgram(withBody(0x6a)), {
    name: "UnsupportedWasmError",
  });
});

test("a binary may be a view of a part of a shared buffer", async () => {
  const wasm = await assemble(
    `(module (import "a" "b" (memory 2 3 shared))
      (func (export "f") (atomic.fence)))`,
  );
  const shared = new Uint8Array(new SharedArrayBuffer(wasm.length + 8));
  shared.set(wasm, 8);
  const { memory, sites } = await loadProgram(shared.subarray(8));
  assert.equal(sites[0]?.kind, "fence");
  assert.deepEqual(memory, { module: "a", name: "b", initial: 2, maximum: 3 });
});
