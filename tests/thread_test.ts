import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParkerHandle, Runtime } from "../mod.ts";
import { PARKED_CONDVAR, PARKED_DRIVER } from "../src/core/core.generated.ts";
import { coreOf, createDriven, stateOf } from "./cores.ts";
import { join } from "./join.ts";
import { run, sharedWords, until, untilParked } from "./threads.ts";

const BODIES = new URL("./thread_bodies.ts", import.meta.url);

test("Runtime.spawn() hands over data and hands back a result", async () => {
  using runtime = Runtime.create();
  const words = sharedWords(1);
  const data = {
    number: 1.5,
    bigint: 2n ** 70n,
    text: "text",
    date: new Date(0),
    map: new Map([["key", new Uint8Array([1, 2, 3])]]),
    words,
  };
  const thread = run(runtime, BODIES, "echo", data);
  const seen = await thread.result as typeof data;
  assert.equal(await thread.exited, 0);
  Atomics.store(words, 0, 7);
  // Memory that is shared stays so, and the rest is a copy.
  assert.equal(Atomics.load(seen.words, 0), 7);
  assert.deepEqual({ ...seen, words: null }, { ...data, words: null });
});

test("Runtime.spawn() takes a URL as a string", async () => {
  using runtime = Runtime.create();
  const url = "data:text/javascript,export default (runtime, data) => data";
  const thread = runtime.spawn(url, "data");
  assert.equal(await thread.result, "data");
  assert.equal(await thread.exited, 0);
});

test("two spawned threads unpark each other", async () => {
  const rounds = 200;
  using runtime = Runtime.create({ parkers: 2 });
  const [first, second] = [
    runtime.parker().detach(),
    runtime.parker().detach(),
  ];
  const threads = [
    { mine: first, theirs: second, serves: true },
    { mine: second, theirs: first, serves: false },
  ].map((args) => run(runtime, BODIES, "pingPong", { ...args, rounds }));
  assert.deepEqual(await join(...threads), [rounds, rounds]);
});

test("a spawned thread unparks the one that spawned it", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const thread = run(runtime, BODIES, "unpark", parker.handle);
  assert.equal(await parker.parkAsync(), "unparked");
  assert.deepEqual(await join(thread), [true]);
});

test("a spawned thread spawns others", async () => {
  using runtime = Runtime.create();
  assert.deepEqual(await join(run(runtime, BODIES, "nest", 2)), [2]);
});

const THROWN = [
  {
    body: "throwTypeError",
    error: { name: "TypeError", message: "not of this type" },
  },
  {
    body: "throwLater",
    error: { name: "RangeError", message: "out of this range" },
  },
  {
    body: "throwOwnClass",
    error: { name: "SlippedError", message: "on a class of one's own" },
  },
  {
    body: "throwLaybyError",
    error: {
      name: "ReleasedError",
      code: "released",
      message: /^Cannot park as the parker was released/,
    },
  },
  {
    body: "throwArgumentError",
    error: {
      name: "ArgumentRangeError",
      code: "out-of-range",
      message: /^Cannot park as timeout must be >= 0 ms/,
    },
  },
];

for (const { body, error } of THROWN) {
  test(`Thread.result rejects with a thrown ${error.name}`, async () => {
    using runtime = Runtime.create();
    const thread = run(runtime, BODIES, body);
    await assert.rejects(thread.result, error);
    assert.equal(await thread.exited, 0);
  });
}

test("Thread.result rejects with a thrown value that is no error", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "throwString");
  const thrown = await thread.result.then(() => "returned", (error) => error);
  assert.equal(thrown, "no error at all");
  assert.equal(await thread.exited, 0);
});

for (const body of ["throwFunction", "returnFunction"]) {
  test(`Thread.result rejects if no clone can be had: ${body}`, async () => {
    using runtime = Runtime.create();
    const thread = run(runtime, BODIES, body);
    await assert.rejects(thread.result, { message: /clone/ });
    await thread.exited;
  });
}

test("Thread.result rejects without a default export", async () => {
  using runtime = Runtime.create();
  for (const source of ["export const other = 1", "export default 1"]) {
    const thread = runtime.spawn(`data:text/javascript,${source}`);
    await assert.rejects(thread.result, {
      message: /default export must be a function/,
    });
    assert.equal(await thread.exited, 0);
  }
});

test("Thread.result rejects if there is no such module", async () => {
  using runtime = Runtime.create();
  const thread = runtime.spawn(new URL("./no_such_module.ts", import.meta.url));
  await assert.rejects(thread.result, { message: /no_such_module\.ts/ });
  await thread.exited;
});

test("Thread.result rejects if the module has no such scheme", async () => {
  using runtime = Runtime.create();
  const thread = runtime.spawn("no-such-scheme:module");
  await assert.rejects(thread.result, { message: /no-such-scheme/ });
  await thread.exited;
});

test("Thread.result rejects if the module does not parse", async () => {
  using runtime = Runtime.create();
  const thread = runtime.spawn("data:text/javascript,export default (");
  const error = await thread.result.catch((error) => error);
  const { message } = error as Error;
  assert.ok(message.length > 0);
  // That is of no use to whoever wrote the module.
  assert.doesNotMatch(message, /clone/);
  await thread.exited;
});

test("Thread.result rejects if the module throws", async () => {
  using runtime = Runtime.create();
  const thread = runtime.spawn(
    "data:text/javascript,throw new RangeError('at import')",
  );
  await assert.rejects(thread.result, {
    name: "RangeError",
    message: "at import",
  });
  assert.equal(await thread.exited, 0);
});

test("Thread.exited is the code that the thread ended with", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "exit", 3);
  assert.equal(await thread.exited, 3);
  await assert.rejects(thread.result, {
    message: "Thread ended with code 3 before it returned",
  });
});

for (const body of ["spin", "idle"]) {
  test(`Thread.terminate() ends a thread in ${body}`, async () => {
    using runtime = Runtime.create();
    const words = sharedWords(1);
    const thread = run(runtime, BODIES, body, words);
    await until(() => Atomics.load(words, 0) === 1);
    await thread.terminate();
    assert.notEqual(await thread.exited, 0);
    await assert.rejects(thread.result, { message: /before it returned/ });
    Atomics.store(words, 0, 2);
  });
}

for (const way of ["park", "parkAsync"] as const) {
  test(`Thread.terminate() after shutdown() ends a ${way}`, async () => {
    using runtime = Runtime.create();
    const handle = runtime.parker().detach();
    const thread = run(runtime, BODIES, way, handle);
    await untilParked(runtime, handle);
    runtime.shutdown();
    await thread.terminate();
    const code = await thread.exited;
    // It may have been faster.
    const end = await thread.result.catch(({ message }) => message);
    if (end !== "shutdown") {
      assert.equal(end, `Thread ended with code ${code} before it returned`);
    }
  });
}

// It has its own word to sleep on, or the driver if there are timers.
for (const isDriven of [false, true]) {
  const where = isDriven ? "in the driver" : "on its own word";
  test(`Thread.terminate() ends a thread that is parked ${where}`, {
    // It does not end there: https://github.com/denoland/deno/issues/35657
    skip: "Deno" in globalThis,
  }, async () => {
    using runtime = isDriven ? createDriven() : Runtime.create();
    const other = runtime.parker();
    const handle = runtime.parker().detach();
    const thread = run(runtime, BODIES, "park", handle);
    await untilParked(runtime, handle);
    const state = isDriven ? PARKED_DRIVER : PARKED_CONDVAR;
    assert.equal(stateOf(coreOf(runtime), handle), state);
    await thread.terminate();
    await thread.exited;
    // What it had is free, and the others of the runtime are as they were.
    assert.throws(() => runtime.unparker(handle), { code: "stale-handle" });
    assert.equal(coreOf(runtime).exports.driverTake(other.handle.address), 1);
    coreOf(runtime).exports.driverLeave();
    assert.equal(other.parkTimeout(5), "timed-out");
  });
}

test("a thread that has returned leaves its parkers as they are", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "claim");
  const handle = await thread.result as ParkerHandle;
  await thread.exited;
  assert.equal(runtime.unparker(handle).unpark(), true);
});

test("Thread.terminate() of a thread that has ended does nothing", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "echo");
  await join(thread);
  await thread.terminate();
  assert.equal(await thread.exited, 0);
});
