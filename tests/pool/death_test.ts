// Deaths of workers at awkward moments: while the pool's creator is blocked, and
// hears of nothing; or of threads that go on for a while though they are dead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { procfsThreads } from "../../src/hosts/procfs.ts";
import {
  assertCounted,
  HOST,
  publish,
  settled,
  start,
  type TestPool,
  until,
} from "./pools.ts";

const lost = { name: "WorkerCrashedError", code: "worker-crashed" };

/** Why a test cannot run that needs to know of threads what the kernel does. */
const noKernel: string | false = procfsThreads() === undefined &&
  "the kernel's threads are told of on Linux only";

async function assertSane({ pool }: TestPool): Promise<void> {
  const calls = Array.from({ length: 200 }, (_, n) => pool.run("echo", [n]));
  const values = await settled(Promise.all(calls));
  values.forEach((value, n) => assert.equal(value, n));
  assertCounted(pool);
}

// On Deno timers that are due with the one that exits still fire. What they wake
// must not finish tasks that the pool has given up, whose records are others'.
test("a worker that exits does nothing more to the pool", async () => {
  await using crew = await start({ workers: 2, tasks: 64, maxCrashes: 1000 });
  const { pool } = crew;
  for (let round = 0; round < 20; round++) {
    const waits = Array.from(
      { length: 20 },
      (_, n) => pool.run("waitAndEcho", [n % 4]),
    );
    assert.throws(() => pool.runSync("exit", [1]), lost);
    const echoes = Array.from({ length: 20 }, (_, n) => pool.run("echo", [n]));
    for (
      const [n, end] of (await settled(Promise.allSettled(waits))).entries()
    ) {
      if (end.status === "fulfilled") assert.equal(end.value, n % 4);
      else assert.equal(end.reason.name, lost.name);
    }
    for (const [n, value] of (await settled(Promise.all(echoes))).entries()) {
      assert.equal(value, n);
    }
  }
  await assertSane(crew);
});

test("a worker that was not heard of does not keep resize() waiting", async () => {
  await using crew = await start({ workers: 1, maxCrashes: 1000 });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    const resized = pool.resize(3);
    // Those that start take these, and are dead before they can be heard.
    for (let n = 0; n < 6; n++) assert.throws(() => pool.runSync("exit", [1]));
    await settled(resized);
    assert.equal(pool.workers, 3);
    await settled(pool.resize(1));
  }
  await assertSane(crew);
});

test("runSync() goes on beside a worker that is terminated", {
  skip: noKernel,
}, async () => {
  await using crew = await start({ workers: 1, grace: 1, maxCrashes: 1 });
  const { pool, words } = crew;
  for (let round = 0; round < 5; round++) {
    const at = 4 * round;
    const held = pool.run("hold", [at], { timeout: 20 });
    await assert.rejects(settled(held), { name: "TimedOutError" });
    assert.equal(Atomics.load(words, at), 1);
    // Some come before the worker's end, and some after it.
    await new Promise((resolve) => setTimeout(resolve, round));
    assert.equal(pool.runSync("fib", [10]), 55);
  }
  await assertSane(crew);
});

test("runSync() is told of a worker that runs out of memory", {
  // https://nodejs.org/api/worker_threads.html says of no other.
  skip: HOST === "node" ? noKernel : "resourceLimits work on Node only",
}, async () => {
  await using crew = await start({
    workers: 1,
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  assert.throws(() => crew.pool.runSync("eatMemory", []), lost);
  await assertSane(crew);
});

test("a call by message that has not begun costs no worker", async () => {
  await using crew = await start({ workers: 1, grace: 5, maxCrashes: 1 });
  const { pool, words } = crew;
  const options = { transfer: [], timeout: 5 };
  // The worker is busy with another one's task, or is about to start.
  for (const at of [0, 4]) {
    const held = pool.run("hold", [at]);
    await until(() => Atomics.load(words, at) === 1);
    for (let n = 0; n < 3; n++) {
      await assert.rejects(settled(pool.run("add", [n, 1], options)), {
        name: "TimedOutError",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    publish(words, at + 1, 1);
    await settled(held);
  }
  await settled(pool.resize({ minWorkers: 0, maxWorkers: 1 }));
  assert.equal(pool.metrics().crashes, 0);
  await assertSane(crew);
});

test("a call by message ends no worker that is still to start", async () => {
  await using crew = await start({
    minWorkers: 0,
    maxWorkers: 1,
    idleTimeout: 1,
    grace: 1,
  });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    await until(() => pool.workers === 0);
    const options = { transfer: [], timeout: 1 };
    await assert.rejects(settled(pool.run("add", [1, 1], options)), {
      name: "TimedOutError",
    });
    await settled(pool.drain());
  }
  assert.equal(pool.metrics().crashes, 0);
  await assertSane(crew);
});

for (const transfer of [undefined, []]) {
  test(`a task that ends within the grace costs no worker, ${transfer ? "by message" : "by record"}`, async () => {
    await using crew = await start({ workers: 1, grace: 30 });
    const { pool, words } = crew;
    const controller = new AbortController();
    const { signal } = controller;
    const isOver = assert.rejects(
      pool.run("hold", [0], { signal, ...(transfer ? { transfer } : {}) }),
    );
    await until(() => Atomics.load(words, 0) === 1);
    controller.abort();
    await isOver;
    // Nobody waits for anything, and the caller looks no more.
    await new Promise((resolve) => setTimeout(resolve, 5));
    publish(words, 1, 1);
    // Now both are due: a look at what has come, and the end of the grace.
    const end = performance.now() + 100;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await assertSane(crew);
    assert.equal(pool.metrics().crashes, 0);
  });
}

test("calls leave memory for what tasks return to tasks", async () => {
  await using crew = await start({ workers: 1, memory: 1 });
  const { pool, words } = crew;
  const held = pool.run("hold", [0]);
  await until(() => Atomics.load(words, 0) === 1);
  const text = "x".repeat(60_000);
  const sizes = Array.from({ length: 64 }, () => pool.run("sizeOf", [text]));
  const nested = pool.run("sizeOfBytes", [50_000], { priority: "high" });
  publish(words, 1, 1);
  assert.equal(await settled(nested), 50_000);
  assert.ok((await settled(Promise.all(sizes))).every((it) => it === 60_000));
  await settled(held);
});
