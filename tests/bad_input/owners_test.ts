// Two threads that own one parker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Parker, Runtime } from "../../mod.ts";
import {
  CONFLICT,
  DRIVER,
  RING,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import { coreOf, createDriven, doorbellOf } from "../cores.ts";
import { join } from "../join.ts";
import { isParked, run, settled, untilParked } from "../threads.ts";
import {
  assertParks,
  assertRefused,
  assertRuns,
  assertUnusable,
  error,
} from "./expected.ts";

const BODIES = new URL("./bodies.ts", import.meta.url);

const twoOwners = error(
  "two-owners",
  /: claim one for each thread, or detach\(\) it there first/,
);

test("Runtime.adopt() refuses a parker that was not detached", () => {
  using runtime = Runtime.create();
  using other = Runtime.attach(runtime.handle);
  const parker = runtime.parker();
  const { handle } = parker;
  assertRefused((it) => other.adopt(it), [handle], twoOwners);
  assertRefused((it) => runtime.adopt(it), [handle], twoOwners);
  const adopted = other.adopt(parker.detach());
  assertRefused((it) => runtime.adopt(it), [handle], twoOwners);
  assertParks(runtime, adopted);
});

/** Every use that finds out that somebody else is parked. */
const PARKS: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(1)": (parker) => parker.parkTimeout(1),
  "parkDeadline(0)": (parker) => parker.parkDeadline(0),
  "parkAsync()": (parker) => parker.parkAsync(),
  "parkAsync(1)": (parker) => parker.parkAsync({ timeout: 1 }),
  "release()": (parker) => parker.release(),
};

test("two threads that park on one parker are told apart", async () => {
  using runtime = Runtime.create({ driver: "event-loop" });
  const parker = runtime.parker();
  const intruder = run(runtime, BODIES, "intrude", parker.handle);
  await untilParked(runtime, parker.handle);
  await assertUnusable(parker, PARKS, twoOwners);
  // The one that was there first sleeps on, and wakes.
  assert.ok(isParked(runtime, parker.handle));
  runtime.unparker(parker.handle).unpark();
  assert.deepEqual(await join(intruder), [UNPARKED]);
  assertParks(runtime, parker);
  parker.release();
});

test("two threads in the driver with one parker are told apart", async () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  const { address, claim } = parker.handle;
  const { exports } = coreOf(runtime);
  assert.equal(exports.parkerPark(address, claim, Infinity), DRIVER);
  await assertUnusable(parker, PARKS, twoOwners);
  // The one that was there first sleeps in the driver still, and hears its bell.
  assert.equal(exports.parkerUnpark(address, claim), RING);
  assert.equal(exports.parkerLeave(address, claim, 0, 0), UNPARKED);
  // The driver is free again, and the parker as well.
  assertRuns(runtime);
  assertParks(runtime, parker);
});

test("a thread that parks on another's parker leaves its sleep alone", async () => {
  using runtime = Runtime.create();
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const parked = parker.parkAsync();
  const intruder = run(runtime, BODIES, "intrude", parker.handle);
  assert.deepEqual(await join(intruder), [CONFLICT]);
  runtime.unparker(parker.handle).unpark();
  try {
    assert.equal(await settled(parked), "unparked");
  } finally {
    // Wakes it all the same, so that the process can end.
    Atomics.add(core.words, doorbellOf(core, parker.handle), 1);
    Atomics.notify(core.words, doorbellOf(core, parker.handle));
  }
  assertRuns(runtime);
});
