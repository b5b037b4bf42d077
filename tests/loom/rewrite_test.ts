// What is rewritten does what the original does: compared with the engine's own
// atomics, on random operands.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { rewrite } from "../../loom/src/wasm/rewrite.ts";
import { assemble, MEMORY } from "./binaries.ts";
import {
  callAll,
  instantiateAll,
  type Subjects,
  writeAll,
} from "./instances.ts";
import { Random } from "./randoms.ts";

const OFFSET = 24;
const ROUNDS = 60;
/** Addresses are below this, most of the time. */
const SPAN = 128;

type Type = "i32" | "i64";

/** An instruction behind an export of its name. */
interface Case {
  readonly op: string;
  /** Behind the address. */
  readonly operands: readonly Type[];
  readonly result?: Type;
  readonly bytes: number;
  readonly body: string;
}

const FORMS = [
  ["i32", 32],
  ["i64", 64],
  ["i32", 8],
  ["i32", 16],
  ["i64", 8],
  ["i64", 16],
  ["i64", 32],
] as const;

function makeCase(
  op: string,
  bits: number,
  operands: readonly Type[],
  result?: Type,
): Case {
  const values = operands.map((_, index) => ` (local.get ${index + 1})`);
  const body = `(${op} offset=${OFFSET} (local.get 0)${values.join("")})`;
  const found = result && { result };
  return { op, operands, ...found, bytes: bits / 8, body };
}

function atomics(): Case[] {
  return FORMS.flatMap(([type, bits]) => {
    const narrow = type === `i${bits}` ? "" : `${bits}`;
    const sign = narrow && "_u";
    const rmw = `${type}.atomic.rmw${narrow}`;
    return [
      makeCase(`${type}.atomic.load${narrow}${sign}`, bits, [], type),
      makeCase(`${type}.atomic.store${narrow}`, bits, [type]),
      ...["add", "sub", "and", "or", "xor", "xchg"].map((name) =>
        makeCase(`${rmw}.${name}${sign}`, bits, [type], type)
      ),
      makeCase(`${rmw}.cmpxchg${sign}`, bits, [type, type], type),
    ];
  });
}

function plain(): Case[] {
  const integers = FORMS.flatMap(([type, bits]) => {
    if (type === `i${bits}`) {
      return [
        makeCase(`${type}.load`, bits, [], type),
        makeCase(`${type}.store`, bits, [type]),
      ];
    }
    return [
      makeCase(`${type}.load${bits}_s`, bits, [], type),
      makeCase(`${type}.load${bits}_u`, bits, [], type),
      makeCase(`${type}.store${bits}`, bits, [type]),
    ];
  });
  return [...integers, ...floats("32"), ...floats("64")];
}

/** Values go through integers, which keep the bits of a NaN. */
function floats(bits: "32" | "64"): Case[] {
  const [float, integer] = [`f${bits}`, `i${bits}`] as const;
  const address = `offset=${OFFSET} (local.get 0)`;
  const bytes = Number(bits) / 8;
  return [{
    op: `${float}.load`,
    operands: [],
    result: integer,
    bytes,
    body: `(${integer}.reinterpret_${float} (${float}.load ${address}))`,
  }, {
    op: `${float}.store`,
    operands: [integer],
    bytes,
    body:
      `(${float}.store ${address} (${float}.reinterpret_${integer} (local.get 1)))`,
  }];
}

function text({ op, operands, result, body }: Case): string {
  const params = ["i32", ...operands].map((type) => `(param ${type})`).join(
    " ",
  );
  const results = result ? `(result ${result})` : "";
  return `(func (export "${op}") ${params} ${results} ${body})`;
}

const CASES = [...atomics(), ...plain()];

const OTHERS = `
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify offset=${OFFSET} (local.get 0) (local.get 1)))
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=${OFFSET}
      (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 offset=${OFFSET}
      (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fence") (atomic.fence))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))`;

let subjects: Subjects;

before(async () => {
  const functions = CASES.map(text).join("\n");
  const wasm = await assemble(`(module ${MEMORY} ${functions} ${OTHERS})`);
  subjects = await instantiateAll(wasm);
});

function scramble(random: Random): void {
  writeAll(
    subjects,
    0,
    Array.from({ length: SPAN * 2 }, () => random.bits() & 0xff),
  );
}

/** Aligned as the access wants it; at times not, at times out of bounds. */
function address(random: Random, bytes: number): number {
  const at = random.below(SPAN / bytes) * bytes;
  return random.pick([at, at, at, at, at, at, at + 1, 65536 - OFFSET, -8]);
}

/** Of an access that may compare: at times what is in the memory. */
function operand(random: Random, type: Type, at: number, bytes: number) {
  const found = inMemory(at, bytes);
  const garbage = BigInt(random.bits()) << BigInt(bytes * 8);
  const other = type === "i64" ? random.i64() : BigInt(random.i32());
  const value = random.pick([found, found | garbage, other, other]);
  return type === "i64"
    ? BigInt.asIntN(64, value)
    : Number(BigInt.asIntN(32, value));
}

function inMemory(at: number, bytes: number): bigint {
  let value = 0n;
  for (let byte = bytes - 1; byte >= 0; byte--) {
    const found = subjects.native.bytes[(at >>> 0) + OFFSET + byte] ?? 0;
    value = value << 8n | BigInt(found);
  }
  return value;
}

for (const [seed, { op, operands, bytes }] of CASES.entries()) {
  test(`a rewritten ${op} does the same`, () => {
    const random = new Random(seed);
    scramble(random);
    let returned = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const at = address(random, bytes);
      const values = operands.map((type) => operand(random, type, at, bytes));
      if (callAll(subjects, op, at, ...values) !== "trap") returned++;
    }
    assert.ok(returned > ROUNDS / 4, `${returned} calls did not trap`);
    assert.ok(subjects.rewritten.every(({ log }) => log?.at(-1) === op));
  });
}

test("a site says what its instruction is", () => {
  for (const { op, bytes } of CASES) {
    const site = subjects.sites.find((site) => site.op === op);
    assert.ok(site, op);
    assert.equal(site.bytes, bytes);
    assert.equal(site.offset, OFFSET);
    assert.equal(site.func, op);
    assert.equal(site.wide, op.startsWith("i64"));
    assert.equal(site.rmw, /\.(add|sub|and|or|xor|xchg)/.exec(op)?.[1]);
    assert.equal(subjects.sites[site.id], site);
  }
});

test("a rewritten notify wakes nobody where nobody waits", () => {
  assert.equal(callAll(subjects, "notify", 8, -1), 0);
  assert.equal(callAll(subjects, "notify", 2, -1), "trap");
});

test("a rewritten wait returns 1 for another value, and 2 in the end", () => {
  writeAll(subjects, OFFSET, new Uint8Array(16));
  assert.equal(callAll(subjects, "wait32", 8, 7, -1n), 1);
  assert.equal(callAll(subjects, "wait32", 8, 0, 0n), 2);
  assert.equal(callAll(subjects, "wait64", 8, 1n << 40n, -1n), 1);
  assert.equal(callAll(subjects, "wait64", 8, 0n, 0n), 2);
});

test("a wait is timed if its timeout is not negative", () => {
  writeAll(subjects, OFFSET, new Uint8Array(16));
  for (const wait of ["wait32", "wait64"]) {
    const expected = wait === "wait32" ? 1 : 1n;
    for (const timeout of [0n, 1n, 2n ** 62n, -1n, -(2n ** 63n)]) {
      callAll(subjects, wait, 0, expected, timeout);
      const flags = subjects.rewritten.map(({ log }) => log?.at(-1));
      const flag = timeout < 0n ? "untimed" : "timed";
      assert.deepEqual(flags, [flag, flag, flag]);
    }
  }
});

test("a rewritten fence is a call", () => {
  callAll(subjects, "fence");
  assert.ok(
    subjects.rewritten.every(({ log }) => log?.at(-1) === "atomic.fence"),
  );
});

test("a rewritten memory.fill tells its range, and fills", () => {
  scramble(new Random(1));
  callAll(subjects, "fill", 5, 0x1ff, 40);
  for (const { log } of subjects.rewritten) {
    assert.equal(log?.at(-1), "memory.fill 5 40");
  }
  assert.equal(callAll(subjects, "fill", 65530, 1, 0), undefined);
});

test("a rewritten memory.copy tells both ranges, and copies", () => {
  scramble(new Random(2));
  callAll(subjects, "copy", 3, 9, 50);
  for (const { log } of subjects.rewritten) {
    assert.deepEqual(log?.slice(-2), [
      "memory.copy (to) 3 50",
      "memory.copy (from) 9 50",
    ]);
  }
  const copies = subjects.sites.filter(({ kind }) => kind === "copy");
  assert.deepEqual(
    copies.map(({ op }) => op),
    ["memory.copy (to)", "memory.copy (from)"],
  );
  assert.equal(copies[1]!.id, copies[0]!.id + 1);
  assert.equal(copies[1]!.pc, copies[0]!.pc);
});

// The last of these tests: views of a memory end where it was when made.
test("the size of the memory is what the hooks say", () => {
  assert.equal(callAll(subjects, "size"), 1);
  assert.equal(callAll(subjects, "grow", 1), 1);
  assert.equal(callAll(subjects, "size"), 2);
  assert.equal(callAll(subjects, "grow", 100), -1);
});

test("the memory is imported as before, but not shared", async () => {
  const wasm = await assemble(`(module ${MEMORY} ${OTHERS})`);
  const { memory, wasm: rewritten } = rewrite(wasm);
  assert.deepEqual(memory, {
    module: "env",
    name: "memory",
    initial: 1,
    maximum: 4,
  });
  const module = new WebAssembly.Module(Uint8Array.from(rewritten));
  const [first] = WebAssembly.Module.imports(module);
  assert.deepEqual({ ...first }, {
    module: "env",
    name: "memory",
    kind: "memory",
  });
});
