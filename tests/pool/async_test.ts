// Asynchronous tasks, and the event loop of a worker.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  assertCounted,
  HOST,
  publish,
  settled,
  start,
  until,
} from "./pools.ts";

const { pool, words, ...shared } = await start({ name: "crew" });
after(() => shared[Symbol.asyncDispose]());

test("one worker has many asynchronous tasks in flight", async () => {
  await using one = await start({ workers: 1 });
  const tasks = 500;
  const calls = Array.from(
    { length: tasks },
    () => one.pool.tasks.holdLater(0),
  );
  await until(() => Atomics.load(one.words, 0) === tasks);
  // And goes on with others meanwhile.
  assert.equal(await one.pool.run("add", [1, 2]), 3);
  Atomics.store(one.words, 1, 1);
  assert.deepEqual(new Set(await settled(Promise.all(calls))), new Set([0]));
  assertCounted(one.pool);
});

test("timers, sockets and fetch work in a worker", async () => {
  assert.equal(
    await settled(pool.run("echoBySocket", ["to and fro"])),
    "to and fro",
  );
  const texts = Array.from({ length: 8 }, (_, n) => `message ${n}`);
  const calls = texts.map((text) => pool.run("echoBySocket", [text]));
  assert.deepEqual(await settled(Promise.all(calls)), texts);
  assert.equal(await settled(pool.run("fetchData", ["data:,hello"])), "hello");
  assert.ok(await settled(pool.run("wait", [5])) >= 0);
});

test("asynchronous tasks go on beside synchronous ones", async () => {
  await using one = await start({ workers: 1 });
  const waiting = one.pool.run("wait", [1]);
  let isOver = false;
  void waiting.then(() => isOver = true);
  // Without a pause: the worker is never idle.
  let calls = 0;
  while (!isOver && calls < 1e6) {
    calls += 10;
    await Promise.all(
      Array.from({ length: 10 }, () => one.pool.tasks.nothing()),
    );
  }
  assert.ok(isOver, `${calls} calls`);
});

test("an asynchronous task can be blocked for", () => {
  assert.ok(pool.runSync("wait", [2]) >= 0);
  assert.equal(pool.runSync("echoBySocket", ["blocked"]), "blocked");
});

test("worker tells who it is", async () => {
  const seen = new Set<string>();
  const held = [pool.tasks.hold(10), pool.tasks.hold(10)];
  await until(() => Atomics.load(words, 10) === 2);
  Atomics.store(words, 11, 1);
  Atomics.notify(words, 11);
  assert.deepEqual((await Promise.all(held)).sort(), [0, 1]);
  for (let calls = 0; calls < 20; calls++) {
    const { index, name, ...rest } = await pool.tasks.whoAmI();
    assert.equal(name, `crew-${index}`);
    assert.deepEqual(rest, { isCancelled: false, isAborted: false });
    seen.add(`${name}`);
  }
  assert.ok([...seen].every((name) => /^crew-[01]$/.test(name)));
});

test("worker.data is what the pool was started with", async () => {
  await using other = await start({ workers: 1, data: { text: "mine" } });
  assert.deepEqual(await other.pool.tasks.dataKeys(), ["words", "text"]);
});

test("worker.signal is the task's own, after each await", async () => {
  const calls = Array.from({ length: 20 }, () => pool.run("mySignals", [5]));
  assert.ok((await settled(Promise.all(calls))).every((isMine) => isMine));
});

test("worker throws where there is none", async () => {
  const { spawn, worker } = await import("../../task.ts");
  const expected = {
    name: "UnsupportedError",
    message: /as it needs a task: this thread is no pool's worker/,
  };
  assert.throws(() => worker.index, expected);
  assert.throws(() => worker.data, expected);
  assert.throws(() => worker.signal, expected);
  assert.throws(() => worker.isCancelled, expected);
  assert.throws(() => worker.keepAwake(), expected);
  assert.throws(() => spawn("add", [1, 2]), expected);
});

// A worker that blocks while it is idle would tick no more.
test("an interval of the task module ticks while the worker is idle", async () => {
  await using one = await start({
    workers: 1,
    // Bun does not tell what its event loop waits for.
    idle: HOST === "bun" ? "event-loop" : "auto",
  });
  await one.pool.run("tick", [0, 1]);
  await until(() => Atomics.load(one.words, 0) >= 20);
  assert.equal(await one.pool.run("add", [1, 2]), 3);
  const seen = Atomics.load(one.words, 0);
  await until(() => Atomics.load(one.words, 0) >= seen + 20);
});

test("keepAwake() keeps the event loop going until it is disposed of", async () => {
  await using one = await start({ workers: 1, idle: "auto" });
  await one.pool.run("stayAwake", []);
  await one.pool.run("tick", [0, 1]);
  await until(() => Atomics.load(one.words, 0) >= 20);
  // Twice: the second time does nothing.
  await one.pool.run("mayLeave", []);
  assert.equal(await one.pool.run("add", [1, 2]), 3);
});

test('idle: "block" stops the event loop, and tasks run all the same', async () => {
  await using one = await start({ workers: 1, idle: "block" });
  await one.pool.run("tick", [0, 1]);
  assert.equal(await one.pool.run("wait", [2]), 0);
  assert.equal(await one.pool.run("echoBySocket", ["blocked"]), "blocked");
});

test("a promise that a worker's task awaits is settled after a burst", async () => {
  await using one = await start({ workers: 1 });
  const later = one.pool.tasks.wait(0);
  const burst = Array.from({ length: 5000 }, () => one.pool.tasks.nothing());
  assert.equal(await settled(later), 0);
  await Promise.all(burst);
});

// Its worker sleeps in the event loop, for the pool; that it wakes itself helps
// nobody, and the parker of that sleep is in use.
test("a task that goes on in the event loop spawns for others, and joins", async () => {
  await using crew = await start({ workers: 2 });
  for (let round = 0; round < 20; round++) {
    crew.words.fill(0);
    const call = crew.pool.run("joinInLoop", [20]);
    await until(() => Atomics.load(crew.words, 20) === 1);
    // By then it blocks.
    if (round % 2) await sleep(3);
    publish(crew.words, 21, 1);
    assert.ok(await settled(call) >= 0);
  }
  assert.equal(await settled(crew.pool.run("fib", [12])), 144);
});

// The inner one must not have the outer one be woken elsewhere.
test("a join in the event loop runs a task that joins", async () => {
  await using crew = await start({ workers: 3 });
  const { pool, words } = crew;
  for (let round = 0; round < 5; round++) {
    words.fill(0);
    const call = pool.run("joinsInLoop", [20]);
    // Both children are held; the inner one ends first.
    await until(() => Atomics.load(words, 22) === 1);
    publish(words, 23, 1);
    await sleep(10);
    publish(words, 21, 1);
    assert.ok(await settled(call) >= 0);
  }
});
