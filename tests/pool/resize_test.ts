// How many workers there are: who comes, who goes, and what they are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertCounted,
  publish,
  settled,
  start,
  type TestPool,
  until,
} from "./pools.ts";

const SET_UPS = 60;
const TEAR_DOWNS = 61;

const hooks = { setup: "setUp", teardown: "tearDown" };

/** Which workers there are, as so many tasks that hold at once tell. */
async function indices({ pool, words }: TestPool, at = 0): Promise<number[]> {
  Atomics.store(words, at, 0);
  Atomics.store(words, at + 1, 0);
  const { workers } = pool;
  const held = Array.from({ length: workers }, () => pool.run("hold", [at]));
  await until(() => Atomics.load(words, at) === workers);
  publish(words, at + 1, 1);
  return (await settled(Promise.all(held))).sort((a, b) => a - b);
}

// ==== resize ====

test("resize() adds workers, and takes some away", async () => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  for (const workers of [3, 1, 2, 4, 1]) {
    await settled(pool.resize(workers));
    assert.equal(pool.workers, workers);
    assert.equal((await indices(crew)).length, workers);
    assert.equal(pool.metrics().workers.length, workers);
  }
  assert.equal(pool.metrics().crashes, 0);
  assertCounted(pool);
});

test("resize() while tasks run loses none", async () => {
  await using crew = await start({ workers: 2 });
  const { pool } = crew;
  const calls = Array.from({ length: 2000 }, (_, n) => pool.tasks.echo(n));
  const messages = Array.from(
    { length: 200 },
    (_, n) => pool.run("echo", [n], { transfer: [] }),
  );
  const waits = Array.from({ length: 20 }, () => pool.run("wait", [3]));
  const trees = Array.from({ length: 20 }, () => pool.run("fib", [9]));
  for (const workers of [4, 1, 3, 1]) await settled(pool.resize(workers));
  assert.deepEqual(await settled(Promise.all(calls)), calls.map((_, n) => n));
  assert.deepEqual(
    await settled(Promise.all(messages)),
    messages.map((_, n) => n),
  );
  await settled(Promise.all(waits));
  assert.ok((await settled(Promise.all(trees))).every((it) => it === 34));
  assert.equal(pool.metrics().crashes, 0);
  assertCounted(pool);
});

test("resize() of workers that are starting ends them", async () => {
  await using crew = await start({ minWorkers: 1, maxWorkers: 4 });
  const { pool, words } = crew;
  const held = Array.from({ length: 4 }, () => pool.run("holdLater", [0]));
  assert.equal(pool.workers, 4);
  const resized = pool.resize(1);
  assert.equal(pool.workers, 1);
  publish(words, 1, 1);
  await settled(Promise.all([...held, resized]));
  assert.equal((await indices(crew)).length, 1);
});

test("resize() again before it is done", async () => {
  await using crew = await start({ workers: 2 });
  const { pool } = crew;
  const sizes = [4, 1, 3, 1, 2];
  await settled(Promise.all(sizes.map((workers) => pool.resize(workers))));
  await until(() => pool.workers === 2);
  assert.equal((await indices(crew)).length, 2);
});

test("resize() refuses what is no number of workers", async () => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  const type = [undefined, null, "2", [], {}, () => 2, true, { minWorkers: 1 }];
  for (const workers of type as never[]) {
    await assert.rejects(pool.resize(workers), {
      name: "ArgumentTypeError",
      message: /^Cannot resize the pool as /,
    });
  }
  const range = [
    ...[0, -1, 1.5, NaN, Infinity, 257],
    { minWorkers: 2, maxWorkers: 1 },
    { minWorkers: -1, maxWorkers: 1 },
    { minWorkers: 0, maxWorkers: 0 },
  ];
  for (const workers of range) {
    await assert.rejects(pool.resize(workers), { name: "ArgumentRangeError" });
  }
  assert.equal(pool.workers, 1);
});

// ==== idle workers ====

test("a pool grows under load and shrinks when it is idle", async () => {
  await using crew = await start({
    minWorkers: 1,
    maxWorkers: 3,
    idleTimeout: 20,
  });
  const { pool, words } = crew;
  assert.equal(pool.workers, 1);
  for (const at of [0, 4]) {
    const held = Array.from({ length: 5 }, () => pool.run("hold", [at]));
    await until(() => Atomics.load(words, at) === 3);
    assert.equal(pool.workers, 3);
    publish(words, at + 1, 1);
    await settled(Promise.all(held));
    await until(() => pool.workers === 1);
  }
  assert.equal(await pool.run("add", [1, 2]), 3);
  assert.equal(pool.metrics().crashes, 0);
});

test("minWorkers: 0 leaves none, and a call brings one back", async () => {
  for (const idle of ["auto", "event-loop"] as const) {
    await using crew = await start({
      minWorkers: 0,
      maxWorkers: 2,
      idleTimeout: 5,
      idle,
    });
    const { pool } = crew;
    for (let round = 0; round < 3; round++) {
      await until(() => pool.workers === 0);
      assert.equal(await settled(pool.run("add", [round, 1])), round + 1);
      await until(() => pool.workers === 0);
      // The new worker loads while this thread is blocked.
      assert.equal(pool.runSync("add", [round, 2]), round + 2);
      await until(() => pool.workers === 0);
      const transfer: Transferable[] = [];
      assert.equal(await settled(pool.run("add", [1, 1], { transfer })), 2);
    }
    assert.equal(pool.metrics().crashes, 0);
    assertCounted(pool);
  }
});

test("a worker with an asynchronous task in flight is not idle", async () => {
  await using crew = await start({
    minWorkers: 0,
    maxWorkers: 1,
    idleTimeout: 1,
  });
  const call = crew.pool.run("holdLater", [0]);
  await until(() => Atomics.load(crew.words, 0) === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(crew.pool.workers, 1);
  publish(crew.words, 1, 1);
  await settled(call);
  await until(() => crew.pool.workers === 0);
});

test("resize() to two limits has idle workers go", async () => {
  await using crew = await start({ workers: 3, idleTimeout: 5 });
  const { pool } = crew;
  await settled(pool.resize({ minWorkers: 1, maxWorkers: 3 }));
  await until(() => pool.workers === 1);
  await settled(pool.resize({ minWorkers: 0, maxWorkers: 3 }));
  await until(() => pool.workers === 0);
  await settled(pool.resize(2));
  assert.equal((await indices(crew)).length, 2);
});

test("workers that come and go answer every call", async () => {
  await using crew = await start({
    minWorkers: 0,
    maxWorkers: 3,
    idleTimeout: 0,
  });
  const { pool } = crew;
  for (let round = 0; round < 30; round++) {
    const calls = Array.from(
      { length: 5 },
      (_, n) =>
        n === 4 ? pool.run("echo", [n], { transfer: [] }) : pool.tasks.echo(n),
    );
    assert.deepEqual(await settled(Promise.all(calls)), [0, 1, 2, 3, 4]);
    await new Promise((resolve) => setTimeout(resolve, round % 4));
  }
  assert.equal(pool.metrics().crashes, 0);
  assertCounted(pool);
});

// ==== recycle ====

test("recycle() replaces each worker", async () => {
  await using crew = await start({ workers: 2, ...hooks });
  const { pool, words } = crew;
  const calls = Array.from({ length: 500 }, (_, n) => pool.tasks.echo(n));
  await settled(pool.recycle());
  await settled(Promise.all(calls));
  assert.equal(Atomics.load(words, SET_UPS), 4);
  assert.equal(Atomics.load(words, TEAR_DOWNS), 2);
  assert.equal(pool.workers, 2);
  assert.equal((await indices(crew)).length, 2);
  assert.equal(pool.metrics().crashes, 0);
});

test("recycle() of workers that are starting, and of none", async () => {
  await using crew = await start({
    minWorkers: 0,
    maxWorkers: 3,
    idleTimeout: 5,
  });
  const { pool, words } = crew;
  const held = Array.from({ length: 3 }, () => pool.run("holdLater", [0]));
  const recycled = pool.recycle();
  publish(words, 1, 1);
  await settled(Promise.all([...held, recycled]));
  await until(() => pool.workers === 0);
  await settled(pool.recycle());
});

// ==== hooks ====

test("setup runs before any task, teardown after all, once for each", async () => {
  const { pool, words } = await start({ workers: 3, ...hooks });
  assert.equal(Atomics.load(words, SET_UPS), 3);
  assert.equal(await pool.run("setUps", []), 3);
  await settled(pool.resize(4));
  assert.equal(Atomics.load(words, SET_UPS), 4);
  await settled(pool.resize(1));
  assert.equal(Atomics.load(words, TEAR_DOWNS), 3);
  await settled(pool.shutdown());
  assert.equal(Atomics.load(words, TEAR_DOWNS), 4);
  assert.equal(Atomics.load(words, SET_UPS), 4);
});

test("hooks are no tasks", async () => {
  await using crew = await start({ workers: 1, ...hooks });
  const { pool } = crew;
  assert.equal("setUp" in pool.tasks, false);
  await assert.rejects(pool.run("setUp", [] as never), {
    name: "UnknownTaskError",
  });
  await assert.rejects(pool.run("spawnUnknown", ["tearDown"]), {
    name: "UnknownTaskError",
  });
});

// ==== metrics ====

test("metrics() counts each call once", async () => {
  await using crew = await start();
  const { pool, words } = crew;
  assert.deepEqual({ ...pool.metrics(), latency: 0, workers: 0 }, {
    ...{ submitted: 0, completed: 0, failed: 0, cancelled: 0, crashed: 0 },
    ...{ pending: 0, crashes: 0, latency: 0, workers: 0 },
  });
  for (let n = 0; n < 10; n++) await pool.tasks.add(n, n);
  await pool.run("echo", [1], { transfer: [] });
  pool.runSync("nothing", []);
  await assert.rejects(pool.run("fail", ["type"]), TypeError);
  assert.throws(() => pool.runSync("fail", ["type"]), TypeError);
  await assert.rejects(pool.run("echo", [() => {}]));
  const controller = new AbortController();
  const { signal } = controller;
  const held = pool.run("hold", [0], { signal });
  await until(() => Atomics.load(words, 0) === 1);
  assert.equal(pool.metrics().pending, 1);
  controller.abort();
  await assert.rejects(held);
  publish(words, 1, 1);
  await assert.rejects(pool.run("wait", [1e6], { timeout: 1 }));
  assert.throws(() => pool.runSync("wait", [1e6], { timeout: 1 }));
  await assert.rejects(pool.run("exit", [1]));
  assert.deepEqual({ ...pool.metrics(), latency: 0, workers: 0 }, {
    ...{ submitted: 18, completed: 12, failed: 2, cancelled: 3, crashed: 1 },
    ...{ pending: 0, crashes: 1, latency: 0, workers: 0 },
  });
});

test("metrics() tells of each worker", async () => {
  await using crew = await start({ workers: 2, name: "m" });
  const { pool } = crew;
  await Promise.all(Array.from({ length: 1000 }, (_, n) => pool.tasks.echo(n)));
  await pool.run("fib", [12]);
  const { workers, latency } = pool.metrics();
  assert.deepEqual(workers.map(({ name }) => name), ["m-0", "m-1"]);
  const tasks = workers.reduce((sum, it) => sum + it.tasks, 0);
  assert.ok(tasks >= 1001, `${tasks}`);
  for (const it of workers) {
    for (const [name, count] of Object.entries(it)) {
      if (name !== "name") assert.ok(Number(count) >= 0, `${name}: ${count}`);
    }
  }
  assert.ok(latency.count >= 1000 / 16 && latency.count <= 1001);
  assert.ok(latency.mean > 0 && latency.mean <= latency.max);
  const half = latency.percentile(50);
  assert.ok(half > 0 && half <= latency.percentile(99));
  assert.ok(latency.percentile(100) <= latency.max);
  // It does not change with what comes after.
  const { count } = latency;
  await Promise.all(Array.from({ length: 100 }, () => pool.tasks.nothing()));
  assert.equal(latency.count, count);
});
