import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { LaybyError, Pool } from "../../mod.ts";
import { spawn, type TaskHandle, worker } from "../../task.ts";
import { startInline, withoutThreads } from "./hidden.ts";

/** Milliseconds. */
const LATER = 20;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves after some turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("Pool.start() without threads asks for a fallback", async () => {
  const start = withoutThreads(() => Pool.start("file:///tasks.ts"));
  await assert.rejects(start, {
    name: "UnsupportedError",
    code: "unsupported",
    message: "Cannot start a pool as it needs threads that share memory: a " +
      'test hides them. Give fallback: "inline" to run tasks on the caller\'s ' +
      "event loop",
  });
});

// ==== when tasks run ====

test("a task begins after the call has returned", async () => {
  const seen: string[] = [];
  const exports = { note: (text: string) => void seen.push(text) };
  await using pool = await startInline({ exports });
  const call = pool.tasks.note("task");
  seen.push("caller");
  await call;
  assert.deepEqual(seen, ["caller", "task"]);
});

test("of the calls of one turn, those of a high priority come first", async () => {
  const seen: string[] = [];
  const exports = { note: (text: string) => void seen.push(text) };
  await using pool = await startInline({ exports });
  await Promise.all([
    pool.run("note", ["low"], { priority: "low" }),
    pool.run("note", ["normal"]),
    pool.run("note", ["high"], { priority: "high" }),
    pool.run("note", ["normal, too"], { priority: "normal" }),
    pool.run("note", ["high, too"], { priority: "high" }),
  ]);
  assert.deepEqual(seen, ["high", "high, too", "normal", "normal, too", "low"]);
});

test("the event loop gets turns while there is much to do", async () => {
  const exports = { block };
  await using pool = await startInline({ exports });
  let count = 0;
  let isOver = false;
  const tick = () => {
    count++;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await Promise.all(Array.from({ length: 60 }, () => pool.tasks.block(1)));
  isOver = true;
  assert.ok(count >= 5, `${count} turns`);
});

test("calls that come while the event loop has its turn are run", async () => {
  const exports = { block, one: () => 1 };
  await using pool = await startInline({ exports });
  for (let round = 0; round < 5; round++) {
    const busy = pool.tasks.block(6);
    const calls = Array.from({ length: 10 }, async (_, place) => {
      await turns(place % 3);
      return pool.tasks.one();
    });
    assert.equal((await Promise.all(calls)).length, 10);
    await busy;
  }
});

// ==== values ====

test("arguments and results are copies, made at once", async () => {
  const kept: { list: number[] }[] = [];
  const exports = {
    keep: (value: { list: number[] }) => {
      kept.push(value);
      return value;
    },
  };
  await using pool = await startInline({ exports });
  const value = { list: [1] };
  const call = pool.tasks.keep(value);
  value.list.push(2);
  const result = await call;
  assert.deepEqual(result, { list: [1] });
  assert.notEqual(result, kept[0]);
  kept[0]!.list.push(3);
  assert.deepEqual(result, { list: [1] });
});

test("what cannot be copied is refused", async () => {
  const exports = {
    take: (_: unknown) => {},
    give: () => ({ call: () => {} }),
    fail: () => {
      throw { call: () => {} };
    },
  };
  await using pool = await startInline({ exports });
  await assert.rejects(pool.tasks.take(Symbol("s")), {
    code: "uncloneable",
    message: /argument 1 as it is a symbol/,
  });
  await assert.rejects(pool.tasks.give(), {
    code: "uncloneable",
    message: /the result as its \.call is a function/,
  });
  await assert.rejects(pool.tasks.fail(), {
    message: /^Task threw what cannot be sent: .*\.call is a function/,
  });
  await assert.rejects(
    startInline({ exports }, { data: { call: () => {} } }),
    { code: "uncloneable", message: /^Cannot send data as its \.call/ },
  );
});

test("what is transferred is moved, and shared memory is shared", async () => {
  const exports = {
    size: (buffer: ArrayBuffer) => buffer.byteLength,
    set: (words: Int32Array) => void (words[0] = 1),
  };
  await using pool = await startInline({ exports });
  const buffer = new ArrayBuffer(8);
  const transfer = [buffer];
  assert.equal(await pool.run("size", [buffer], { transfer }), 8);
  assert.equal(buffer.byteLength, 0);
  const words = new Int32Array(new SharedArrayBuffer(4));
  await pool.tasks.set(words);
  assert.equal(words[0], 1);
});

test("errors are copies, with their class if it is known", async () => {
  class OddError extends Error {
    readonly odd = { deep: [1] };
  }
  const thrown = new OddError("odd");
  const exports = {
    fail: () => {
      throw thrown;
    },
  };
  await using pool = await startInline({ exports }, { errors: { OddError } });
  const error = await pool.tasks.fail().then(
    () => undefined,
    (error) => error as OddError,
  );
  assert.ok(error instanceof OddError);
  assert.notEqual(error, thrown);
  assert.deepEqual(error.odd, { deep: [1] });
  assert.equal(error.stack, thrown.stack);
});

// ==== tasks of tasks ====

test("a task that was spawned is run when it is joined", async () => {
  const seen: string[] = [];
  const exports = {
    child: (text: string) => {
      seen.push(text);
      return text.length;
    },
    parent: () => {
      const handle = spawn<(text: string) => number>("child", ["child"]);
      seen.push(`parent ${handle.isDone}`);
      return [handle.join(), handle.join(), handle.isDone];
    },
  };
  await using pool = await startInline({ exports });
  assert.deepEqual(await pool.tasks.parent(), [5, 5, true]);
  assert.deepEqual(seen, ["parent false", "child"]);
});

test("a task that was spawned is run, too, if nobody joins it", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const exports = {
    child: () => resolve(),
    parent: () => void spawn("child", []),
  };
  await using pool = await startInline({ exports });
  await pool.tasks.parent();
  await promise;
});

test("a task that was spawned may be asynchronous, or throw", async () => {
  const exports = {
    later: async (value: number) => {
      await sleep(1);
      return value;
    },
    fail: () => {
      throw new RangeError("odd");
    },
    parent: async () => {
      const handle = spawn<(value: number) => Promise<number>>("later", [1]);
      assert.throws(() => handle.join(), { code: "cannot-block" });
      const other = spawn("fail", []);
      assert.throws(() => other.join(), { message: "odd" });
      await assert.rejects(spawn("fail", []).joinAsync(), { message: "odd" });
      assert.throws(() => spawn("nobody", []), { code: "unknown-task" });
      assert.throws(() => spawn("fail", [() => {}]), { code: "uncloneable" });
      const all: TaskHandle<number>[] = [2, 3].map((it) =>
        spawn<(value: number) => Promise<number>>("later", [it])
      );
      const values = await Promise.all(all.map((it) => it.joinAsync()));
      return [await handle.joinAsync(), ...values];
    },
  };
  await using pool = await startInline({ exports });
  assert.deepEqual(await pool.tasks.parent(), [1, 2, 3]);
});

// ==== the worker ====

test("tasks of several pools know their own worker, after an await too", async () => {
  const seen: unknown[] = [];
  const exports = {
    look: async (ms: number) => {
      const before = worker.name;
      await sleep(ms);
      seen.push([before, worker.name, worker.data, worker.index]);
      using _ = worker.keepAwake();
    },
  };
  await using one = await startInline({ exports }, { name: "one", data: 1 });
  await using two = await startInline({ exports }, { name: "two", data: 2 });
  await Promise.all([one.tasks.look(5), two.tasks.look(1), one.tasks.look(3)]);
  assert.deepEqual(seen, [
    ["two-0", "two-0", 2, 0],
    ["one-0", "one-0", 1, 0],
    ["one-0", "one-0", 1, 0],
  ]);
});

test("a signal is that of its own task, after an await too", async () => {
  const seen: unknown[] = [];
  const exports = {
    wait: async (name: string) => {
      for (let turn = 0; turn < LATER && !worker.isCancelled; turn++) {
        await sleep(1);
      }
      const { aborted, reason } = worker.signal;
      seen.push([name, aborted, aborted ? (reason as Error).name : ""]);
    },
  };
  await using pool = await startInline({ exports });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    pool.run("wait", ["aborted"], { signal }),
    pool.run("wait", ["late"], { timeout: 5 }),
    pool.run("wait", ["whole"]),
  ];
  setTimeout(() => controller.abort(), 1);
  await Promise.allSettled(calls);
  seen.sort();
  assert.deepEqual(seen, [
    ["aborted", true, "AbortError"],
    ["late", true, "TimeoutError"],
    ["whole", false, ""],
  ]);
});

test("outside of tasks there is no worker, when the pools are gone", async () => {
  {
    await using _ = await startInline({ exports: { one: () => 1 } });
  }
  assert.throws(() => worker.name, { code: "unsupported" });
});

test("setup and teardown get the data, and are no tasks", async () => {
  const seen: unknown[] = [];
  const data = { list: [1] };
  const exports = {
    setup: (given: unknown) => {
      seen.push(["setup", given, worker.data, given === data]);
    },
    teardown: (given: unknown) => {
      seen.push(["teardown", given]);
      throw new Error("Nobody is told");
    },
    one: () => 1,
  };
  const hooks = { setup: "setup", teardown: "teardown", data };
  {
    await using pool = await startInline({ exports }, hooks);
    assert.deepEqual(Object.keys(pool.tasks), ["one"]);
  }
  assert.deepEqual(seen, [
    ["setup", data, data, false],
    ["teardown", data],
  ]);
});

test("an error of setup is that of the start", async () => {
  const exports = {
    setup: () => Promise.reject(new RangeError("odd")),
  };
  await assert.rejects(startInline({ exports }, { setup: "setup" }), {
    message: "odd",
  });
  assert.throws(() => worker.name, { code: "unsupported" });
  await assert.rejects(startInline({ exports: {} }, { setup: "setup" }), {
    code: "task-module",
    message: "Cannot use the task module that was given: it exports no " +
      "function setup",
  });
});

test("metrics() tells of one worker", async () => {
  const exports = {
    child: () => 1,
    parent: () => spawn("child", []).join(),
    fail: () => {
      throw new Error("odd");
    },
  };
  await using pool = await startInline({ exports }, { name: "team" });
  await pool.tasks.parent();
  await assert.rejects(pool.tasks.fail());
  const { workers, submitted, completed, failed, latency } = pool.metrics();
  assert.deepEqual([submitted, completed, failed], [2, 1, 1]);
  assert.equal(latency.count, 1);
  const [row, ...others] = workers;
  assert.deepEqual([row?.name, row?.tasks, row?.parks], ["team-0", 3, 0]);
  assert.deepEqual([others, pool.workers], [[], 1]);
});

// ==== the end of calls ====

test("a call that is cancelled before its turn does not run", async () => {
  let runs = 0;
  const exports = { count: () => void runs++ };
  await using pool = await startInline({ exports });
  const controller = new AbortController();
  const call = pool.run("count", [], { signal: controller.signal });
  controller.abort();
  await assert.rejects(call, { name: "AbortError" });
  await turns(3);
  assert.equal(runs, 0);
});

test("a task that takes too long without an await is late", async () => {
  const exports = { block };
  await using pool = await startInline({ exports });
  await assert.rejects(pool.run("block", [LATER], { timeout: 5 }), {
    code: "timed-out",
  });
  assert.throws(() => pool.runSync("block", [LATER], { timeout: 5 }), {
    code: "timed-out",
  });
  assert.equal(pool.runSync("block", [0], { timeout: 1000 }), undefined);
});

test("a task that does not stop holds its place, but for the grace", async () => {
  const exports = { hang: () => new Promise(() => {}), one: () => 1 };
  const options = { maxQueue: 0, grace: 10 };
  await using pool = await startInline({ exports }, options);
  await assert.rejects(pool.run("hang", [], { timeout: 5 }), {
    code: "timed-out",
  });
  await assert.rejects(pool.tasks.one(), { code: "queue-full" });
  await pool.ready;
  assert.equal(await pool.tasks.one(), 1);
});

test("runSync() runs what does not wait", async () => {
  const exports = {
    double: (value: number) => 2 * value,
    fail: () => {
      throw new RangeError("odd");
    },
    later: async () => {
      await sleep(1);
      return 1;
    },
  };
  await using pool = await startInline({ exports });
  assert.equal(pool.runSync("double", [21]), 42);
  assert.throws(() => pool.runSync("fail", []), RangeError);
  assert.throws(() => pool.runSync("later", []), { code: "cannot-block" });
  await pool.drain();
  assert.equal(pool.metrics().pending, 0);
});

test("shutdown() waits, and whoever is in a hurry ends that", async () => {
  let reason: unknown;
  const exports = {
    hang: () => {
      const { signal } = worker;
      signal.addEventListener("abort", () => reason = signal.reason);
      return new Promise(() => {});
    },
  };
  const pool = await startInline({ exports });
  const call = pool.tasks.hang();
  const lost = assert.rejects(call, { code: "shutdown" });
  await turns(1);
  const slow = pool.shutdown();
  await pool.shutdown({ timeout: 5 });
  await slow;
  await lost;
  assert.ok(reason instanceof LaybyError && reason.code === "shutdown");
  await assert.rejects(pool.resize(2), { code: "shutdown" });
  await assert.rejects(pool.recycle(), { code: "shutdown" });
  assert.throws(() => pool.runSync("hang", []), { code: "shutdown" });
  assert.equal(pool.workers, 0);
});
