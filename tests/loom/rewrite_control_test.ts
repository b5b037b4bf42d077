// What is no access stays as it is, though functions and types are added in
// front of it and behind it.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { rewrite } from "../../loom/src/wasm/rewrite.ts";
import { I32 } from "../../loom/src/wasm/types.ts";
import {
  assemble,
  binary,
  code,
  MEMORY,
  MEMORY_SECTION,
  name,
} from "./binaries.ts";
import { callAll, instantiateAll, type Subjects } from "./instances.ts";
import { Random } from "./randoms.ts";

const TEXT = `(module ${MEMORY}
  (type $unary (func (param i32) (result i32)))
  (table $table 4 4 funcref)
  (table $other 2 funcref)
  (elem (table $table) (i32.const 1) func $double $bump)
  (global $count (mut i32) (i32.const 3))
  (global $limit i32 (i32.const 40))
  (global $first (mut funcref) (ref.func $double))
  (global $big (mut i64) (i64.const -9000000000))

  (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $bump (type $unary)
    (i32.atomic.rmw.add offset=4 (i32.const 0) (local.get 0)))
  (func $swap (param i32 i32) (result i32 i32)
    (local.get 1) (local.get 0))

  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect $table (type $unary) (local.get 1) (local.get 0)))

  (func (export "table") (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c $b (local.get 0)))
      (i32.atomic.store (i32.const 8) (i32.const 100))
      (return (i32.const 10)))
      (return (i32.atomic.load (i32.const 8))))
    (i32.const 12))

  (func (export "sum") (param i32) (result i32) (local i32 i64 f32 f64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 1
          (i32.add (local.get 1)
            (i32.atomic.rmw8.add_u offset=3
              (local.get 0) (local.get 1))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (local.get 1))

  (func (export "many") (param i32 i32) (result i32)
    (call $swap (local.get 0) (local.get 1))
    (block (param i32 i32) (result i32 i32)
      (i32.atomic.load (i32.const 4))
      (i32.add))
    (if (param i32) (result i32) (local.get 0)
      (then (i32.const 7) (i32.xor))
      (else (i32.const 9) (i32.or)))
    (i32.sub))

  (func (export "numbers") (param i32 i64) (result i64)
    (local f32 f64)
    (local.set 2 (f32.convert_i32_s (local.get 0)))
    (local.set 3 (f64.add (f64.convert_i64_s (local.get 1)) (f64.const 1.5)))
    (i64.xor
      (i64.add
        (i64.extend8_s (local.get 1))
        (i64.add (i64.extend16_s (local.get 1)) (i64.extend32_s (local.get 1))))
      (i64.add
        (i64.extend_i32_s
          (i32.add (i32.extend8_s (local.get 0)) (i32.extend16_s (local.get 0))))
        (i64.add
          (i64.trunc_sat_f64_s (f64.mul (local.get 3) (f64.const 1e300)))
          (i64.extend_i32_u (i32.trunc_sat_f32_u
            (f32.mul (local.get 2) (f32.const 2.25))))))))

  (func (export "references") (param i32) (result i32)
    (table.set $other (i32.const 0) (ref.func $bump))
    (table.set $other (i32.const 1) (ref.null func))
    (i32.add
      (ref.is_null (table.get $other (local.get 0)))
      (ref.is_null (select (result funcref)
        (ref.func $double) (ref.null func) (local.get 0)))))

  (func (export "count") (param i32) (result i32)
    (global.set $big (i64.add (global.get $big) (i64.const 1)))
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (i32.add (global.get $count) (global.get $limit)))

  (func (export "first") (param i32) (result i32)
    (table.set $other (i32.const 0) (global.get $first))
    (call_indirect $other (type $unary) (local.get 0) (i32.const 0)))

  (func (export "stores") (param i32 i32)
    (i32.store (local.get 0) (local.get 1))
    (i32.store offset=4 (local.get 0) (local.get 1))
    (i32.store align=1 (local.get 0) (local.get 1))
    (i32.store8 offset=300 (local.get 0) (local.get 1))
    (i64.store8 offset=301 (local.get 0) (i64.extend_i32_s (local.get 1)))
    (i32.store offset=4 (i32.const 64) (local.get 1))
    (i32.store offset=20000 (local.get 0) (local.get 1)))

  (func (export "dead") (param i32) (result i32)
    (return (i32.atomic.load (local.get 0)))
    (i32.atomic.store (i32.const 1))
    (unreachable))
)`;

let wasm: Uint8Array<ArrayBuffer>;
let subjects: Subjects;

before(async () => {
  wasm = await assemble(TEXT, true);
  subjects = await instantiateAll(wasm);
});

test("call_indirect finds the same functions", () => {
  for (let index = -1; index < 5; index++) {
    callAll(subjects, "indirect", index, 21);
  }
  assert.equal(callAll(subjects, "indirect", 1, 21), 42);
});

test("br_table and loops go the same ways", () => {
  for (let index = -1; index < 5; index++) callAll(subjects, "table", index);
  for (let length = 0; length < 20; length++) callAll(subjects, "sum", length);
});

test("blocks take and return several values", () => {
  const random = new Random(3);
  for (let round = 0; round < 50; round++) {
    callAll(subjects, "many", random.i32(), random.i32());
  }
  callAll(subjects, "many", 0, 5);
});

test("numbers are extended and truncated as before", () => {
  const random = new Random(4);
  for (let round = 0; round < 200; round++) {
    callAll(subjects, "numbers", random.i32(), random.i64());
  }
});

test("references are the same", () => {
  callAll(subjects, "references", 0);
  callAll(subjects, "references", 1);
  assert.equal(callAll(subjects, "first", 21), 42);
});

test("stores of one kind, and of several offsets, are kept apart", () => {
  callAll(subjects, "stores", 96, 0x12345678);
  callAll(subjects, "stores", 3, -1);
  callAll(subjects, "stores", 65536 - 302, 7);
  const offsets = subjects.sites.filter(({ func, kind }) =>
    func === "stores" && kind === "plain store"
  ).map(({ offset }) => offset);
  assert.deepEqual(offsets, [0, 4, 0, 300, 301, 4, 20000]);
});

test("code that is never reached is rewritten as well", () => {
  callAll(subjects, "dead", 8);
});

test("mutable globals are exported by their index, so they can be reset", () => {
  assert.equal(callAll(subjects, "count", 5), 48);
  for (const { exports, call } of subjects.rewritten) {
    const count = exports["loom_global_0"] as WebAssembly.Global;
    assert.equal(count.value, 8);
    count.value = 3;
    assert.equal(call("count", 1), 44);
    assert.equal(exports["loom_global_1"], undefined, "it is immutable");
    assert.equal(
      typeof (exports["loom_global_3"] as WebAssembly.Global).value,
      "bigint",
    );
  }
});

test("all that was exported still is", () => {
  const names = Object.keys(subjects.native.exports);
  for (const { exports } of subjects.rewritten) {
    for (const name of names) assert.ok(name in exports, name);
  }
});

test("a site has the place of its instruction, and the function's name", () => {
  const [site] = subjects.sites;
  assert.equal(site?.func, "bump");
  for (const { pc, kind } of subjects.sites) {
    if (!kind.startsWith("plain")) assert.equal(wasm[pc], 0xfe);
    else assert.ok(0x28 <= wasm[pc]! && wasm[pc]! <= 0x3e);
  }
});

test("a function without a name has its export's, or its number", async () => {
  const { sites } = rewrite(
    await assemble(`(module ${MEMORY}
    (func (export "fence") (atomic.fence) (call $other))
    (func $other (atomic.fence)))`),
  );
  assert.deepEqual(sites.map(({ func }) => func).sort(), ["fence", "func 1"]);
});

test("a site has what its instruction was compiled from", () => {
  const { sites } = rewrite(wasm, {
    place: (pc) =>
      pc === subjects.sites[0]!.pc
        ? { file: "a.ts", line: pc, column: 0 }
        : undefined,
  });
  assert.deepEqual(sites[0]?.source, {
    file: "a.ts",
    line: sites[0]?.pc,
    column: 0,
  });
  assert.equal("source" in sites[1]!, false);
});

test("a start function runs", async () => {
  const started = await instantiateAll(
    await assemble(`(module ${MEMORY} (global $started (mut i32) (i32.const 0))
      (func (export "started") (result i32) (global.get $started))
      (func $start (global.set $started (i32.const 1)))
      (start $start))`),
  );
  assert.equal(callAll(started, "started"), 1);
});

const I32_CONST = 0x41;
const END = 0x0b;
const REF_FUNC = 0xd2;
const FUNCREF = 0x70;
const at = (index: number) => [I32_CONST, index, END];
const func = (index: number) => [REF_FUNC, index, END];

/** One element segment of each form; the active ones fill the tables. */
const SEGMENTS = [
  [0, ...at(0), 2, 0, 1],
  [1, 0, 1, 2],
  [2, 1, ...at(0), 0, 2, 3, 2],
  [3, 0, 2, 4, 5],
  [4, ...at(2), 2, ...func(1), ...func(0)],
  [5, FUNCREF, 1, ...func(3)],
  [6, 1, ...at(2), FUNCREF, 2, ...func(4), 0xd0, FUNCREF, END],
  [7, FUNCREF, 1, ...func(5)],
];

test("elements name the same functions, in all forms of a segment", async () => {
  const pick = (table: number) => [0x20, 0, 0x11, 0, table];
  const all = await instantiateAll(binary(
    [1, 2, 0x60, 0, 1, I32, 0x60, 1, I32, 1, I32],
    MEMORY_SECTION,
    [3, 8, 0, 0, 0, 0, 0, 0, 1, 1],
    [4, 2, FUNCREF, 0, 5, FUNCREF, 0, 5],
    [7, 2, ...name("t0"), 0, 6, ...name("t1"), 0, 7],
    [9, SEGMENTS.length, ...SEGMENTS.flat()],
    code(
      ...[0, 1, 2, 3, 4, 5].map((value) => [I32_CONST, value]),
      pick(0),
      pick(1),
    ),
  ));
  const read = (table: string) =>
    [0, 1, 2, 3, 4].map((index) => callAll(all, table, index));
  assert.deepEqual(read("t0"), [0, 1, 1, 0, "trap"]);
  assert.deepEqual(read("t1"), [3, 2, 4, "trap", "trap"]);
});
