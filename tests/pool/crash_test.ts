// Workers that die: who is told, who is not, and what goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool, type PoolOptions, type WorkerCrashedError } from "../../mod.ts";
import {
  assertCounted,
  HOST,
  moduleOf,
  publish,
  settled,
  sharedWords,
  start,
  type TestPool,
  until,
} from "./pools.ts";

const lost = { name: "WorkerCrashedError", code: "worker-crashed" };

/** What a call that is lost rejects with. */
async function errorOf(call: Promise<unknown>): Promise<WorkerCrashedError> {
  return await settled(call.then(
    (value) => assert.fail(`returned ${String(value)}`),
    (error) => error,
  ));
}

/** Resolves when each worker is there again, and runs tasks. */
async function assertWhole({ pool, words }: TestPool, at = 40): Promise<void> {
  const { workers } = pool;
  Atomics.store(words, at, 0);
  Atomics.store(words, at + 1, 0);
  const held = Array.from({ length: workers }, () => pool.run("hold", [at]));
  await until(() => Atomics.load(words, at) === workers);
  publish(words, at + 1, 1);
  await settled(Promise.all(held));
  assertCounted(pool);
}

// ==== how a worker dies ====

test("a task that exits rejects, and its worker is replaced", async () => {
  await using crew = await start({ workers: 2, name: "w" });
  const { pool } = crew;
  for (const name of ["exit", "exitLater"] as const) {
    const error = await errorOf(pool.run(name, [7]));
    assert.equal(error.name, lost.name);
    assert.match(
      error.message,
      /^Task was lost as w-\d exited with code 7 while it ran: the task may/,
    );
    assert.equal(error.cause, undefined);
  }
  assert.equal(pool.metrics().crashes, 2);
  assert.equal(pool.metrics().crashed, 2);
  assert.equal(pool.workers, 2);
  await assertWhole(crew);
});

test("a death wakes all others, more than fit into an outbox", async () => {
  await using crew = await start({ workers: 20, idle: "block" });
  const { pool } = crew;
  await until(() =>
    pool.metrics().workers.every((it) =>
      it.parks > it.unparks + it.timeouts + it.events + it.noops
    )
  );
  const before = new Map(
    pool.metrics().workers.map((it) => [it.name, it.parks]),
  );
  await errorOf(pool.run("exit", [3]));
  await until(() =>
    pool.metrics().workers.every((it) => it.parks > (before.get(it.name) ?? 0))
  );
});

test("an error that nobody catches ends the worker, and is the cause", async () => {
  await using crew = await start({ workers: 2 });
  for (const name of ["throwInTimer", "rejectUnheard"] as const) {
    const error = await errorOf(crew.pool.run(name, ["slipped"]));
    assert.equal(error.name, lost.name);
    assert.match(error.message, /layby-\d ended with .*slipped while it ran/);
    assert.match((error.cause as Error).message, /slipped/);
  }
  assert.equal(crew.pool.metrics().crashes, 2);
  await assertWhole(crew);
});

test("a task by message is lost as others are", async () => {
  await using crew = await start({ workers: 1 });
  const error = await errorOf(crew.pool.run("exit", [3], { transfer: [] }));
  assert.equal(error.name, lost.name);
  assert.match(error.message, /exited with code 3/);
  assert.equal(crew.pool.metrics().crashed, 1);
  await assertWhole(crew);
});

test("out of memory ends the worker alone", {
  // https://nodejs.org/api/worker_threads.html says of no other.
  skip: HOST !== "node",
}, async () => {
  await using crew = await start({
    workers: 1,
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  const error = await errorOf(crew.pool.run("eatMemory", []));
  assert.equal(error.name, lost.name);
  assert.match(`${(error.cause as Error).message}`, /memory/);
  await assertWhole(crew);
});

// ==== who is told ====

test("only the tasks that a worker ran are lost with it", async () => {
  await using crew = await start({ workers: 1 });
  const { pool, words } = crew;
  const asyncs = Promise.allSettled(
    Array.from({ length: 5 }, () => pool.run("holdLater", [0])),
  );
  await until(() => Atomics.load(words, 0) === 5);
  const calls = Array.from(
    { length: 500 },
    (_, n) => n === 250 ? pool.run("exit", [1]) : pool.tasks.echo(n),
  );
  const ends = await settled(Promise.allSettled(calls));
  ends.forEach((end, n) => {
    if (n === 250) assert.equal(end.status, "rejected");
    else assert.deepEqual(end, { status: "fulfilled", value: n });
  });
  for (const end of await settled(asyncs)) {
    assert.equal((end as PromiseRejectedResult).reason.name, lost.name);
  }
  assert.equal(pool.metrics().crashed, 6);
  await assertWhole(crew);
});

test("tasks that wait run on the other workers", async () => {
  await using crew = await start({ workers: 3 });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    const calls = Array.from(
      { length: 200 },
      (_, n) =>
        n % 67 === 50 ? pool.run("exit", [n]) : pool.run("fib", [n % 8]),
    );
    const ends = await settled(Promise.allSettled(calls));
    const failed = ends.filter(({ status }) => status === "rejected");
    assert.ok(
      failed.every((it) =>
        (it as PromiseRejectedResult).reason.name === lost.name
      ),
    );
    // A tree that had a part on the dead worker is lost with it.
    assert.ok(failed.length >= 3 && failed.length <= 12, `${failed.length}`);
    await settled(pool.drain());
  }
  await assertWhole(crew);
});

test("what a worker has answered before it dies is not lost", async () => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    const calls = Array.from({ length: 50 }, (_, n) => pool.tasks.echo(n));
    // Both may be known at the same time.
    const isLost = assert.rejects(settled(pool.run("exit", [1])), lost);
    assert.deepEqual(await settled(Promise.all(calls)), calls.map((_, n) => n));
    await isLost;
    await settled(pool.run("nothing", []));
  }
  await assertWhole(crew);
});

test("memory that a dead worker had is used again", async () => {
  await using crew = await start({ workers: 2, memory: 2, maxCrashes: 1000 });
  const { pool } = crew;
  for (let round = 0; round < 6; round++) {
    const texts = Array.from(
      { length: 20 },
      (_, n) => pool.tasks.echo("m".repeat(20_000 + n)),
    );
    const crash = pool.run("exit", [1]).catch(() => {});
    const ends = await settled(Promise.allSettled([...texts, crash]));
    assert.ok(ends.every(({ status }) => status === "fulfilled"));
  }
  await assertWhole(crew);
});

// ==== blocked callers ====

test("a caller that blocks is told that the worker exited", async () => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  for (const name of ["exit", "exitLater"] as const) {
    assert.throws(() => pool.runSync(name, [9]), {
      ...lost,
      message: /layby-0 exited with code 9/,
    });
    // Without a turn of the event loop: on a worker that has just been started.
    assert.equal(pool.runSync("add", [1, 2]), 3);
  }
  assert.throws(() => pool.runSync("throwInTimer", ["slipped"]), lost);
  assert.equal(pool.runSync("add", [1, 2]), 3);
  assert.throws(() => pool.runSync("rejectUnheard", ["slipped"]), lost);
  assert.equal(pool.metrics().crashes, 4);
  assert.equal(pool.workers, 1);
  await assertWhole(crew);
  assert.equal(pool.metrics().crashes, 4);
});

test("a caller that blocks is told of a crash loop", async () => {
  await using crew = await start({ workers: 1, maxCrashes: 2 });
  assert.throws(() => crew.pool.runSync("exit", [1]), lost);
  assert.throws(() => crew.pool.runSync("exit", [1]), lost);
  assert.throws(() => crew.pool.runSync("add", [1, 2]), {
    name: "CrashLoopError",
  });
});

test("a caller that blocks is answered though other workers die", async () => {
  await using crew = await start({ workers: 2 });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    const crash = assert.rejects(pool.run("exit", [1]), lost);
    assert.equal(pool.runSync("fib", [10]), 55);
    await settled(crash);
  }
  // The one that it waits for waits for one that dies.
  assert.equal(pool.runSync("joinExiting", [0]), "WorkerCrashedError");
  await assertWhole(crew);
});

// ==== crash loops ====

test("a pool gives up when workers do nothing but die", async () => {
  await using crew = await start({ workers: 2, maxCrashes: 3 });
  const { pool } = crew;
  const calls = Array.from({ length: 10 }, () => pool.run("exit", [1]));
  const message = pool.run("never", [0], { transfer: [] });
  const names = (await settled(Promise.allSettled([...calls, message]))).map(
    (end) => (end as PromiseRejectedResult).reason.name,
  );
  const looped = names.filter((name) => name === "CrashLoopError");
  assert.ok(looped.length >= 6, names.join());
  const expected = {
    name: "CrashLoopError",
    code: "crash-loop",
    message: /as 3 workers have crashed in a row without a task done/,
  };
  await assert.rejects(pool.run("add", [1, 2]), (error: Error) => {
    assert.equal((error.cause as Error).name, lost.name);
    return true;
  });
  await assert.rejects(pool.run("add", [1, 2]), expected);
  await assert.rejects(pool.tasks.add(1, 2), expected);
  assert.throws(() => pool.runSync("add", [1, 2]), expected);
  await assert.rejects(pool.resize(3), expected);
  await settled(pool.drain());
  assertCounted(pool);
  assert.equal(pool.metrics().crashes, 3);
});

test("who waits for room is told that the pool gave up", async () => {
  await using crew = await start({ workers: 1, maxCrashes: 1, maxQueue: 1 });
  const { pool, words } = crew;
  const crash = assert.rejects(pool.run("exitAfter", [0, 1]));
  const looped = { name: "CrashLoopError" };
  const queued = assert.rejects(pool.run("add", [1, 2]), looped);
  const mapped = assert.rejects(pool.map("echo", [1]).next(), looped);
  await settled(Promise.all([crash, queued, mapped, pool.ready]));
  assert.equal(Atomics.load(words, 0), 1);
  await settled(pool.ready);
  await assert.rejects(settled(pool.map("echo", [1]).next()), looped);
});

test("crashes with tasks done in between are no loop", async () => {
  await using crew = await start({ workers: 1, maxCrashes: 2 });
  const { pool } = crew;
  for (let round = 0; round < 5; round++) {
    await assert.rejects(settled(pool.run("exit", [1])), lost);
    assert.equal(await settled(pool.run("add", [1, 2])), 3);
  }
});

/** Setup counts, and dies from the second worker on. */
const FRAGILE = moduleOf(`
  import process from "node:process";
  export function prepare({ words, how }) {
    if (Atomics.add(words, 0, 1) < 1) return;
    if (how === "exit") process.exit(4);
    throw new RangeError("no more of these");
  }
  export const exit = (code) => process.exit(code);
  export const add = (a, b) => a + b;
  export const hold = (words) => { Atomics.wait(words, 1, 0); };
`);

async function startFragile(how: string, options: PoolOptions) {
  const words = sharedWords(2);
  const pool = await settled(
    Pool.start(FRAGILE, { setup: "prepare", data: { words, how }, ...options }),
  );
  return { pool, words };
}

for (const how of ["exit", "throw"]) {
  test(`a setup that fails (${how}) is not tried for ever`, async () => {
    const { pool, words } = await startFragile(how, {
      workers: 1,
      maxCrashes: 4,
    });
    assert.equal(await pool.run("add", [1, 2]), 3);
    const calls = [pool.run("exit", [1]), pool.run("add", [1, 2])];
    const ends = await settled(Promise.allSettled(calls));
    const [first, second] = ends.map((it) =>
      (it as PromiseRejectedResult).reason as Error
    );
    assert.equal(first!.name, lost.name);
    assert.equal(second!.name, "CrashLoopError");
    assert.ok(second!.cause instanceof Error);
    const tried = Atomics.load(words, 0);
    assert.ok(tried >= 2 && tried <= 6, `${tried}`);
    await settled(pool.shutdown());
    assert.equal(Atomics.load(words, 0), tried);
  });

  test(`a pool that cannot grow (${how}) goes on with what it has`, async () => {
    const { pool, words } = await startFragile(how, {
      minWorkers: 1,
      maxWorkers: 4,
      maxCrashes: 3,
    });
    const held = pool.run("hold", [words]);
    const calls = Array.from({ length: 50 }, (_, n) => pool.run("add", [n, 1]));
    await until(() => Atomics.load(words, 0) >= 4 && pool.workers === 1);
    publish(words, 1, 1);
    await settled(held);
    assert.deepEqual(
      await settled(Promise.all(calls)),
      calls.map((_, n) => n + 1),
    );
    const tried = Atomics.load(words, 0);
    assert.ok(tried <= 8, `${tried}`);
    for (let n = 0; n < 50; n++) {
      await Promise.all([pool.run("add", [n, 1]), pool.run("add", [n, 2])]);
    }
    assert.ok(Atomics.load(words, 0) <= tried + 3);
    await settled(pool.shutdown());
  });
}

test("resize() and recycle() reject if a worker cannot start", async () => {
  const { pool } = await startFragile("throw", { workers: 1 });
  await assert.rejects(settled(pool.resize(2)), {
    name: "RangeError",
    message: "no more of these",
  });
  await assert.rejects(settled(pool.recycle()), { name: "RangeError" });
  assert.equal(await settled(pool.run("add", [1, 2])), 3);
  await settled(pool.shutdown());
});
