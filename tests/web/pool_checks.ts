// What any pool does, with threads or without.

import { Pool, type PoolOptions, type TaskSource } from "../../mod.ts";
import { check, errorOf, match, same } from "./checks.ts";
import type * as tasks from "./tasks.ts";

type Tasks = typeof tasks;

/** How the pools are started. */
export interface Where {
  readonly module: URL | TaskSource<Tasks>;
  readonly options: PoolOptions;
}

/** Names the checks. */
export function poolChecks({ module, options }: Where): void {
  const start = (more: PoolOptions = {}) =>
    Pool.start<Tasks>(module, { ...options, ...more });

  check("numbers and strings", async () => {
    await using pool = await start();
    same(await pool.tasks.double(21), 42);
    const text = "Zürich, 東京, 🙂".repeat(500);
    for (const value of ["", "a", "é", "🙂", text, "\ud800", "x".repeat(1e5)]) {
      same(await pool.tasks.echo(value), value);
    }
    same(await pool.tasks.echo(2n ** 70n), 2n ** 70n);
  });

  check("objects", async () => {
    await using pool = await start();
    const value = {
      list: [1, "two", null, undefined, [true]],
      map: new Map<unknown, unknown>([["a", 1], [{ b: 2 }, new Set([3])]]),
      date: new Date(0),
      bytes: new Uint8Array([1, 2, 3]),
      large: new Float64Array(5000).fill(0.5),
      numbers: Array.from({ length: 1000 }, (_, place) => place),
    };
    const copy = await pool.tasks.echo(value);
    same(copy, value);
    if (copy === value) throw new Error("It is no copy");
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    const found = await pool.tasks.echo(ring) as typeof ring;
    same(found["self"] === found, true);
  });

  check("errors, with their class and properties", async () => {
    class OddError extends Error {}
    await using pool = await start({ errors: { OddError } });
    const cause = new RangeError("deep");
    const error = await errorOf(() => pool.run("fail", ["odd", cause]));
    same(error instanceof OddError, true);
    same([error.name, error.message, error.code], ["OddError", "odd", 7]);
    same(error.cause instanceof RangeError, true);
    match(error.stack!, /tasks|fail/);
  });

  check("asynchronous tasks", async () => {
    await using pool = await start();
    const calls = Array.from(
      { length: 20 },
      (_, place) => pool.tasks.later(place, 20 - place),
    );
    same(await Promise.all(calls), Array.from({ length: 20 }, (_, it) => it));
  });

  check("many calls at the same time", async () => {
    await using pool = await start();
    const calls = Array.from(
      { length: 5000 },
      (_, it) => pool.tasks.double(it),
    );
    const sums = await Promise.all(calls);
    same(sums.reduce((all, it) => all + it, 0), 4999 * 5000);
    same(pool.metrics().completed, 5000);
  });

  check("tasks that spawn tasks", async () => {
    await using pool = await start();
    same(await pool.tasks.fib(12), 144);
    const values = Array.from({ length: 100 }, (_, it) => it);
    same(await pool.tasks.sum(values), 4950);
    const error = await errorOf(() => pool.tasks.spawnUnknown());
    same(error.code, "unknown-task");
  });

  check("the end of a call by a signal", async () => {
    await using pool = await start();
    const controller = new AbortController();
    const call = pool.run("later", [1, 1000], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 10);
    same((await errorOf(() => call)).message, "enough");
    const late = await errorOf(() =>
      pool.run("double", [1], { signal: controller.signal })
    );
    same(late.message, "enough");
    same(pool.metrics().cancelled, 1);
    await pool.shutdown({ timeout: 10 });
  });

  check("the end of a call by its timeout", async () => {
    await using pool = await start();
    const call = pool.run("untilStopped", [], { timeout: 20 });
    same((await errorOf(() => call)).code, "timed-out");
    // Its task was told, and has ended.
    await pool.drain();
    same(pool.metrics().pending, 0);
  });

  check("results that are moved", async () => {
    await using pool = await start({ workers: 1 });
    for (const length of [10, 200_000]) {
      const found = await pool.tasks.move(length);
      same(found, new Uint8Array(length).fill(length));
      same(await pool.tasks.countKept(), 0);
    }
  });

  check("map", async () => {
    await using pool = await start();
    const found: number[] = [];
    for await (const it of pool.map("double", [1, 2, 3], { inFlight: 2 })) {
      found.push(it);
    }
    same(found, [2, 4, 6]);
  });

  check("a queue that is full", async () => {
    await using pool = await start({ workers: 1, maxQueue: 1 });
    const calls = [pool.tasks.later(1, 20), pool.tasks.later(2, 20)];
    const error = await errorOf(() => pool.tasks.later(3, 20));
    same(error.code, "queue-full");
    await pool.ready;
    same(await pool.tasks.later(3, 1), 3);
    same(await Promise.all(calls), [1, 2]);
  });

  check("what no call can carry", async () => {
    await using pool = await start();
    const error = await errorOf(() => pool.tasks.echo({ call: () => {} }));
    same(error.code, "uncloneable");
    match(error.message, /argument 1 as its \.call is a function/);
    const unknown = await errorOf(() => pool.run("nobody" as "double", [1]));
    same(unknown.code, "unknown-task");
  });

  check("what only a message can carry", async () => {
    await using pool = await start();
    const [one, two] = await Promise.all([
      pool.tasks.asBlob("one"),
      pool.tasks.asBlob("two"),
    ]);
    same([await one.text(), await two.text()], ["one", "two"]);
    same(await pool.tasks.textOf(one), "one");
    const { buffer } = new Uint8Array([1, 2, 3]);
    const bytes = await pool.run("echo", [buffer], { transfer: [buffer] });
    same([buffer.byteLength, (bytes as ArrayBuffer).byteLength], [0, 3]);
  });

  check("the worker's name and data", async () => {
    await using pool = await start({
      name: "team",
      workers: 1,
      data: { a: 1 },
    });
    same(await pool.tasks.place(), { name: "team-0", data: { a: 1 } });
  });

  check("shutdown", async () => {
    const pool = await start();
    const done = pool.tasks.later(1, 20);
    const closing = pool.shutdown();
    same((await errorOf(() => pool.tasks.double(1))).code, "shutdown");
    same(await done, 1);
    await closing;
    same(pool.workers, 0);
    const other = await start();
    const lost = errorOf(() => other.tasks.later(1, 1000));
    await other.shutdown({ timeout: 20 });
    same((await lost).code, "shutdown");
  });
}
