// What bytes cannot carry, or should not: transfers, ports, shared memory, and
// more than there is memory for.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import {
  assertCounted,
  HOST,
  moduleOf,
  settled,
  sharedWords,
  start,
} from "./pools.ts";
import { Pool } from "../../mod.ts";

const { pool, ...shared } = await start();
after(() => shared[Symbol.asyncDispose]());

const MEBIBYTE = 1 << 20;

// ==== transfer ====

test("a transferred buffer is gone here, and whole there", async () => {
  const bytes = new Uint8Array(MEBIBYTE).fill(7);
  const { buffer } = bytes;
  const answer = pool.run("echo", [bytes], { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  assert.ok(buffer.detached);
  const back = await answer;
  assert.equal(back.length, MEBIBYTE);
  assert.ok(back.every((byte: number) => byte === 7));
});

test("a transferred buffer can be blocked for", () => {
  const bytes = new Uint8Array(1000).fill(3);
  const transfer = [bytes.buffer];
  assert.equal(pool.runSync("sizeOf", [bytes], { transfer }), 1000);
  assert.equal(bytes.length, 0);
});

test("a transferred port works, and is the task's", async () => {
  // Only Node tells that an event loop waits for one.
  await using one = await start({
    workers: 1,
    idle: HOST === "node" ? "auto" : "event-loop",
  });
  const { port1, port2 } = new MessageChannel();
  const got = new Promise((resolve) => port1.on("message", resolve));
  await one.pool.run("answerAt", [port2 as never], {
    transfer: [port2 as never],
  });
  port1.postMessage({ question: 1 });
  assert.deepEqual(await settled(got), { got: { question: 1 } });
  port1.close();
});

test("what cannot be transferred is refused", async () => {
  const { submitted } = pool.metrics();
  const bytes = new Uint8Array(8);
  const once = [bytes.buffer];
  const refused: unknown[][] = [[{}], [1], [...once, ...once], [
    sharedWords(1).buffer,
  ]];
  for (const transfer of refused) {
    await assert.rejects(
      pool.run("echo", [bytes], { transfer: transfer as Transferable[] }),
      { name: "UncloneableError" },
    );
  }
  assert.equal(bytes.length, 8);
  assert.equal(pool.metrics().submitted, submitted);
  assert.equal(await pool.tasks.add(2, 2), 4);
});

test("calls by message have errors as others have", async () => {
  const transfer: Transferable[] = [];
  await assert.rejects(
    pool.run("fail", ["cause"], { transfer }),
    (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.ok(error.cause instanceof SyntaxError);
      return true;
    },
  );
  await assert.rejects(pool.run("fail", ["properties"], { transfer }), {
    message: "with",
    path: "/a",
  });
  await assert.rejects(pool.run("failLater", ["own"], { transfer }), {
    name: "OwnError",
    code: 7,
  });
  await assert.rejects(pool.run("returnFunction", [], { transfer }), {
    name: "UncloneableError",
    message: /Cannot send the result as its \.nested\[0\]\.call is a function/,
  });
  assert.equal(await pool.run("echoLater", [5], { transfer }), 5);
  assertCounted(pool);
});

test("many calls by message are all answered", async () => {
  const calls = Array.from({ length: 1000 }, (_, n) => {
    const bytes = new Uint8Array(n + 1);
    return pool.run("sizeOf", [bytes], { transfer: [bytes.buffer] });
  });
  const sizes = await settled(Promise.all(calls));
  assert.deepEqual(sizes, Array.from({ length: 1000 }, (_, n) => n + 1));
  assertCounted(pool);
});

// ==== what goes by message by itself ====

test("shared memory stays shared, without being asked for", async () => {
  const view = sharedWords(4);
  assert.equal(await pool.run("increment", [view]), 0);
  assert.equal(await pool.tasks.increment(view), 1);
  assert.equal(pool.runSync("increment", [view]), 2);
  assert.equal(await pool.run("increment", [view], { timeout: 60_000 }), 3);
  assert.equal(Atomics.load(view, 0), 4);
  const nested = { list: [view.buffer] };
  assert.equal(
    await pool.run("describe", [nested.list[0]]),
    "[object SharedArrayBuffer]",
  );
  assert.equal(await pool.tasks.describe(nested), "[object Object]");
});

test("shared memory comes back shared", async () => {
  const view = sharedWords(1);
  const { list } = await pool.run("echo", [{ list: [view] }]);
  Atomics.store(view, 0, 9);
  assert.equal(Atomics.load(list[0]!, 0), 9);
  const back = pool.runSync("echo", [view]);
  Atomics.store(back, 0, 10);
  assert.equal(Atomics.load(view, 0), 10);
});

test("shared memory arrives when calls wait for a record", async () => {
  await using small = await start({ workers: 1, tasks: 4 });
  const view = sharedWords(1);
  const calls = Array.from(
    { length: 100 },
    () => small.pool.tasks.increment(view),
  );
  const seen = await settled(Promise.all(calls));
  assert.equal(new Set(seen).size, 100);
  assert.equal(Atomics.load(view, 0), 100);
  assertCounted(small.pool);
});

test("a task may return what only a message can carry", async () => {
  const source = `
    export const memory = () => new Int32Array(new SharedArrayBuffer(16));
    export const port = () => new MessageChannel().port1;
    export const both = async () => [new SharedArrayBuffer(8), () => {}];
  `;
  const own = await settled(Pool.start(moduleOf(source), { workers: 1 }));
  const view = await own.run("memory", []);
  assert.ok(view.buffer instanceof SharedArrayBuffer);
  assert.ok(own.runSync("memory", []).buffer instanceof SharedArrayBuffer);
  await assert.rejects(own.run("both", []), {
    name: "UncloneableError",
    message: /Cannot send the result as its \[1\] is a function/,
  });
  // A port that is not transferred cannot be sent at all.
  await assert.rejects(own.run("port", []), { name: "UncloneableError" });
  await own.shutdown();
});

test("what is too deep for bytes goes by message", async () => {
  let deep: unknown = "end";
  for (let level = 0; level < 600; level++) deep = [deep];
  let back = await pool.run("echo", [deep]);
  for (let level = 0; level < 600; level++) back = (back as unknown[])[0];
  assert.equal(back, "end");
});

// ==== much ====

test("20 MiB arrive, and come back", async () => {
  const bytes = new Uint8Array(20 * MEBIBYTE);
  for (let at = 0; at < bytes.length; at += 4099) bytes[at] = at;
  const back = await pool.run("echo", [bytes]);
  assert.equal(back.length, bytes.length);
  for (let at = 0; at < bytes.length; at += 4099) {
    if (back[at] !== bytes[at]) assert.fail(`byte ${at}`);
  }
  const text = "x".repeat(20 * MEBIBYTE);
  assert.equal(await pool.run("sizeOf", [text]), text.length);
  assert.equal(pool.runSync("bytes", [8 * MEBIBYTE]).length, 8 * MEBIBYTE);
});

test("memory that was used is used again", async () => {
  await using small = await start({ workers: 2, memory: 4 });
  // 64 times as much as there is.
  for (let round = 0; round < 16; round++) {
    const calls = Array.from(
      { length: 64 },
      (_, n) => small.pool.tasks.echo("y".repeat(250_000 + n)),
    );
    const texts = await settled(Promise.all(calls));
    texts.forEach((text, n) => assert.equal(text.length, 250_000 + n));
  }
  assertCounted(small.pool);
});

test("more than there is memory for arrives all the same", async () => {
  await using small = await start({ workers: 2, memory: 1 });
  const { pool } = small;
  const big = new Uint8Array(3 * MEBIBYTE).fill(5);
  assert.equal(await pool.run("sizeOf", [big]), big.length);
  assert.equal(pool.runSync("sizeOf", [big]), big.length);
  assert.equal((await pool.run("bytes", [3 * MEBIBYTE])).length, big.length);
  assert.equal((await pool.run("echo", [big])).length, big.length);
  const many = Array.from(
    { length: 40 },
    (_, n) => pool.tasks.echo("z".repeat(60_000 + n)),
  );
  const texts = await settled(Promise.all(many));
  texts.forEach((text, n) => assert.equal(text.length, 60_000 + n));
  await assert.rejects(pool.run("fail", ["w".repeat(3 * MEBIBYTE)]), (
    error: Error,
  ) => error.message.length === 3 * MEBIBYTE);
  // And it is as it was before.
  assert.equal(await pool.tasks.echo("v".repeat(100_000)), "v".repeat(100_000));
  assert.equal(await pool.run("fan", [20]), 190);
  assertCounted(small.pool);
});
