// Calls that a signal or their time ends before their task has.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  assertCounted,
  publish,
  settled,
  start,
  type TestPool,
  until,
} from "./pools.ts";

const { pool, words, ...shared } = await start();
after(() => shared[Symbol.asyncDispose]());

const aborted = { name: "AbortError" };
const timedOut = { name: "TimedOutError", code: "timed-out" };

/** Words of the shared pool that no test has used. */
let nextWord = 64;
function fresh(): number {
  return nextWord += 4;
}

/** Keeps each worker busy. Resolves when they are, to what lets go of them. */
async function occupy(
  { pool, words }: Pick<TestPool, "pool" | "words">,
  at: number,
): Promise<() => Promise<unknown>> {
  const { workers } = pool;
  const held = Array.from({ length: workers }, () => pool.run("hold", [at]));
  await until(() => Atomics.load(words, at) === workers);
  return () => {
    publish(words, at + 1, 1);
    return settled(Promise.all(held));
  };
}

// ==== signals ====

test("a signal that is aborted already refuses the call", async () => {
  const { submitted } = pool.metrics();
  const at = fresh();
  const reason = new RangeError("never mind");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(pool.run("count", [at], { signal }), reason);
  const others = pool.map("count", [at], { signal });
  await assert.rejects(others.next(), reason);
  assert.equal(pool.metrics().submitted, submitted);
  assert.equal(Atomics.load(words, at), 0);
});

test("a call that is aborted in the queue never runs", async () => {
  const at = fresh();
  const release = await occupy({ pool, words }, fresh());
  const controllers = Array.from({ length: 200 }, () => new AbortController());
  const calls = controllers.map(({ signal }, n) => {
    const priority = (["high", "normal", "low"] as const)[n % 3]!;
    return pool.run("count", [at], { signal, priority });
  });
  const messages = controllers.map(({ signal }) =>
    pool.run("count", [at], { signal, transfer: [] })
  );
  const ends = Promise.allSettled([...calls, ...messages]);
  controllers.forEach((it) => it.abort());
  for (const end of await ends) {
    assert.equal(end.status, "rejected");
    assert.equal((end as PromiseRejectedResult).reason.name, "AbortError");
  }
  await release();
  // Whatever was in the queue is through before these are.
  await (await occupy({ pool, words }, fresh()))();
  await pool.run("nothing", [], { priority: "low" });
  assert.equal(Atomics.load(words, at), 0);
  assertCounted(pool);
});

test("a call that is aborted while others wait for a record never runs", async () => {
  await using small = await start({ workers: 1, tasks: 4 });
  const release = await occupy(small, 0);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from(
    { length: 50 },
    (_, n) => small.pool.run("count", [4], n % 2 ? { signal } : {}),
  );
  const ends = settled(Promise.allSettled(calls));
  controller.abort();
  await release();
  const kept = (await ends).filter(({ status }) => status === "fulfilled");
  assert.equal(kept.length, 25);
  assert.equal(Atomics.load(small.words, 4), 25);
  assertCounted(small.pool);
});

for (const reason of [undefined, "a string", { a: 1 }, new TypeError("why")]) {
  test(`a call rejects with the signal's reason: ${reason}`, async () => {
    const at = fresh();
    const controller = new AbortController();
    const { signal } = controller;
    const call = pool.run("untilCancelled", [at], { signal });
    await until(() => Atomics.load(words, at) === 1);
    controller.abort(reason);
    const error = await call.catch((error: unknown) => error);
    assert.equal(error, signal.reason);
    await until(() => Atomics.load(words, at + 1) === 1);
  });
}

test("a synchronous task sees that it is cancelled", async () => {
  for (const options of [{}, { transfer: [] }]) {
    const at = fresh();
    const controller = new AbortController();
    const call = pool.run("untilCancelled", [at], {
      signal: controller.signal,
      ...options,
    });
    await until(() => Atomics.load(words, at) === 1);
    controller.abort();
    await assert.rejects(call, aborted);
    await until(() => Atomics.load(words, at + 1) === 1);
  }
  assertCounted(pool);
});

test("an asynchronous task's signal is aborted", async () => {
  for (const options of [{}, { transfer: [] }]) {
    const at = fresh();
    const controller = new AbortController();
    const call = pool.run("untilAborted", [at], {
      signal: controller.signal,
      ...options,
    });
    await until(() => Atomics.load(words, at) === 1);
    controller.abort();
    await assert.rejects(call, aborted);
    await until(() => Atomics.load(words, at + 1) === 1);
    assert.equal(Atomics.load(words, at + 2), 1);
  }
});

test("a task's signal is not that of the one before it", async () => {
  await using one = await start({ workers: 1, tasks: 1 });
  const controller = new AbortController();
  const call = one.pool.run("freshSignal", [0], { signal: controller.signal });
  await until(() => Atomics.load(one.words, 0) === 1);
  controller.abort();
  await assert.rejects(call, aborted);
  const others = Array.from(
    { length: 20 },
    () => one.pool.run("freshSignal", [0]),
  );
  publish(one.words, 1, 1);
  assert.ok((await Promise.all(others)).every((isAborted) => !isAborted));
});

test("a signal that is aborted late does nothing", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  assert.equal(await pool.run("add", [1, 2], { signal }), 3);
  await assert.rejects(pool.run("fail", ["type"], { signal }), TypeError);
  const before = pool.metrics();
  controller.abort();
  assert.equal(await pool.run("add", [3, 4]), 7);
  assert.equal(pool.metrics().cancelled, before.cancelled);
});

test("a call that is answered as it is aborted is settled once", async () => {
  for (let round = 0; round < 200; round++) {
    const controller = new AbortController();
    const call = pool.run("add", [round, 1], { signal: controller.signal });
    for (let turns = round % 5; turns > 0; turns--) await null;
    controller.abort();
    const end = await call.catch((error: Error) => error.name);
    assert.ok(end === round + 1 || end === "AbortError", `${end}`);
  }
  assertCounted(pool);
});

test("many calls leave no listener on the signal that they share", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const counted = signal as unknown as Record<
    string,
    (...args: unknown[]) => void
  >;
  const { addEventListener, removeEventListener } = signal;
  counted["addEventListener"] = (...args) => {
    listeners++;
    addEventListener.apply(signal, args as never);
  };
  counted["removeEventListener"] = (...args) => {
    listeners--;
    removeEventListener.apply(signal, args as never);
  };
  for (let round = 0; round < 100; round++) {
    const calls = Array.from({ length: 100 }, (_, n) => {
      if (n % 4 === 0) return pool.run("fail", ["type"], { signal });
      if (n % 4 === 1) return pool.run("echo", [() => {}], { signal });
      return pool.run("add", [n, n], { signal });
    });
    await Promise.allSettled(calls);
  }
  assert.equal(listeners, 0);
});

// ==== timeouts ====

test("a call that takes too long rejects", async () => {
  for (const options of [{}, { transfer: [] }]) {
    const at = fresh();
    const call = pool.run("untilCancelled", [at], { timeout: 20, ...options });
    await assert.rejects(call, {
      ...timedOut,
      message: /^Task untilCancelled was not done within 20 ms: give it more/,
    });
    await until(() => Atomics.load(words, at + 1) === 1);
  }
  const never = pool.run("holdLater", [fresh()], { timeout: 0 });
  await assert.rejects(never, timedOut);
  publish(words, nextWord + 1, 1);
});

test("a call whose time is over in the queue never runs", async () => {
  const at = fresh();
  const release = await occupy({ pool, words }, fresh());
  await assert.rejects(pool.run("count", [at], { timeout: 5 }), timedOut);
  await release();
  await pool.run("nothing", [], { priority: "low" });
  await pool.drain();
  assert.equal(Atomics.load(words, at), 0);
});

test("an asynchronous task is told that its time is over", async () => {
  const at = fresh();
  await assert.rejects(
    pool.run("untilAborted", [at], { timeout: 20 }),
    timedOut,
  );
  await until(() => Atomics.load(words, at + 1) === 1);
  assert.equal(Atomics.load(words, at + 2), 2);
});

test("a call that is in time keeps what it returns", async () => {
  for (const timeout of [60_000, Infinity, 2 ** 40]) {
    assert.equal(await pool.run("add", [1, 2], { timeout }), 3);
    assert.equal(pool.runSync("add", [1, 2], { timeout }), 3);
  }
  await assert.rejects(
    pool.run("fail", ["type"], { timeout: 60_000 }),
    TypeError,
  );
});

test("deadlines of calls are kept, whatever their order", async () => {
  const at = fresh();
  const times = [40, 10, 30, 20, 10, 50, 5];
  const over: number[] = [];
  await Promise.all(
    times.map((timeout) =>
      pool.run("holdLater", [at], { timeout }).catch((error: Error) => {
        assert.equal(error.name, "TimedOutError");
        over.push(timeout);
      })
    ),
  );
  publish(words, at + 1, 1);
  assert.deepEqual(over, times.sort((a, b) => a - b));
});

test("a caller that blocks is not kept longer than it wants", () => {
  const at = fresh();
  assert.throws(
    () => pool.runSync("untilCancelled", [at], { timeout: 10 }),
    timedOut,
  );
  const held = fresh();
  assert.throws(
    () => pool.runSync("holdLater", [held], { timeout: 10 }),
    timedOut,
  );
  publish(words, held + 1, 1);
  assert.equal(pool.runSync("add", [1, 2]), 3);
  assertCounted(pool);
});

// ==== grace ====

test("a worker whose task does not stop is replaced", async () => {
  await using stuck = await start({ workers: 2, grace: 20, maxCrashes: 1 });
  const { pool, words } = stuck;
  for (const name of ["spin", "sleepForever", "spin"] as const) {
    const before = Atomics.load(words, 0);
    const controller = new AbortController();
    const call = pool.run(name, [0], { signal: controller.signal });
    await until(() => Atomics.load(words, 0) > before);
    controller.abort();
    await assert.rejects(call, aborted);
  }
  await until(() => pool.metrics().crashes === 3);
  const release = await occupy(stuck, 4);
  await release();
  assert.equal(await pool.run("add", [1, 2]), 3);
  assertCounted(pool);
});

test("a task that stops within the grace keeps its worker", async () => {
  await using patient = await start({ workers: 1, grace: 60_000 });
  const { pool, words } = patient;
  await assert.rejects(
    pool.run("untilCancelled", [0], { timeout: 5 }),
    timedOut,
  );
  await until(() => Atomics.load(words, 1) === 1);
  await assert.rejects(pool.run("untilAborted", [4], { timeout: 5 }), timedOut);
  await until(() => Atomics.load(words, 5) === 1);
  assert.equal(pool.metrics().crashes, 0);
});

test("a grace of many days is no shorter than others", async () => {
  await using patient = await start({ workers: 1, grace: 2 ** 31 });
  const { pool, words } = patient;
  await assert.rejects(pool.run("hold", [0], { timeout: 5 }), timedOut);
  await new Promise((resolve) => setTimeout(resolve, 50));
  publish(words, 1, 1);
  assert.equal(await pool.run("add", [1, 2]), 3);
  assert.equal(pool.metrics().crashes, 0);
});
