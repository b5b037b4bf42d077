// Results that tasks have moved, and large ones, which go by message, too.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { transfer } from "../../task.ts";
import { assertIdentical } from "../codec/identical.ts";
import { assertCounted, HOST, settled, start, until } from "./pools.ts";

/** Goes by message: see `LARGE` in src/pool/parcel.ts. */
const LARGE = 1 << 17;

// ==== transfer() ====

test("what a task transfers is gone there, and whole here", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  for (const length of [3, LARGE]) {
    const calls: (() => unknown)[] = [
      () => pool.tasks.moveKept(),
      () => pool.tasks.moveKeptLater(),
      () => pool.run("moveKept", [], { transfer: [] }),
      () => pool.run("moveKept", [], { timeout: 60_000 }),
      () => pool.runSync("moveKept", []),
    ];
    for (const call of calls) {
      await pool.tasks.keep(length);
      assertIdentical(await call(), new Uint8Array(length).fill(7));
      assert.equal(await pool.tasks.countKept(), 0);
    }
  }
  assertCounted(pool);
});

test("a task transfers a part of what it returns", async () => {
  await using one = await start({ workers: 1 });
  assertIdentical(await one.pool.tasks.moveOne(), {
    moved: new Float64Array([1, 2]),
    copied: new Uint8Array(10).fill(7),
  });
  assert.equal(await one.pool.tasks.countKept(), 10);
});

test("a task transfers a port", async () => {
  await using one = await start({ workers: 1 });
  const port = await one.pool.tasks.movePort();
  const heard = new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
  });
  assert.equal(await settled(heard), "hello");
  port.close();
});

test("what is returned in another object is copied", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  await pool.tasks.keep(10);
  const expected = { bytes: new Uint8Array(10).fill(7) };
  assertIdentical(await pool.tasks.moveNested(), expected);
  assert.equal(await pool.tasks.countKept(), 10);
});

test("between tasks it is copied", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  for (const length of [10, LARGE]) {
    await pool.tasks.keep(length);
    assert.deepEqual(await pool.tasks.joinMoved(), [length, length]);
  }
});

test("what cannot be transferred is the task's error", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  const refused = { name: "UncloneableError", code: "uncloneable" };
  const wrong: Record<string, object> = {
    "a number": {
      name: "ArgumentTypeError",
      message: "Cannot transfer a result as value must be an object: " +
        "current value is 5",
    },
    "no list": {
      name: "ArgumentTypeError",
      message: "Cannot transfer a result as transfer must be an array",
    },
    "no buffer": refused,
    "twice": refused,
    "gone": refused,
    "a buffer that is gone": refused,
  };
  for (const [how, error] of Object.entries(wrong)) {
    await assert.rejects(pool.tasks.moveBadly(how), error, how);
    assert.throws(() => pool.runSync("moveBadly", [how]), error, how);
    const byMessage = pool.run("moveBadly", [how], { transfer: [] });
    await assert.rejects(byMessage, error, how);
  }
  assert.equal(await pool.tasks.add(1, 2), 3);
  assertCounted(pool);
});

test("transfer() is for tasks", () => {
  assert.throws(() => transfer(new Uint8Array(1), []), {
    name: "UnsupportedError",
    message: /^Cannot transfer a result as it needs a task/,
  });
});

// ==== large results ====

/** One of each kind, of as many bytes. */
const KINDS: readonly object[] = [
  new ArrayBuffer(LARGE),
  new DataView(new ArrayBuffer(LARGE)),
  ...[
    ...[Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array],
    ...[Int32Array, Uint32Array, Float32Array, Float64Array],
    ...[BigInt64Array, BigUint64Array],
  ].map((Kind) => new Kind(Uint8Array.from({ length: LARGE }, byteAt).buffer)),
];

function byteAt(_: unknown, place: number): number {
  return place & 0x3f;
}

for (const value of KINDS) {
  const name = Object.prototype.toString.call(value).slice(8, -1);
  test(`a large ${name} comes back as one`, async () => {
    await using one = await start({ workers: 1 });
    const { pool } = one;
    assertIdentical(await pool.run("echo", [value]), value);
    assertIdentical(await pool.run("echoLater", [value]), value);
    assertIdentical(pool.runSync("echo", [value]), value);
    const copy = structuredClone(value);
    const buffer = copy instanceof ArrayBuffer
      ? copy
      : (copy as Uint8Array<ArrayBuffer>).buffer;
    const moved = pool.run("echo", [copy], { transfer: [buffer] });
    assertIdentical(await moved, value);
    assert.equal(buffer.byteLength, 0);
  });
}

test("of a large buffer comes what the view shows", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  const all = new Uint16Array(2 * LARGE).map((_, place) => place);
  const part = all.subarray(LARGE, 2 * LARGE - 1);
  const back = await pool.tasks.echo(part);
  assertIdentical(back, part.slice());
  assert.equal(back.buffer.byteLength, part.byteLength);
});

test("a task can keep the large bytes that it returns", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  const expected = new Uint8Array(LARGE).fill(7);
  for (let time = 0; time < 3; time++) {
    assertIdentical(await pool.tasks.keep(LARGE), expected);
    assertIdentical(pool.runSync("keep", [LARGE]), expected);
    const byMessage = pool.run("keep", [LARGE], { transfer: [] });
    assertIdentical(await byMessage, expected);
  }
});

test("views of one buffer stay so in a call by message", async () => {
  await using one = await start({ workers: 1 });
  const { buffer } = new Uint8Array([1, 2, 3, 4]);
  const views = [new Uint8Array(buffer), new Uint8Array(buffer, 2)];
  const calls: [unknown[], Transferable[]][] = [
    [views, []],
    [[views[0], views[0]], []],
    [[...views, { view: views[1] }], []],
    [[new DataView(buffer, 1), buffer], []],
    [[new Uint16Array(buffer), 5, "text", null], [buffer]],
  ];
  for (const [args, transfer] of calls) {
    const expected = structuredClone(args);
    const list = one.pool.run("list", args, { transfer });
    assertIdentical(await list, expected);
  }
});

test("large results of many calls all come, or none does", async () => {
  await using crew = await start({ workers: 2 });
  const { pool } = crew;
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from(
    { length: 60 },
    (_, place) =>
      place % 3 === 0
        ? pool.run("bytes", [LARGE + place], { signal })
        : pool.tasks.bytes(LARGE + place),
  );
  const ends = Promise.allSettled(calls);
  await until(() => pool.metrics().completed > 5);
  controller.abort();
  for (const [place, end] of (await settled(ends)).entries()) {
    if (end.status === "fulfilled") {
      assert.equal(end.value.length, LARGE + place);
    } else assert.equal(place % 3, 0);
  }
  await pool.drain();
  assertCounted(pool);
});

test("a large result outlives its worker", async () => {
  await using one = await start({ workers: 1, maxCrashes: 100 });
  const { pool } = one;
  for (let round = 0; round < 5; round++) {
    const result = pool.tasks.bytes(LARGE);
    const exit = pool.tasks.exit(1);
    const ends = await settled(Promise.allSettled([result, exit]));
    assert.equal(ends[0].status, "fulfilled");
    assert.equal(ends[1].status, "rejected");
  }
  assertCounted(pool);
});

/** Of JavaScriptCore's garbage nothing is known. */
const skip = HOST === "bun" && "no process.memoryUsage().external";

test("large results that nobody needs are collected", { skip }, async () => {
  await using one = await start({ workers: 1 });
  const bytes = new Uint8Array(1 << 20);
  let most = 0;
  for (let count = 0; count < 4000; count++) {
    await one.pool.tasks.echo(bytes);
    if (count % 50 !== 0) continue;
    most = Math.max(most, process.memoryUsage().external);
  }
  assert.ok(most < 256 << 20, `${most} bytes`);
});
