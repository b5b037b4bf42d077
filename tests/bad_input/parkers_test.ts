// Parkers that are released, detached, or parked already.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LaybyError, type Parker, Runtime } from "../../mod.ts";
import { isParked } from "../threads.ts";
import { assertParks, assertUnusable, error, USES } from "./expected.ts";

const released = error(
  "released",
  /^Cannot (park|detach) .+ was released: claim another from the runtime/,
);

test("a parker is of no use after release()", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  parker.release();
  await assertUnusable(parker, USES, released);
  // Nor when somebody else has claimed it, and has a token.
  const next = runtime.parker();
  runtime.unparker(next.handle).unpark();
  await assertUnusable(parker, USES, released);
  parker.release();
  assert.equal(next.park(), "unparked");
  assertParks(runtime, next);
});

test("a parker is of no use after detach()", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const handle = parker.detach();
  runtime.unparker(handle).unpark();
  await assertUnusable(parker, USES, released);
  const adopted = runtime.adopt(handle);
  await assertUnusable(parker, USES, released);
  parker.release();
  assert.equal(adopted.park(), "unparked");
  assertParks(runtime, adopted);
});

test("a parker is of no use after shutdown() and release()", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  runtime.shutdown();
  assert.equal(parker.park(), "shutdown");
  parker.release();
  await assertUnusable(parker, USES, released);
});

test("Parker.counters() of a released parker are not the next one's", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  parker.release();
  const next = runtime.parker();
  assert.equal(next.parkTimeout(1), "timed-out");
  let parks = 0;
  try {
    ({ parks } = parker.counters);
  } catch (thrown) {
    assert.equal((thrown as LaybyError).code, "released");
  }
  assert.equal(parks, 0);
});

for (const timeout of [Infinity, 1e6]) {
  test(`a parker is in use while parkAsync(${timeout}) is pending`, async () => {
    using runtime = Runtime.create();
    const parker = runtime.parker();
    const parked = parker.parkAsync({ timeout });
    const uses = {
      ...USES,
      "release()": (it: Parker) => it.release(),
      "[Symbol.dispose]()": (it: Parker) => it[Symbol.dispose](),
    };
    await assertUnusable(
      parker,
      uses,
      error("in-use", /is parked: unpark it and await its parkAsync\(\) first/),
    );
    assert.ok(isParked(runtime, parker.handle));
    // Nor may others take the token from under it.
    runtime.unparker(parker.handle).unpark();
    assert.throws(() => parker.park(), { code: "in-use" });
    assert.equal(await parked, "unparked");
    assertParks(runtime, parker);
    parker.release();
  });
}

test("a parker may be used when its parkAsync() has failed", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const controller = new AbortController();
  const parked = parker.parkAsync({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(parked, { message: "enough" });
  assertParks(runtime, parker);
  await assert.rejects(parker.parkAsync({ signal: controller.signal }), {
    message: "enough",
  });
  assertParks(runtime, parker);
  parker.release();
});
