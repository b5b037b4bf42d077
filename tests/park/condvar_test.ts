// Section 9.B of the checklist: the sleep outside the driver, and what all
// sleeps have in common with it.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { type ParkerHandle, Runtime, type Thread } from "../../mod.ts";
import {
  DONE,
  DRIVER,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
  RING,
  SLEEP,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import {
  bellOf,
  type Core,
  coreOf,
  createDriven,
  doorbellOf,
  occupyDriver,
  stateOf,
} from "../cores.ts";
import {
  isParked,
  outcome,
  run,
  settled,
  sharedWords,
  until,
  untilParked,
} from "../threads.ts";
import { Nudge, type Sleep, SLEEPS, WAITS } from "./sleeps.ts";

const PARKS = new URL("./park_bodies.ts", import.meta.url);

const MINUTE = 60_000;

for (const wait of WAITS) {
  test(`Parker.park() sleeps on its word until its token, if the driver is busy, by ${wait} (9.B.13)`, async () => {
    using runtime = createDriven({ parkers: 2, wait });
    const core = coreOf(runtime);
    occupyDriver(runtime, core);
    const handle = runtime.parker().detach();
    const words = sharedWords(1);
    const owner = run(runtime, PARKS, "park", { handle, words });
    await untilParked(runtime, handle);
    assert.equal(stateOf(core, handle), PARKED_CONDVAR);
    words[0] = 1;
    runtime.unparker(handle).unpark();
    const { results, seen, counters } = await outcome(owner);
    assert.deepEqual(results, ["unparked"]);
    assert.equal(seen, 1);
    assert.equal(counters.parks, 1);
    assert.equal(counters.turns, 0);
  });
}

/** Wakes a sleeper for no reason, so many times. */
async function nudge(
  core: Core,
  sleep: Sleep,
  handle: ParkerHandle,
  times: number,
): Promise<void> {
  const word = sleep.word(core, handle);
  const wake = new Nudge(core, sleep);
  for (let left = times; left > 0; left--) {
    // Nobody is there to be woken until the last one sleeps again.
    await until(() => wake.at(word));
  }
}

for (const sleep of SLEEPS) {
  test(`A parker that sleeps ${sleep.where} outlasts spurious wakes (9.B.14)`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 1 });
    const core = coreOf(runtime);
    const handle = runtime.parker().detach();
    const words = sharedWords(1);
    const { yields } = sleep;
    const owner = run(runtime, PARKS, "park", { handle, words, yields });
    await untilParked(runtime, handle);
    await nudge(core, sleep, handle, 20);
    assert.equal(stateOf(core, handle), sleep.state);
    words[0] = 1;
    runtime.unparker(handle).unpark();
    const { results, seen } = await outcome(owner);
    assert.deepEqual(results, ["unparked"]);
    assert.equal(seen, 1);
  });
}

test("An unpark between commit and sleep keeps the state word from sleep (9.B.15)", () => {
  using runtime = Runtime.create({ parkers: 1, driver: "event-loop" });
  const { exports, words } = coreOf(runtime);
  const { address, claim } = runtime.parker().handle;
  assert.equal(exports.parkerCommit(address, claim), SLEEP);
  assert.equal(exports.parkerUnpark(address, claim), DONE);
  assert.equal(
    Atomics.wait(words, address >> 2, claim | PARKED_CONDVAR, MINUTE),
    "not-equal",
  );
  assert.equal(exports.parkerEndSleep(address, claim, 0), UNPARKED);
});

test("An unpark between commit and sleep keeps the driver from sleep (9.B.15)", () => {
  using runtime = createDriven({ parkers: 1 });
  const { exports } = coreOf(runtime);
  const { address, claim } = runtime.parker().handle;
  const driver = new TimeDriver(exports, undefined);
  assert.equal(exports.parkerCommit(address, claim), DRIVER);
  assert.equal(exports.parkerUnpark(address, claim), RING);
  driver.unpark();
  const began = runtime.now();
  driver.park(MINUTE);
  assert.ok(runtime.now() < began + MINUTE);
  assert.equal(exports.parkerLeave(address, claim, 0, 0), UNPARKED);
});

test("An unpark between commit and sleep keeps the event loop from sleep (9.B.15)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const core = coreOf(runtime);
  const { exports, words } = core;
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  const driver = new EventLoopDriver(words, doorbellOf(core, handle));
  assert.equal(exports.parkerCommitLoop(address, claim), DRIVER);
  assert.equal(exports.parkerUnpark(address, claim), DONE);
  const began = runtime.now();
  await settled(driver.park(MINUTE));
  assert.ok(runtime.now() < began + MINUTE);
  assert.equal(exports.parkerLeaveLoop(address, claim, 0, 0), UNPARKED);
});

/** Threads that are parked, each on a parker of its own. */
async function parked(
  runtime: Runtime,
  ways: readonly { yields?: boolean; count?: number }[],
): Promise<{ handles: ParkerHandle[]; owners: Thread[] }> {
  const handles = ways.map(() => runtime.parker().detach());
  const owners = ways.map((way, index) =>
    run(runtime, PARKS, "park", { handle: handles[index], ...way })
  );
  for (const handle of handles) await untilParked(runtime, handle);
  return { handles, owners };
}

for (const wait of WAITS) {
  test(`Waking one parker ends no other's sleep, by ${wait} (9.B.16)`, async () => {
    using runtime = createDriven({ parkers: 4, wait });
    // One in the driver, two on their words, one in its event loop.
    const { handles, owners } = await parked(runtime, [
      {},
      {},
      {},
      { yields: true },
    ]);
    const states = handles.map((handle) => stateOf(coreOf(runtime), handle));
    assert.deepEqual(states.sort(), [
      ...[PARKED_CONDVAR, PARKED_CONDVAR],
      ...[PARKED_DRIVER, PARKED_DRIVER],
    ]);
    const before = handles.map((handle) => runtime.counters(handle));
    for (const [place, owner] of owners.entries()) {
      runtime.unparker(handles[place]!).unpark();
      assert.deepEqual((await outcome(owner)).results, ["unparked"]);
      for (let other = place + 1; other < owners.length; other++) {
        assert.ok(isParked(runtime, handles[other]!));
        assert.deepEqual(runtime.counters(handles[other]!), before[other]);
      }
    }
  });
}

// An unparker can be late between its exchange and its notify: the owner has
// taken the token by then, and sleeps again.
for (const sleep of SLEEPS) {
  test(`A parker that sleeps ${sleep.where} outlasts the wake of its last sleep (9.B.17)`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 1 });
    const core = coreOf(runtime);
    const handle = runtime.parker().detach();
    const words = sharedWords(1);
    const { yields } = sleep;
    const owner = run(runtime, PARKS, "park", {
      handle,
      words,
      yields,
      count: 2,
    });
    await untilParked(runtime, handle);
    runtime.unparker(handle).unpark();
    await until(() => runtime.counters(handle).parks === 2);
    // The second one finds it asleep again.
    await nudge(core, sleep, handle, 2);
    assert.ok(isParked(runtime, handle));
    words[0] = 1;
    runtime.unparker(handle).unpark();
    const { results, seen } = await outcome(owner);
    assert.deepEqual(results, ["unparked", "unparked"]);
    assert.equal(seen, 1);
  });
}

for (const wait of WAITS) {
  test(`Parked threads use no processor, by ${wait} (9.B.18)`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const { handles, owners } = await parked(runtime, [
      {},
      {},
      { yields: true },
    ]);
    const counts = handles.map((handle) => runtime.counters(handle));
    const wall = 300;
    const before = process.cpuUsage();
    // Not for an order: this is the time that is measured.
    await new Promise((resolve) => setTimeout(resolve, wall));
    const { user, system } = process.cpuUsage(before);
    // Whoever polls takes a core, or what others leave of it.
    const used = (user + system) / 1000;
    assert.ok(used < wall / 3, `${used} ms of ${wall}`);
    assert.deepEqual(handles.map((handle) => runtime.counters(handle)), counts);
    for (const handle of handles) runtime.unparker(handle).unpark();
    for (const owner of owners) await outcome(owner);
  });
}

for (const sleep of SLEEPS) {
  test(`Each of many that sleep ${sleep.where} gets its token`, async () => {
    const count = 4;
    const rounds = 50;
    using runtime = createDriven({ ...sleep.options, parkers: count });
    const core = coreOf(runtime);
    const { yields } = sleep;
    const { handles, owners } = await parked(
      runtime,
      Array.from({ length: count }, () => ({ yields, count: rounds })),
    );
    const unparkers = handles.map((handle) => runtime.unparker(handle));
    for (let round = 0; round < rounds; round++) {
      for (const unparker of unparkers) unparker.unpark();
      // Two unparks of an owner that is slow would become one token.
      await until(() =>
        handles.every((handle) => stateOf(core, handle) !== NOTIFIED)
      );
    }
    for (const owner of owners) {
      const { results } = await outcome(owner);
      assert.ok(results.every((result: string) => result === "unparked"));
    }
  });
}

test("The bell is not the state word: a ring ends no sleep outside the driver", async () => {
  using runtime = createDriven({ parkers: 2 });
  const core = coreOf(runtime);
  occupyDriver(runtime, core);
  const { handles, owners } = await parked(runtime, [{}]);
  const handle = handles[0]!;
  core.exports.bellRing();
  Atomics.notify(core.words, bellOf(core));
  assert.equal(stateOf(core, handle), PARKED_CONDVAR);
  assert.equal(runtime.counters(handle).noops, 0);
  runtime.unparker(handle).unpark();
  await outcome(owners[0]!);
});
