// Threads that must not block, and parks that nothing can end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Parker, Runtime } from "../../mod.ts";
import { run, settled } from "../threads.ts";
import {
  assertParks,
  assertRuns,
  assertUnusable,
  error,
  USES,
} from "./expected.ts";

const BODIES = new URL("./bodies.ts", import.meta.url);

test("blocking: false refuses what blocks, and nothing else", async () => {
  using runtime = Runtime.create();
  const calm = Runtime.attach(runtime.handle, { blocking: false });
  const parker = calm.parker();
  const { "park()": park, "detach()": _, ...rest } = USES;
  const blocking = Object.fromEntries(
    Object.entries({ "park()": park, ...rest })
      .filter(([name]) => !name.startsWith("parkAsync")),
  ) as typeof USES;
  await assertUnusable(
    parker,
    blocking,
    error("cannot-block", /^Cannot park .+ must not block: use parkAsync\(\)/),
  );
  assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
  assert.equal(await parker.parkAsync({ timeout: 0 }), "timed-out");
  // No park that finds its token blocks.
  const unparker = runtime.unparker(parker.handle);
  unparker.unpark();
  assert.equal(parker.park(), "unparked");
  unparker.unpark();
  assert.equal(parker.parkTimeout(1), "unparked");
  unparker.unpark();
  assert.equal(parker.parkDeadline(0), "unparked");
});

test("blocking: false refuses to wait for a mutex, and locks a free one", () => {
  using runtime = Runtime.create();
  const calm = Runtime.attach(runtime.handle, { blocking: false });
  const mutex = runtime.mutex();
  const condvar = runtime.condvar();
  const calmMutex = calm.attachMutex(mutex.handle);
  const calmCondvar = calm.attachCondvar(condvar.handle);
  mutex.lock();
  const message = /^Cannot lock .+ must not block: use tryLock\(\)/;
  const expected = error("cannot-block", message);
  assert.throws(() => calmMutex.lock(), expected);
  assert.throws(() => calmMutex.lockTimeout(1), expected);
  assert.throws(() => calmMutex.lockTimeout(Infinity), expected);
  assert.equal(calmMutex.lockTimeout(0), undefined);
  assert.equal(calmMutex.tryLock(), undefined);
  mutex.unlock();
  calmMutex.lock();
  const wait = error(
    "cannot-block",
    /^Cannot wait .+ must not block: use a Parker/,
  );
  assert.throws(() => calmCondvar.wait(calmMutex), wait);
  assert.throws(() => calmCondvar.waitTimeout(calmMutex, 1), wait);
  calmCondvar.notifyAll();
  calmMutex.unlock();
  // Nobody is left waiting.
  condvar.release();
  mutex.release();
  assertRuns(runtime);
});

const unwakeable = error(
  "unwakeable",
  /Post runtime\.handle to a worker, arm a timer, or give a timeout/,
);

/** Every park without an end of its own. */
const ENDLESS: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(Infinity)": (parker) => parker.parkTimeout(Infinity),
  "parkDeadline(Infinity)": (parker) => parker.parkDeadline(Infinity),
};

for (const driver of ["time", "event-loop"] as const) {
  test(`a park that nothing can end is refused: ${driver}`, async () => {
    using runtime = Runtime.create({ driver });
    const parker = runtime.parker();
    await assertUnusable(parker, ENDLESS, unwakeable);
    // It has not begun.
    assert.equal(parker.counters.parks, 0);
    assertParks(runtime, parker);
    await assertUnusable(parker, ENDLESS, unwakeable);
    // A timer can end it, if this thread fires it.
    const timer = runtime.timer(parker.handle);
    timer.schedule(runtime.now() + 1);
    if (driver === "time") assert.equal(parker.park(), "unparked");
    else await assertUnusable(parker, ENDLESS, unwakeable);
    timer.cancel();
    await assertUnusable(parker, ENDLESS, unwakeable);
    // So can shutdown, which has come.
    runtime.shutdown();
    assert.equal(parker.park(), "shutdown");
  });
}

// In a thread, since this one would hang.
test("a park that no hook ends either is refused", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "parkAlone");
  const refused = await settled(thread.result).catch(({ message }) => message)
    .finally(() => thread.terminate());
  assert.equal(refused, "unwakeable");
});

test("a parkAsync() is never refused: its own thread can end it", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  setTimeout(() => runtime.unparker(parker.handle).unpark(), 1);
  assert.equal(await parker.parkAsync(), "unparked");
});
