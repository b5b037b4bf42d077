import assert from "node:assert/strict";
import { test } from "node:test";
import { type Condvar, type Mutex, Runtime } from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { join } from "../join.ts";
import { run, sharedWords, until } from "../threads.ts";
import {
  BUFFER_WORDS,
  close,
  CLOSED,
  type Shared,
  type SharedBuffer,
  TOKENS,
  TURN,
  WAITING,
  WAKES,
} from "./condvar_bodies.ts";

const BODIES = new URL("./condvar_bodies.ts", import.meta.url);

const HOUR = 3_600_000;

/** A condvar, its mutex, and the words that the mutex guards. */
function share(runtime: Runtime): {
  mutex: Mutex;
  condvar: Condvar;
  words: Int32Array<SharedArrayBuffer>;
  shared: Shared;
} {
  const mutex = runtime.mutex();
  const condvar = runtime.condvar();
  const words = sharedWords(8);
  const shared = { mutex: mutex.handle, condvar: condvar.handle, words };
  return { mutex, condvar, words, shared };
}

/**
 * Resolves, with the mutex held, when so many threads wait: each counts itself
 * under the mutex, and lets go of it when it has joined the waiters.
 */
async function lockWhen(
  mutex: Mutex,
  words: Int32Array<SharedArrayBuffer>,
  waiting: number,
): Promise<void> {
  await until(() => {
    mutex.lock();
    if (words[WAITING] === waiting) return true;
    mutex.unlock();
    return false;
  });
}

// ==== one thread ====

test("a notification that nobody waits for is not kept", () => {
  using runtime = Runtime.create();
  const { mutex, condvar } = share(runtime);
  condvar.notifyOne();
  condvar.notifyAll();
  using _guard = mutex.lock();
  condvar.notifyAll();
  assert.equal(condvar.waitTimeout(mutex, 1), false);
});

test("Condvar.waitTimeout() never gives up before its time", () => {
  using runtime = Runtime.create();
  const { mutex, condvar } = share(runtime);
  using _guard = mutex.lock();
  for (const timeout of [0.001, 0.1, 0.25, 1, 1.5, 2, 5, 10, 25]) {
    for (let round = 0; round < 4; round++) {
      const began = runtime.now();
      if (condvar.waitTimeout(mutex, timeout)) continue;
      const waited = runtime.now() - began;
      assert.ok(waited >= timeout, `${waited} of ${timeout} ms`);
    }
  }
});

test("Condvar.waitTimeout() tells that the time has passed", () => {
  using runtime = Runtime.create();
  const { mutex, condvar } = share(runtime);
  using _guard = mutex.lock();
  assert.equal(condvar.waitTimeout(mutex, 0), false);
  let waits = 1;
  // It may wake for no reason, but not every time.
  while (condvar.waitTimeout(mutex, 1)) waits++;
  assert.ok(waits < 100);
});

test("Condvar.waitTimeout() has the mutex again when it returns", () => {
  using runtime = Runtime.create();
  const { mutex, condvar } = share(runtime);
  const other = Runtime.attach(runtime.handle).attachMutex(mutex.handle);
  mutex.lock();
  condvar.waitTimeout(mutex, 0);
  assert.equal(other.tryLock(), undefined);
  condvar.waitTimeout(mutex, 1);
  assert.equal(other.tryLock(), undefined);
  mutex.unlock();
  assert.ok(other.tryLock());
});

// The mutex is free from the unlock on, and the wait has not begun yet.
for (const notify of ["notifyOne", "notifyAll"] as const) {
  test(`Condvar.${notify}() between unlock and wait is not lost`, () => {
    using runtime = Runtime.create();
    const { mutex, condvar } = share(runtime);
    const { exports } = coreOf(runtime);
    const { address } = condvar.handle;
    mutex.lock();
    const seen = exports.condvarPrepare(address);
    mutex.unlock();
    condvar[notify]();
    const TIMED_OUT = 2;
    assert.notEqual(exports.condvarWait(address, seen, HOUR), TIMED_OUT);
    // Nobody waits now.
    condvar.release();
  });
}

// ==== two threads ====

for (const notify of ["notifyOne", "notifyAll"] as const) {
  test(`Condvar.${notify}() wakes a thread that waits`, async () => {
    using runtime = Runtime.create();
    const { mutex, condvar, words, shared } = share(runtime);
    const args = { ...shared, timeout: HOUR };
    const thread = run(runtime, BODIES, "waitOnce", args);
    // That this thread gets the mutex shows that the other has let go of it.
    await lockWhen(mutex, words, 1);
    condvar[notify]();
    mutex.unlock();
    assert.deepEqual(await join(thread), [true]);
  });
}

test("Condvar.notifyOne() without the mutex wakes a thread, too", async () => {
  using runtime = Runtime.create();
  const { mutex, condvar, words, shared } = share(runtime);
  const args = { ...shared, timeout: HOUR };
  const thread = run(runtime, BODIES, "waitOnce", args);
  await lockWhen(mutex, words, 1);
  mutex.unlock();
  condvar.notifyOne();
  assert.deepEqual(await join(thread), [true]);
});

test("Condvar.release() refuses while a thread waits", async () => {
  using runtime = Runtime.create();
  const { mutex, condvar, words, shared } = share(runtime);
  const args = { ...shared, timeout: HOUR };
  const thread = run(runtime, BODIES, "waitOnce", args);
  await lockWhen(mutex, words, 1);
  mutex.unlock();
  const inUse = {
    name: "InUseError",
    code: "in-use",
    message: /waits on it: notifyAll\(\) and wait for it first/,
  };
  assert.throws(() => condvar.release(), inUse);
  condvar.notifyAll();
  assert.deepEqual(await join(thread), [true]);
  condvar.release();
});

test("Condvar.waitTimeout() that times out leaves others waiting", async () => {
  using runtime = Runtime.create();
  const { mutex, condvar, words, shared } = share(runtime);
  const args = { ...shared, timeout: HOUR };
  const thread = run(runtime, BODIES, "waitOnce", args);
  await lockWhen(mutex, words, 1);
  for (let round = 0; round < 5; round++) condvar.waitTimeout(mutex, 1);
  assert.equal(words[WAITING], 1);
  condvar.notifyOne();
  mutex.unlock();
  assert.deepEqual(await join(thread), [true]);
});

const PAIRS = [
  ["wait", "wait"],
  ["waitTimeout, long", "waitTimeout, short"],
];

for (const ways of PAIRS) {
  test(`two threads take turns: ${ways.join("; ")}`, async () => {
    const turns = 600;
    using runtime = Runtime.create();
    const { mutex, words, shared } = share(runtime);
    const threads = ways.map((way, parity) =>
      run(runtime, BODIES, "takeTurns", { ...shared, parity, turns, way })
    );
    assert.deepEqual(await join(...threads), [turns / 2, turns / 2]);
    mutex.lock();
    assert.equal(words[TURN], turns);
  });
}

// ==== many threads ====

test("Condvar.notifyOne() wakes one of many", async () => {
  const waiters = 3;
  const rounds = 50;
  using runtime = Runtime.create();
  const { mutex, condvar, words, shared } = share(runtime);
  const threads = Array.from(
    { length: waiters },
    () => run(runtime, BODIES, "takeTokens", { ...shared, way: "wait" }),
  );
  await lockWhen(mutex, words, waiters);
  for (let round = 0; round < rounds; round++) {
    words[TOKENS] = 1;
    condvar.notifyOne();
    mutex.unlock();
    // All wait again, and one has been away.
    await until(() => {
      mutex.lock();
      const isTaken = words[TOKENS] === 0 && words[WAITING] === waiters;
      if (!isTaken) mutex.unlock();
      return isTaken;
    });
  }
  const wakes = words[WAKES]!;
  words[CLOSED] = 1;
  condvar.notifyAll();
  mutex.unlock();
  const taken = await join(...threads) as number[];
  assert.equal(taken.reduce((sum, it) => sum + it), rounds);
  // A thread that has not quite fallen asleep when another is notified wakes as
  // well: once for each wait that it begins.
  assert.ok(wakes >= rounds);
  assert.ok(wakes <= 2 * rounds + waiters, `${wakes} wakes`);
});

test("Condvar.notifyAll() wakes all", async () => {
  const ways = ["wait", "wait", "waitTimeout, long", "waitTimeout, short"];
  using runtime = Runtime.create();
  const { mutex, condvar, words, shared } = share(runtime);
  const threads = ways.map((way) =>
    run(runtime, BODIES, "takeTokens", { ...shared, way })
  );
  await lockWhen(mutex, words, ways.length);
  words[CLOSED] = 1;
  condvar.notifyAll();
  mutex.unlock();
  assert.deepEqual(await join(...threads), ways.map(() => 0));
  mutex.lock();
  assert.equal(words[WAITING], 0);
  // None of them is counted as a waiter any more.
  condvar.release();
});

const PLANTS = [
  { producers: ["wait", "wait"], consumers: ["wait", "wait"] },
  {
    producers: ["wait", "waitTimeout, short"],
    consumers: ["wait", "waitTimeout, long"],
  },
  { producers: ["wait"], consumers: ["wait", "waitTimeout, short"] },
];

for (const { producers, consumers } of PLANTS) {
  const name = `${producers.join("; ")} to ${consumers.join("; ")}`;
  test(`a bounded buffer loses nothing: ${name}`, async () => {
    const items = 800;
    using runtime = Runtime.create();
    const buffer: SharedBuffer = {
      mutex: runtime.mutex().handle,
      notEmpty: runtime.condvar().handle,
      notFull: runtime.condvar().handle,
      words: sharedWords(BUFFER_WORDS),
    };
    const sinks = consumers.map((way) =>
      run(runtime, BODIES, "consume", { buffer, way })
    );
    const sources = producers.map((way, place) => {
      const args = { buffer, way, from: place * items, items };
      return run(runtime, BODIES, "produce", args);
    });
    await join(...sources);
    close(runtime, buffer, consumers.length);
    const got = await join(...sinks) as Int32Array[];
    for (const part of got) assertOrdered(part, items);
    const all = got.flatMap((part) => [...part]).sort((a, b) => a - b);
    const sent = Array.from({ length: producers.length * items }, (_, i) => i);
    assert.deepEqual(all, sent);
  });
}

/** Asserts that what came from one producer came in its order. */
function assertOrdered(part: Int32Array, items: number): void {
  const last = new Map<number, number>();
  for (const item of part) {
    const producer = Math.floor(item / items);
    assert.ok(item > (last.get(producer) ?? -1));
    last.set(producer, item);
  }
}
