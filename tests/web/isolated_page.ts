// A page that is cross-origin isolated: the pool has threads.

import { Pool, Runtime } from "../../mod.ts";
import { check, errorOf, match, same } from "./checks.ts";
import { poolChecks } from "./pool_checks.ts";
import { report } from "./report.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("/tasks.js", location.href);

const start = (more = {}) =>
  Pool.start<typeof tasks>(module, { workers: 2, ...more });

poolChecks({ module, options: { workers: 2 } });

check("the host", () => {
  using runtime = Runtime.create();
  same([runtime.host, runtime.mayBlock], ["browser", false]);
});

check("tasks run at the same time as the page", async () => {
  await using pool = await start();
  let isDone = false;
  const call = pool.tasks.block(100).then(() => isDone = true);
  await new Promise((resolve) => setTimeout(resolve, 1));
  same(isDone, false);
  await call;
});

check("runSync() throws on the page", async () => {
  await using pool = await start();
  const error = await errorOf(() => pool.runSync("double", [1]));
  same(error.code, "cannot-block");
});

check("a worker that sleeps, and is woken", async () => {
  for (const idle of ["auto", "block", "event-loop"] as const) {
    await using pool = await start({ idle });
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      same(await pool.tasks.double(round), 2 * round);
      same(await (await pool.tasks.asBlob("it")).text(), "it");
      same(await pool.tasks.textOf(new Blob(["it"])), "it");
    }
  }
});

check("a worker that crashes, by an error in a timer", async () => {
  await using pool = await start({ workers: 1 });
  const error = await errorOf(() => pool.tasks.throwLater());
  same([error.name, error.code], ["WorkerCrashedError", "worker-crashed"]);
  match(error.message, /OddError: thrown in a timer/);
  same((error.cause as Error).message, "thrown in a timer");
  same(await pool.tasks.double(1), 2);
  same(pool.metrics().crashes, 1);
});

check("a worker that crashes, by a rejection that nobody handles", async () => {
  await using pool = await start({ workers: 1 });
  const error = await errorOf(() => pool.tasks.leaveRejection());
  match(error.message, /OddError: rejected, and left/);
  same(await pool.tasks.double(1), 2);
});

check("a worker that closes itself", async () => {
  await using pool = await start({ workers: 1 });
  const error = await errorOf(() => pool.tasks.closeWorker());
  same(error.code, "worker-crashed");
  match(error.message, /exited with code 0/);
  same(await pool.tasks.double(1), 2);
});

check("a task that does not stop, and its worker's end", async () => {
  await using pool = await start({ workers: 1, grace: 10 });
  const call = pool.run("block", [30_000], { timeout: 10 });
  same((await errorOf(() => call)).code, "timed-out");
  same(await pool.tasks.double(1), 2);
});

check("resize() and recycle()", async () => {
  await using pool = await start({ workers: 1 });
  await pool.resize(3);
  same(pool.workers, 3);
  await pool.recycle();
  await pool.resize(1);
  same([pool.workers, await pool.tasks.double(1)], [1, 2]);
});

check("a module that does not exist", async () => {
  const missing = new URL("/missing.js", location.href);
  const error = await errorOf(() => Pool.start(missing));
  same(error.code, "task-module");
});

check("a pool in a worker of the page: runSync()", async () => {
  const worker = new Worker("/nested.js", { type: "module" });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  worker.onmessage = ({ data }) => resolve(data);
  same(await promise, [
    ...[true, 42, "cannot-block", "cannot-block", "timed-out", "odd"],
    "done",
  ]);
  worker.terminate();
});

check("Runtime.spawn()", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const body = new URL("/body.js", location.href);
  const thread = runtime.spawn(body, parker.handle);
  same(await parker.parkAsync(), "unparked");
  same(await thread.result, 42);
  await thread.terminate();
  same(await thread.exited, 1);
});

check("a browser whose event loop cannot wait", async () => {
  const waitAsync = Object.getOwnPropertyDescriptor(Atomics, "waitAsync")!;
  Reflect.deleteProperty(Atomics, "waitAsync");
  try {
    const error = await errorOf(() => start());
    same(error.code, "unsupported");
    match(error.message, /this browser has no Atomics\.waitAsync/);
    await using pool = await start({ fallback: "inline" });
    same(await pool.tasks.double(21), 42);
  } finally {
    Object.defineProperty(Atomics, "waitAsync", waitAsync);
  }
});

check("timers that the page shares with threads", async () => {
  using runtime = Runtime.create();
  const body = new URL("/arming_body.js", location.href);
  const parkers = [runtime.parker(), runtime.parker()];
  const threads = parkers.map(({ handle }) => runtime.spawn(body, handle));
  for (const it of parkers) await it.parkAsync();
  // It may not wait for their lock.
  const parker = runtime.parker();
  using timer = runtime.timer(parker.handle);
  for (let round = 0; round < 50_000; round++) {
    timer.schedule(runtime.now() + 1000);
    timer.cancel();
  }
  timer.schedule(runtime.now() + 1);
  same(await parker.parkAsync(), "unparked");
  runtime.shutdown();
  const rounds = await Promise.all(threads.map(({ result }) => result));
  same(rounds.every((count) => (count as number) > 0), true);
  await Promise.all(threads.map((thread) => thread.terminate()));
});

await report();
