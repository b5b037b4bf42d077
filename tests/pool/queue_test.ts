// What waits, how much of it, and what comes first.

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

const full = {
  name: "QueueFullError",
  code: "queue-full",
  message: /as 2 wait already: await pool\.ready first/,
};

/** Has the workers hold, all of them. Resolves when they do. */
async function hold(
  { pool, words }: TestPool,
  workers = pool.workers,
): Promise<Promise<number>[]> {
  const held = Array.from({ length: workers }, () => pool.run("hold", [0]));
  await until(() => Atomics.load(words, 0) === workers);
  return held;
}

// ==== back-pressure ====

test("maxQueue refuses calls when so many wait", async () => {
  await using limited = await start({ workers: 2, maxQueue: 2 });
  const { pool, words } = limited;
  const held = await hold(limited);
  const waiting = [pool.run("add", [1, 2]), pool.tasks.add(3, 4)];
  const { submitted } = pool.metrics();
  await assert.rejects(pool.run("add", [5, 6]), full);
  await assert.rejects(pool.tasks.add(5, 6), full);
  await assert.rejects(pool.run("add", [5, 6], { timeout: 1e6 }), full);
  await assert.rejects(pool.run("add", [5, 6], { transfer: [] }), full);
  assert.throws(() => pool.runSync("add", [5, 6]), full);
  assert.equal(pool.metrics().submitted, submitted);
  publish(words, 1, 1);
  assert.deepEqual(await Promise.all(waiting), [3, 7]);
  await Promise.all(held);
  assert.equal(await pool.run("add", [5, 6]), 11);
  assertCounted(pool);
});

test("maxQueue: 0 takes a call for each worker that is free", async () => {
  await using limited = await start({ workers: 2, maxQueue: 0 });
  const { pool, words } = limited;
  assert.equal(await pool.run("add", [1, 2]), 3);
  const held = await hold(limited);
  await assert.rejects(pool.run("add", [1, 2]), { name: "QueueFullError" });
  publish(words, 1, 1);
  await Promise.all(held);
  await pool.ready;
  assert.equal(await pool.run("add", [1, 2]), 3);
});

test("ready resolves at once while there is room", async () => {
  await using limited = await start({ workers: 1, maxQueue: 1 });
  await settled(limited.pool.ready);
  await using endless = await start({ workers: 1 });
  await settled(endless.pool.ready);
});

test("ready resolves when there is room again", async () => {
  await using limited = await start({ workers: 1, maxQueue: 1 });
  const { pool, words } = limited;
  const held = await hold(limited);
  const waiting = pool.run("add", [1, 2]);
  let isReady = false;
  const ready = pool.ready.then(() => isReady = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(isReady, false);
  publish(words, 1, 1);
  await settled(ready);
  await Promise.all([...held, waiting]);
});

test("ready resolves when a call that waits is aborted", async () => {
  await using limited = await start({ workers: 1, maxQueue: 1, tasks: 1 });
  const { pool, words } = limited;
  const held = await hold(limited);
  const controller = new AbortController();
  const waiting = pool.run("add", [1, 2], { signal: controller.signal });
  const { ready } = pool;
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  await settled(ready);
  publish(words, 1, 1);
  await Promise.all(held);
});

test("callers that wait for ready never see a full queue", async () => {
  await using limited = await start({ workers: 2, maxQueue: 3 });
  const { pool } = limited;
  let sum = 0;
  for (let n = 0; n < 2000; n++) {
    await pool.ready;
    void pool.run("echo", [n]).then((value) => sum += value);
  }
  await settled(pool.drain());
  assert.equal(sum, 1999 * 1000);
  assertCounted(pool);
});

test("more calls than records wait, and all are answered", async () => {
  await using small = await start({ workers: 2, tasks: 8 });
  const calls = Array.from(
    { length: 10_000 },
    (_, n) => small.pool.tasks.echo(n),
  );
  assert.ok(
    (await settled(Promise.all(calls))).every((value, n) => value === n),
  );
  assertCounted(small.pool);
});

// ==== priorities ====

test("high comes before normal, and normal before low", async () => {
  await using one = await start({ workers: 1 });
  const { pool, words } = one;
  const held = await hold(one);
  const places = (["low", "normal", "high"] as const).map((priority) =>
    Array.from({ length: 20 }, () => pool.run("place", [4], { priority }))
  );
  publish(words, 1, 1);
  await Promise.all(held);
  const [low, normal, high] = await Promise.all(places.map(async (calls) => {
    const all = await Promise.all(calls);
    return all.reduce((sum, place) => sum + place, 0) / all.length;
  }));
  assert.ok(high! < normal! && normal! < low!, `${high}, ${normal}, ${low}`);
});

test("low comes at last, though high never ends", async () => {
  await using one = await start({ workers: 1 });
  const { pool } = one;
  let isOver = false;
  const low = pool.run("nothing", [], { priority: "low" });
  void low.then(() => isOver = true);
  let calls = 0;
  const options = { priority: "high" } as const;
  const feed = async () => {
    while (!isOver && calls < 1e6) {
      calls++;
      await pool.run("nothing", [], options);
    }
  };
  await settled(Promise.all(Array.from({ length: 8 }, feed)));
  assert.ok(isOver, `${calls} calls`);
});

test("tasks from outside run while tasks spawn tasks", async () => {
  await using one = await start({ workers: 1 });
  const spawning = Array.from({ length: 20 }, () => one.pool.run("fib", [12]));
  assert.equal(await settled(one.pool.run("add", [1, 2])), 3);
  await settled(Promise.all(spawning));
});

// ==== drain ====

test("drain() resolves when all calls are settled", async () => {
  await using two = await start();
  const { pool, words } = two;
  await settled(pool.drain());
  const held = await hold(two);
  let isDrained = false;
  const drained = pool.drain().then(() => isDrained = true);
  const later = pool.run("wait", [5]);
  assert.equal(isDrained, false);
  publish(words, 1, 1);
  await settled(drained);
  assert.equal(pool.metrics().pending, 0);
  await Promise.all([...held, later]);
});

test("drain() resolves when a caller that blocks has taken the last", async () => {
  await using one = await start({ workers: 1 });
  const call = one.pool.run("nothing", []);
  const drained = one.pool.drain();
  one.pool.runSync("nothing", []);
  await settled(drained);
  await call;
});

test("drain() does not wait for a task that nobody waits for", async () => {
  await using one = await start({ workers: 1 });
  const { pool, words } = one;
  const call = pool.run("hold", [0], { timeout: 5 });
  const drained = pool.drain();
  await assert.rejects(call, { name: "TimedOutError" });
  await settled(drained);
  publish(words, 1, 1);
});

// ==== blocking ====

test("runSync() settles other calls, in their order", async () => {
  await using two = await start();
  const { pool } = two;
  const order: number[] = [];
  const calls = Array.from({ length: 50 }, async (_, n) => {
    await pool.run("echo", [n]);
    order.push(n);
  });
  for (let n = 0; n < 50; n++) assert.equal(pool.runSync("add", [n, 1]), n + 1);
  await settled(Promise.all(calls));
  assert.equal(order.length, 50);
  assertCounted(pool);
});

// A token may go to the parker that the blocking call has just left.
test("runSync() between calls loses no wake-up", async () => {
  await using two = await start();
  const { pool } = two;
  for (let round = 0; round < 300; round++) {
    const calls = [pool.run("add", [round, 1]), pool.run("wait", [0])];
    for (let turns = round % 4; turns > 0; turns--) await null;
    if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(pool.runSync("add", [round, 2]), round + 2);
    await settled(Promise.all(calls));
  }
});
