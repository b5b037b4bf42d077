// Tasks that spawn tasks, and wait for them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertCounted, publish, settled, start, until } from "./pools.ts";

const { pool, words, ...shared } = await start();
after(() => shared[Symbol.asyncDispose]());

const one = await start({ workers: 1 });
after(() => one[Symbol.asyncDispose]());

const POOLS = { "two workers": pool, "one worker": one.pool };

for (const [workers, pool] of Object.entries(POOLS)) {
  test(`tasks spawn and join to any depth, on ${workers}`, async () => {
    assert.equal(await settled(pool.run("fib", [15])), 610);
    assert.equal(pool.runSync("fib", [12]), 144);
    assert.equal(await settled(pool.run("descend", [100])), 100);
    const calls = Array.from(
      { length: 50 },
      (_, n) => pool.run("fib", [n % 10]),
    );
    const all = await settled(Promise.all(calls));
    assert.deepEqual(all.slice(0, 10), [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]);
  });

  test(`a task joins a chain of 2,000 others, on ${workers}`, async () => {
    assert.equal(await settled(pool.run("descend", [2000])), 2000);
    assert.equal(pool.runSync("descend", [2000]), 2000);
  });

  test(`a task joins 10,000 others, on ${workers}`, async () => {
    const sum = 9999 * 5000;
    assert.equal(await settled(pool.run("fan", [10_000])), sum);
    assert.equal(await settled(pool.run("fanLater", [10_000])), sum);
  });

  test(`asynchronous tasks join asynchronously, on ${workers}`, async () => {
    assert.ok(await settled(pool.run("joinAsyncTaskLater", [1])) >= 0);
    const calls = Array.from({ length: 20 }, () => pool.run("fanLater", [10]));
    const sums = await settled(Promise.all(calls));
    assert.ok(sums.every((sum) => sum === 45));
  });
}

test("with few records tasks run where they are spawned", async () => {
  for (const workers of [1, 2]) {
    await using few = await start({ workers, tasks: 64 });
    assert.equal(await settled(few.pool.run("fan", [10_000])), 9999 * 5000);
    assert.equal(
      await settled(few.pool.run("fanLater", [10_000])),
      9999 * 5000,
    );
    assert.equal(await settled(few.pool.run("fib", [14])), 377);
    const calls = Array.from({ length: 100 }, () => few.pool.run("fib", [8]));
    assert.ok((await settled(Promise.all(calls))).every((it) => it === 21));
    assertCounted(few.pool);
  }
});

test("join() can be called again, and isDone tells", async () => {
  assert.deepEqual(await one.pool.run("joinTwice", []), [false, 3, true, 3]);
});

test("join() of an asynchronous task on the same worker says so", async () => {
  await assert.rejects(settled(one.pool.run("joinAsyncTask", [1])), {
    name: "CannotBlockError",
    message: /event loop of this very thread.+use joinAsync\(\)/,
  });
  assert.throws(() => one.pool.runSync("joinAsyncTask", [1]), {
    name: "CannotBlockError",
  });
  // The child runs on, and nobody minds.
  assert.equal(await one.pool.run("add", [1, 2]), 3);
});

test("join() of an asynchronous task returns, or says that it cannot", async () => {
  for (let round = 0; round < 50; round++) {
    const call = pool.run("joinAsyncTask", [round % 3]);
    const other = pool.run("joinAsyncTask", [0]);
    for (const end of await settled(Promise.allSettled([call, other]))) {
      if (end.status === "rejected") {
        assert.equal(end.reason.name, "CannotBlockError");
      } else assert.ok(end.value >= 0);
    }
  }
});

// The one that is joined may have begun on this worker while it waited for
// another: its event loop is blocked, and nothing goes on there.
test("join() beside asynchronous tasks of this worker does not hang", async () => {
  for (let round = 0; round < 30; round++) {
    const calls = Array.from(
      { length: 4 },
      (_, n) => pool.run("joinMixed", [n % 3, 2]),
    );
    for (const end of await settled(Promise.allSettled(calls))) {
      if (end.status === "rejected") {
        assert.equal(end.reason.name, "CannotBlockError", `${end.reason}`);
      }
    }
  }
});

// Each has the other's promise in its event loop, which does not turn.
test("two workers that join each other's promises are told", async () => {
  await using crew = await start({ workers: 4 });
  const calls = [
    crew.pool.run("closeCircle", [0, 5, true]),
    crew.pool.run("closeCircle", [5, 0, false]),
  ];
  const ends = await settled(Promise.allSettled(calls));
  const errors = ends.filter((it) => it.status === "rejected");
  publish(crew.words, 10, 1);
  assert.ok(errors.length > 0);
  for (const { reason } of errors) {
    assert.equal(reason.name, "CannotBlockError", `${reason}`);
  }
  assert.equal(await settled(crew.pool.run("add", [1, 2])), 3);
});

test("children that nobody joins run all the same", async () => {
  for (const { pool, words } of [one]) {
    await pool.run("spawnAndLeave", [0, 100]);
    await until(() => Atomics.load(words, 0) === 100);
    assert.equal(await pool.run("add", [1, 2]), 3);
  }
  await pool.run("spawnAndLeave", [4, 1000]);
  await until(() => Atomics.load(words, 4) === 1000);
});

test("an error of a child that nobody joins is nobody's", async () => {
  await pool.run("spawnFailing", []);
  assert.equal(await pool.run("add", [1, 2]), 3);
  assert.equal(pool.metrics().crashes, 0);
});

test("a child's error is thrown where it is joined", async () => {
  const expected = { name: "TypeError", message: "wrong type" };
  for (
    const { run } of [one.pool, pool].map((it) => ({ run: it.run.bind(it) }))
  ) {
    await assert.rejects(run("joinFailing", ["type"]), expected);
    await assert.rejects(run("joinFailingLater", ["type"]), expected);
    await assert.rejects(run("joinFailing", ["properties"]), { path: "/a" });
  }
});

test("what cannot be spawned is refused in the task", async () => {
  await assert.rejects(pool.run("spawnUnknown", ["nothingLikeIt"]), {
    name: "UnknownTaskError",
  });
  await assert.rejects(pool.run("spawnUnsendable", []), {
    name: "UncloneableError",
    message: /argument 1 as it is a function/,
  });
});

test("a task that joins a child that dies with its worker is told", async () => {
  await using crew = await start({ workers: 2 });
  const name = await settled(crew.pool.run("joinExiting", [0]));
  assert.equal(name, "WorkerCrashedError");
  await until(() => crew.pool.workers === 2);
  assert.equal(crew.pool.metrics().crashes, 1);
  assert.equal(await crew.pool.run("fib", [10]), 55);
  assertCounted(crew.pool);
});

test("children of a task that dies run on other workers", async () => {
  await using crew = await start({ workers: 2 });
  await assert.rejects(settled(crew.pool.run("spawnAndExit", [0, 50])), {
    name: "WorkerCrashedError",
  });
  await until(() => Atomics.load(crew.words, 0) === 50);
});

test("two trees grow at the same time, and none waits for the other", async () => {
  const calls = Array.from({ length: 8 }, () => pool.run("tree", [7]));
  assert.ok((await settled(Promise.all(calls))).every((it) => it === 2 ** 7));
});

test("a child is cancelled with nobody, and ends by itself", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const call = pool.run("joinHeld", [8], { signal });
  await until(() => Atomics.load(words, 8) === 1);
  controller.abort();
  await assert.rejects(call, { name: "AbortError" });
  publish(words, 9, 1);
  assert.equal(await settled(pool.run("add", [1, 2])), 3);
});
