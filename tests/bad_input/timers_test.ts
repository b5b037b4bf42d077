// Timers that are released.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LaybyError, Runtime } from "../../mod.ts";
import { error } from "./expected.ts";

test("a timer is of no use after release()", () => {
  using runtime = Runtime.create({ timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now());
  timer.release();
  timer.release();
  assert.equal(parker.parkTimeout(1), "timed-out");
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => timer.schedule(runtime.now()), expected);
  assert.throws(() => timer.cancel(), expected);
  // Nor when somebody else has claimed it.
  const next = runtime.timer(parker.handle);
  next.schedule(runtime.now() + 1e6);
  assert.throws(() => timer.schedule(runtime.now()), expected);
  assert.throws(() => timer.cancel(), expected);
  timer.release();
  assert.equal(next.state, "armed");
  assert.equal(next.cancel(), true);
});

test("Timer.state of a released timer is not the next one's", () => {
  using runtime = Runtime.create({ timers: 1 });
  const { handle } = runtime.parker();
  const timer = runtime.timer(handle);
  timer.release();
  const next = runtime.timer(handle);
  next.schedule(runtime.now() + 1e6);
  let state;
  try {
    state = timer.state;
  } catch (thrown) {
    assert.equal((thrown as LaybyError).code, "released");
  }
  assert.notEqual(state, "armed");
});
