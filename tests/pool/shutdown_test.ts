// The end of a pool: with nothing to do, with much, and with what never ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pool } from "../../mod.ts";
import {
  assertCounted,
  publish,
  settled,
  start,
  type Tasks,
  until,
} from "./pools.ts";

const over = {
  name: "ShutdownError",
  code: "shutdown",
  message: /^Cannot .+ as the pool is shut down: start another$/,
};

async function assertOver(pool: Pool<Tasks>): Promise<void> {
  await assert.rejects(pool.run("add", [1, 2]), over);
  await assert.rejects(pool.run("add", [1, 2], { transfer: [] }), over);
  await assert.rejects(pool.tasks.add(1, 2), over);
  assert.throws(() => pool.runSync("add", [1, 2]), over);
  await assert.rejects(pool.map("echo", [1]).next(), over);
  await assert.rejects(pool.resize(1), over);
  await assert.rejects(pool.recycle(), over);
  await settled(pool.drain());
  await settled(pool.ready);
  assert.equal(pool.workers, 0);
  assert.deepEqual(pool.metrics().workers, []);
  assertCounted(pool);
}

test("shutdown() ends a pool that is idle, once and for ever", async () => {
  const { pool } = await start();
  assert.equal(await pool.run("add", [1, 2]), 3);
  await settled(Promise.all([pool.shutdown(), pool.shutdown()]));
  await assertOver(pool);
  await settled(pool.shutdown({ timeout: 0 }));
  await settled(pool[Symbol.asyncDispose]());
  await assertOver(pool);
});

test("shutdown() waits for the calls that there are", async () => {
  const { pool, words } = await start();
  const held = [pool.run("hold", [0]), pool.run("holdLater", [0])];
  const queued = Array.from({ length: 500 }, (_, n) => pool.tasks.echo(n));
  const messages = [pool.run("echo", [1], { transfer: [] })];
  const trees = [pool.run("fib", [12])];
  await until(() => Atomics.load(words, 0) > 0);
  const ended = pool.shutdown();
  await assert.rejects(pool.run("add", [1, 2]), over);
  publish(words, 1, 1);
  await settled(ended);
  assert.deepEqual(await Promise.all(queued), queued.map((_, n) => n));
  await Promise.all([...held, ...messages]);
  assert.deepEqual(await Promise.all(trees), [144]);
  await assertOver(pool);
});

test("shutdown() waits for many days if it may", async () => {
  const { pool } = await start();
  const call = pool.run("wait", [50]);
  await settled(pool.shutdown({ timeout: 2 ** 31 }));
  assert.equal(typeof await call, "number");
});

test("shutdown() ends a map that waits for room", async () => {
  const { pool, words } = await start({ workers: 1, maxQueue: 1 });
  const held = pool.run("hold", [0]);
  await until(() => Atomics.load(words, 0) > 0);
  const queued = pool.run("add", [1, 2]);
  const ended = assert.rejects(settled(pool.map("echo", [1]).next()), over);
  const { ready } = pool;
  const closed = pool.shutdown();
  await assert.rejects(pool.run("add", [1, 2]), over);
  await settled(pool.ready);
  publish(words, 1, 1);
  await settled(Promise.all([held, queued, ended, ready, closed]));
});

test("await using shuts the pool down", async () => {
  let seen: Pool<Tasks>;
  let call: Promise<number>;
  {
    const { pool } = await start({ workers: 1 });
    await using it = pool;
    seen = it;
    call = it.run("wait", [5]);
  }
  assert.equal(await call, 0);
  await assertOver(seen);
});

for (const name of ["spin", "sleepForever", "never"] as const) {
  test(`shutdown() with a timeout ends a task that does not: ${name}`, async () => {
    await using endless = await start({ workers: 2 });
    const { pool, words } = endless;
    const stuck = pool.run(name, [0]);
    const queued = Array.from({ length: 10 }, () => pool.run("hold", [4]));
    const ends = Promise.allSettled([stuck, ...queued]);
    await until(() => Atomics.load(words, 0) === 1);
    await settled(pool.shutdown({ timeout: 20 }));
    for (const end of await settled(ends)) {
      assert.equal(end.status, "rejected");
      assert.equal((end as PromiseRejectedResult).reason.name, "ShutdownError");
    }
    await assertOver(pool);
  });
}

test("shutdown() with less time hastens one with more", async () => {
  await using endless = await start({ workers: 1 });
  const { pool, words } = endless;
  const stuck = pool.run("spin", [0]);
  await until(() => Atomics.load(words, 0) === 1);
  const patient = pool.shutdown();
  const hasty = pool.shutdown({ timeout: 10 });
  await assert.rejects(settled(stuck), over);
  await settled(Promise.all([patient, hasty]));
});

test("shutdown() does not wait for a task that nobody waits for", async () => {
  await using endless = await start({ workers: 1 });
  const { pool, words } = endless;
  const controller = new AbortController();
  const { signal } = controller;
  const isOver = assert.rejects(pool.run("spin", [0], { signal }), {
    name: "AbortError",
  });
  await until(() => Atomics.load(words, 0) === 1);
  controller.abort();
  await isOver;
  await settled(pool.shutdown());
  await assertOver(pool);
});

test("shutdown() runs no task that it has rejected", async () => {
  const { pool, words } = await start({ workers: 1 });
  const held = pool.run("hold", [0]);
  const queued = Array.from({ length: 50 }, () => pool.run("count", [4]));
  const ends = Promise.allSettled([held, ...queued]);
  await until(() => Atomics.load(words, 0) === 1);
  const ended = pool.shutdown({ timeout: 1 });
  await settled(ends);
  publish(words, 1, 1);
  await settled(ended);
  assert.equal(Atomics.load(words, 4), 0);
});

test("shutdown() during a join ends it", async () => {
  const { pool, words } = await start({ workers: 2 });
  const call = pool.run("joinHeld", [0]);
  const ends = Promise.allSettled([call]);
  await until(() => Atomics.load(words, 0) === 1);
  await settled(pool.shutdown({ timeout: 5 }));
  assert.equal((await ends)[0]!.status, "rejected");
  await assertOver(pool);
});

test("shutdown() while workers crash ends all the same", async () => {
  const { pool } = await start({ workers: 2 });
  const calls = Array.from(
    { length: 20 },
    (_, n) => n % 5 ? pool.run("add", [n, 1]) : pool.run("exit", [n]),
  );
  const ends = Promise.allSettled(calls);
  await settled(pool.shutdown());
  (await settled(ends)).forEach((end, n) => {
    if (n % 5) assert.deepEqual(end, { status: "fulfilled", value: n + 1 });
    else {
      const { reason } = end as PromiseRejectedResult;
      assert.equal(reason.name, "WorkerCrashedError", `${reason}`);
    }
  });
  await assertOver(pool);
});

test("shutdown() while workers start ends them", async () => {
  const { pool } = await start({ minWorkers: 1, maxWorkers: 4 });
  const calls = Array.from({ length: 8 }, (_, n) => pool.run("echo", [n]));
  await settled(pool.shutdown());
  assert.deepEqual(await Promise.all(calls), [0, 1, 2, 3, 4, 5, 6, 7]);
  const other = await start({ minWorkers: 1, maxWorkers: 4 });
  const ends = Promise.allSettled(
    Array.from({ length: 8 }, () => other.pool.run("hold", [0])),
  );
  await settled(other.pool.shutdown({ timeout: 0 }));
  assert.ok((await ends).every(({ status }) => status === "rejected"));
  await assertOver(other.pool);
});

test("shutdown() gives a teardown its time", async () => {
  const { pool, words } = await start({
    workers: 2,
    teardown: "tearDownSlowly",
  });
  await settled(pool.shutdown());
  assert.equal(Atomics.load(words, 61), 2);
});

test("map() ends with the pool", async () => {
  const { pool, words } = await start({ workers: 1 });
  const answers = pool.map("holdLater", [0, 0, 0, 0]);
  const next = answers.next();
  await until(() => Atomics.load(words, 0) > 0);
  const ends = Promise.allSettled([next]);
  await settled(pool.shutdown({ timeout: 1 }));
  assert.equal((await settled(ends))[0]!.status, "rejected");
});

test("pools start and end again and again", async () => {
  for (let round = 0; round < 8; round++) {
    const { pool } = await start({ workers: 1 + round % 2 });
    assert.equal(await pool.run("add", [round, 1]), round + 1);
    await settled(pool.shutdown());
  }
});
