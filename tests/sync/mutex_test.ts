import assert from "node:assert/strict";
import { test } from "node:test";
import { type MutexHandle, Runtime, type Thread } from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { join } from "../join.ts";
import { publish, run, sharedWords, until } from "../threads.ts";
import { COUNT } from "./mutex_bodies.ts";

const BODIES = new URL("./mutex_bodies.ts", import.meta.url);

/** The bit of the word that says that somebody waits, or has waited. */
const CONTENDED = 1;

/** Whether a thread has announced that it waits for the mutex. */
function isContended(runtime: Runtime, { address }: MutexHandle): boolean {
  const { words } = coreOf(runtime);
  return (Atomics.load(words, address >> 2) & CONTENDED) !== 0;
}

function untilContended(runtime: Runtime, handle: MutexHandle): Promise<void> {
  return until(() => isContended(runtime, handle));
}

/** Wakes all that wait for the mutex, so that a test that fails can end. */
function nudge(runtime: Runtime, { address }: MutexHandle): void {
  Atomics.notify(coreOf(runtime).words, address >> 2);
}

/** What the threads return, when all have ended, nudged or not. */
async function rescued(
  runtime: Runtime,
  handle: MutexHandle,
  threads: Thread[],
): Promise<unknown[]> {
  try {
    return await join(...threads);
  } finally {
    const timer = setInterval(() => nudge(runtime, handle), 10);
    await Promise.all(threads.map(({ exited }) => exited));
    clearInterval(timer);
  }
}

// ==== one thread ====

test("Mutex.lock() keeps others out until unlock()", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  // Another id, as another thread has: the same mutex under it.
  const other = Runtime.attach(runtime.handle).attachMutex(mutex.handle);
  for (let round = 0; round < 3; round++) {
    mutex.lock();
    assert.equal(other.tryLock(), undefined);
    assert.equal(other.lockTimeout(0), undefined);
    mutex.unlock();
    assert.ok(other.tryLock());
    assert.equal(mutex.tryLock(), undefined);
    other.unlock();
  }
});

test("Mutex.lock(), tryLock() and lockTimeout() return a guard", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const other = Runtime.attach(runtime.handle).attachMutex(mutex.handle);
  const locks = [
    () => mutex.lock(),
    () => mutex.tryLock(),
    () => mutex.lockTimeout(0),
    () => mutex.lockTimeout(1),
  ];
  for (const lock of locks) {
    const guard = lock()!;
    assert.equal(other.tryLock(), undefined);
    guard.unlock();
    assert.ok(other.tryLock());
    other.unlock();
    {
      using _guard = lock();
      assert.equal(other.tryLock(), undefined);
    }
    assert.ok(other.tryLock());
    other.unlock();
  }
});

test("a guard unlocks when the block throws", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const fail = () => {
    using _guard = mutex.lock();
    throw new Error("out of the block");
  };
  assert.throws(fail, { message: "out of the block" });
  assert.throws(fail, { message: "out of the block" });
  assert.ok(mutex.tryLock());
});

test("two mutexes know nothing of each other", () => {
  using runtime = Runtime.create();
  const mutexes = Array.from({ length: 64 }, () => runtime.mutex());
  for (const mutex of mutexes) mutex.lock();
  mutexes[7]!.unlock();
  const other = Runtime.attach(runtime.handle);
  for (const [place, { handle }] of mutexes.entries()) {
    const isFree = other.attachMutex(handle).tryLock() !== undefined;
    assert.equal(isFree, place === 7);
  }
});

test("Mutex.lockTimeout() never gives up before its time", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const other = Runtime.attach(runtime.handle).attachMutex(mutex.handle);
  mutex.lock();
  for (const timeout of [0.001, 0.1, 0.25, 1, 1.5, 2, 5, 10, 25]) {
    for (let round = 0; round < 4; round++) {
      const began = runtime.now();
      assert.equal(other.lockTimeout(timeout), undefined);
      const waited = runtime.now() - began;
      assert.ok(waited >= timeout, `${waited} of ${timeout} ms`);
    }
  }
  mutex.unlock();
  assert.ok(other.lockTimeout(1));
});

test("Mutex.lock() works after Runtime.shutdown()", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const guard = mutex.lock();
  runtime.shutdown();
  guard.unlock();
  mutex.lock();
  mutex.unlock();
});

// ==== two threads ====

for (const way of ["lock", "lockTimeout, long"]) {
  test(`Mutex.unlock() wakes a thread in ${way}`, async () => {
    using runtime = Runtime.create();
    const mutex = runtime.mutex();
    const { handle } = mutex;
    const words = sharedWords(1);
    mutex.lock();
    const thread = run(runtime, BODIES, "pass", { handle, way, words });
    await untilContended(runtime, handle);
    words[COUNT] = 41;
    mutex.unlock();
    assert.deepEqual(await join(thread), [41]);
    mutex.lock();
    assert.equal(words[COUNT], 42);
  });
}

test("two threads hand a mutex to and fro", async () => {
  const adds = 3000;
  using runtime = Runtime.create();
  await assertCounts(runtime, ["lock", "lock"], adds);
});

test("Mutex tells who trespasses", async () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  mutex.lock();
  const thread = run(runtime, BODIES, "trespass", mutex.handle);
  assert.deepEqual(await join(thread), [{
    unlock: "not-owner",
    release: "in-use",
    tryLock: true,
    lockTimeout: true,
  }]);
  // It is this thread's still.
  mutex.unlock();
  mutex.release();
});

test("Mutex tells its owner that it has it", async () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const thread = run(runtime, BODIES, "relock", mutex.handle);
  assert.deepEqual(await join(thread), [{
    lock: "not-owner",
    tryLock: "not-owner",
    lockTimeout: "not-owner",
    release: "in-use",
  }]);
  assert.ok(mutex.tryLock());
});

// ==== many threads ====

test("Mutex.unlock() lets in all that wait, one after another", async () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const { handle } = mutex;
  const words = sharedWords(1);
  mutex.lock();
  const ways = ["lock", "lockTimeout, long", "lock", "lockTimeout, long"];
  const threads = ways.map((way) =>
    run(runtime, BODIES, "pass", { handle, way, words })
  );
  await untilContended(runtime, handle);
  mutex.unlock();
  const turns = await rescued(runtime, handle, threads) as number[];
  assert.deepEqual(turns.sort(), [0, 1, 2, 3]);
  assert.ok(mutex.tryLock());
});

// Of two that wait, unlocking wakes the first. That one has the lock then, and
// must know that another still waits: it is the only one that can wake it.
for (const way of ["lock", "lockTimeout, long"]) {
  test(`a thread woken in ${way} wakes the next when it unlocks`, async () => {
    using runtime = Runtime.create();
    const mutex = runtime.mutex();
    const { handle } = mutex;
    const words = sharedWords(4);
    const hold = (place: number, way: string): Thread =>
      run(runtime, BODIES, "hold", { handle, way, words, place });
    mutex.lock();
    const first = hold(0, way);
    await untilContended(runtime, handle);
    // Wiped out, so that the second one is heard when it comes.
    Atomics.and(coreOf(runtime).words, handle.address >> 2, ~CONTENDED);
    const second = hold(1, "lock");
    await untilContended(runtime, handle);
    mutex.unlock();
    const holds = (place: number) => Atomics.load(words, place) === 1;
    try {
      await until(() => holds(0) || holds(1));
      const winner = holds(0) ? 0 : 1;
      publish(words, winner + 2, 1);
      await until(() => holds(1 - winner));
    } finally {
      publish(words, 2, 1);
      publish(words, 3, 1);
      nudge(runtime, handle);
    }
    assert.deepEqual(await join(first, second), [true, true]);
  });
}

test("a thread that gave up waiting takes nobody's turn", async () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const { handle } = mutex;
  const words = sharedWords(1);
  const other = Runtime.attach(runtime.handle).attachMutex(handle);
  mutex.lock();
  const thread = run(runtime, BODIES, "pass", { handle, way: "lock", words });
  await untilContended(runtime, handle);
  for (let round = 0; round < 5; round++) {
    assert.equal(other.lockTimeout(1), undefined);
  }
  mutex.unlock();
  assert.deepEqual(await join(thread), [0]);
});

/** Runs a thread for each way to lock, and looks at what they counted. */
async function assertCounts(
  runtime: Runtime,
  ways: string[],
  adds: number,
): Promise<void> {
  const { handle } = runtime.mutex();
  const words = sharedWords(2);
  const gate = sharedWords(1);
  const args = { handle, words, adds, gate, threads: ways.length };
  const threads = ways.map((way) =>
    run(runtime, BODIES, "count", { ...args, way })
  );
  assert.deepEqual(
    await rescued(runtime, handle, threads),
    ways.map(() => 0),
  );
  assert.equal(words[COUNT], ways.length * adds);
}

const CROWDS = [
  ["lock", "lock", "lock", "lock"],
  ["lock", "tryLock", "lockTimeout, long", "lockTimeout, short"],
  ["lockTimeout, long", "lockTimeout, long", "lock"],
  ["lockTimeout, short", "lockTimeout, short", "lockTimeout, short"],
];

for (const ways of CROWDS) {
  test(`a mutex guards a count by ${ways.join("; ")}`, async () => {
    using runtime = Runtime.create();
    await assertCounts(runtime, ways, 3000);
  });
}
