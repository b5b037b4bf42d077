// Mutexes and condvars that are released, or not held.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LaybyError, Runtime } from "../../mod.ts";
import { assertRefused, assertRuns, error, NO_OBJECTS } from "./expected.ts";

test("Mutex.unlock() refuses a thread that does not hold it", () => {
  using runtime = Runtime.create();
  const other = Runtime.attach(runtime.handle);
  const mutex = runtime.mutex();
  const theirs = other.attachMutex(mutex.handle);
  const expected = error("not-owner", /does not hold the mutex: lock\(\) it/);
  assert.throws(() => mutex.unlock(), expected);
  const guard = mutex.lock();
  assert.throws(() => theirs.unlock(), expected);
  assert.equal(theirs.tryLock(), undefined);
  guard.unlock();
  assert.throws(() => guard.unlock(), expected);
  assert.throws(() => guard[Symbol.dispose](), expected);
  assert.ok(theirs.tryLock());
});

test("Mutex.lock() refuses the thread that holds it", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  mutex.lock();
  const expected = error("not-owner", /holds .+ already: unlock\(\) it first/);
  assert.throws(() => mutex.lock(), expected);
  assert.throws(() => mutex.tryLock(), expected);
  assert.throws(() => mutex.lockTimeout(0), expected);
  assert.throws(() => mutex.lockTimeout(1), expected);
  mutex.unlock();
  assertRuns(runtime);
});

test("Mutex.release() refuses while a thread holds it", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  mutex.lock();
  const expected = error("in-use", /holds it: unlock\(\) it there first/);
  assert.throws(() => mutex.release(), expected);
  assert.throws(() => mutex[Symbol.dispose](), expected);
  mutex.unlock();
  mutex.release();
  mutex.release();
});

test("a mutex is of no use after release()", () => {
  using runtime = Runtime.create({ locks: 1 });
  const mutex = runtime.mutex();
  mutex.release();
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => mutex.lock(), expected);
  assert.throws(() => mutex.tryLock(), expected);
  assert.throws(() => mutex.lockTimeout(1), expected);
  // Nor when somebody else has claimed it.
  const next = runtime.mutex();
  assert.throws(() => mutex.lock(), expected);
  assert.ok(next.tryLock());
});

test("Mutex.unlock() after release() leaves the next mutex locked", () => {
  using runtime = Runtime.create({ locks: 1 });
  const mutex = runtime.mutex();
  const guard = mutex.lock();
  mutex.unlock();
  mutex.release();
  const next = runtime.mutex();
  next.lock();
  for (const unlock of [() => mutex.unlock(), () => guard.unlock()]) {
    assert.throws(
      unlock,
      ({ code }) => code === "released" || code === "not-owner",
    );
  }
  const other = Runtime.attach(runtime.handle).attachMutex(next.handle);
  assert.equal(other.tryLock(), undefined);
});

test("a condvar is of no use after release()", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  condvar.release();
  condvar.release();
  mutex.lock();
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => condvar.wait(mutex), expected);
  assert.throws(() => condvar.waitTimeout(mutex, 1), expected);
  assert.throws(() => condvar.notifyOne(), expected);
  assert.throws(() => condvar.notifyAll(), expected);
  mutex.unlock();
  assertRuns(runtime);
});

test("Condvar.wait() refuses a mutex that the thread does not hold", () => {
  using runtime = Runtime.create();
  using other = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  const notHeld = error("not-owner", /does not hold the mutex: lock\(\) it/);
  assert.throws(() => condvar.wait(mutex), notHeld);
  assert.throws(() => condvar.waitTimeout(mutex, 1), notHeld);
  const theirs = other.mutex();
  theirs.lock();
  assert.throws(
    () => condvar.wait(theirs),
    error("foreign-handle", /mutex handle .+: attach to that runtime's handle/),
  );
  // It was not unlocked for that, and nobody waits.
  theirs.unlock();
  condvar.release();
});

test("Condvar.wait() refuses what is no mutex", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  assertRefused(
    (it) => condvar.wait(it),
    [undefined, ...NO_OBJECTS, {}, condvar, runtime, condvar.handle],
    error("invalid-type", /mutex must be a/i),
  );
  // Nobody waits.
  condvar.release();
});

test("Condvar.wait() refuses a mutex that was released", () => {
  using runtime = Runtime.create({ locks: 2 });
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  mutex.release();
  const gone = ({ code }: LaybyError) =>
    code === "released" || code === "not-owner";
  assert.throws(() => condvar.waitTimeout(mutex, 1), gone);
  // Nor is it the next one in its place.
  const next = runtime.mutex();
  next.lock();
  assert.throws(() => condvar.waitTimeout(mutex, 1), gone);
  next.unlock();
});
