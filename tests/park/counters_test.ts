// Section 9.K of the checklist: what a parker counts of itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParkerCounters, type ParkerHandle, Runtime } from "../../mod.ts";
import { coreOf, createDriven } from "../cores.ts";
import { join } from "../join.ts";
import { isParked, run, sharedWords, until, untilParked } from "../threads.ts";
import type { Tally } from "./counters_bodies.ts";
import { Nudge, SLEEPS } from "./sleeps.ts";

const BODIES = new URL("./counters_bodies.ts", import.meta.url);

const HOUR = 3_600_000;
const DRIVERS = ["time", "event-loop"] as const;

const NONE: ParkerCounters = {
  parks: 0,
  unparks: 0,
  timeouts: 0,
  events: 0,
  noops: 0,
  turns: 0,
  parked: 0,
};

/** Sleeps that have ended. */
function ended({ unparks, timeouts, events, noops }: ParkerCounters): number {
  return unparks + timeouts + events + noops;
}

/** What sleeps were for, without what depends on the driver and the clock. */
function ends({ unparks, timeouts, events }: ParkerCounters) {
  return { unparks, timeouts, events };
}

test("Parker.counters are 0 at first", () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  assert.deepEqual(parker.counters, NONE);
  assert.deepEqual(runtime.counters(parker.handle), NONE);
});

for (const driver of DRIVERS) {
  test(`a park that finds its token counts nothing: ${driver}`, async () => {
    using runtime = createDriven({ driver });
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    const parks = [
      () => parker.park(),
      () => parker.parkTimeout(1),
      () => parker.parkDeadline(0),
      () => parker.parkAsync(),
    ];
    for (const park of parks) {
      unparker.unpark();
      assert.equal(await park(), "unparked");
    }
    assert.deepEqual(parker.counters, NONE);
  });

  // Item 100.
  test(`a park with a timeout of 0 counts no park: ${driver}`, async () => {
    using runtime = createDriven({ driver });
    const parker = runtime.parker();
    runtime.timer(parker.handle).schedule(runtime.now());
    for (let round = 0; round < 5; round++) {
      parker.parkTimeout(0);
      await parker.parkAsync({ timeout: 0 });
    }
    const { turns: _, ...rest } = parker.counters;
    const { turns: __, ...none } = NONE;
    assert.deepEqual(rest, none);
  });

  test(`a park that times out counts a timeout: ${driver}`, async () => {
    using runtime = createDriven({ driver });
    const parker = runtime.parker();
    const parks = [
      () => parker.parkTimeout(1),
      () => parker.parkDeadline(0),
      () => parker.parkDeadline(runtime.now() + 1),
      () => parker.parkAsync({ timeout: 1 }),
    ];
    let timeouts = 0;
    for (const park of parks) {
      assert.equal(await park(), "timed-out");
      assert.deepEqual(ends(parker.counters), {
        unparks: 0,
        timeouts: ++timeouts,
        events: 0,
      });
      assert.equal(parker.counters.parks, ended(parker.counters));
    }
  });
}

test("a park that fires another's timer counts an event", async () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  const timer = runtime.timer(runtime.parker().handle);
  timer.schedule(runtime.now());
  assert.equal(parker.park(), "driver");
  assert.deepEqual(ends(parker.counters), {
    unparks: 0,
    timeouts: 0,
    events: 1,
  });
  timer.schedule(runtime.now());
  assert.equal(await parker.parkAsync(), "driver");
  assert.deepEqual(ends(parker.counters), {
    unparks: 0,
    timeouts: 0,
    events: 2,
  });
  assert.equal(parker.counters.parks, ended(parker.counters));
});

test("Parker.counters count the turns of the driver", () => {
  using runtime = createDriven({ parkers: 2 });
  const { exports } = coreOf(runtime);
  const parker = runtime.parker();
  const other = runtime.parker();
  for (let turns = 1; turns <= 3; turns++) {
    parker.parkTimeout(0);
    assert.equal(parker.counters.turns, turns);
  }
  assert.ok(exports.driverTake(other.handle.address));
  // Somebody else has the driver.
  parker.parkTimeout(0);
  parker.parkTimeout(1);
  assert.equal(parker.counters.turns, 3);
  exports.driverLeave();
  parker.parkTimeout(0);
  assert.equal(parker.counters.turns, 4);
  assert.equal(other.counters.turns, 0);
});

for (const sleep of SLEEPS) {
  test(`others read the counters of one that sleeps ${sleep.where}`, async () => {
    using runtime = createDriven(sleep.options);
    const attached = Runtime.attach(runtime.handle);
    const handle = runtime.parker().detach();
    const args = { handle, yields: sleep.yields, timeout: Infinity };
    const thread = run(runtime, BODIES, "park", args);
    await untilParked(runtime, handle);
    for (let reads = 0; reads < 100; reads++) {
      const counters = attached.counters(handle);
      assert.deepEqual({ ...counters, turns: 0 }, { ...NONE, parks: 1 });
    }
    runtime.unparker(handle).unpark();
    const [{ counters, inside }] = await join(thread) as [Tally];
    assert.equal(counters.parks, 1);
    assert.deepEqual(ends(counters), { unparks: 1, timeouts: 0, events: 0 });
    assert.ok(counters.parked > 0 && counters.parked <= inside);
    assert.deepEqual(attached.counters(handle), counters);
  });

  test(`shutdown counts as an unpark of one that sleeps ${sleep.where}`, async () => {
    using runtime = createDriven(sleep.options);
    const handle = runtime.parker().detach();
    const args = { handle, yields: sleep.yields, timeout: Infinity };
    const thread = run(runtime, BODIES, "park", args);
    await untilParked(runtime, handle);
    runtime.shutdown();
    const [{ results, counters }] = await join(thread) as [Tally];
    assert.equal(results.shutdown, 1);
    assert.equal(counters.parks, 1);
    assert.equal(counters.unparks, 1);
    // And for ever after: a park that finds the shutdown does not sleep.
    assert.equal(runtime.counters(handle).parks, 1);
  });

  for (const timeout of [HOUR, Infinity]) {
    test(`wakes in vain keep the sum of one that sleeps ${sleep.where}, for ${timeout} ms`, async () => {
      using runtime = createDriven(sleep.options);
      const core = coreOf(runtime);
      const handle = runtime.parker().detach();
      const args = { handle, yields: sleep.yields, timeout };
      const thread = run(runtime, BODIES, "park", args);
      await untilParked(runtime, handle);
      const nudge = new Nudge(core, sleep);
      const word = sleep.word(core, handle);
      for (let wakes = 0; wakes < 20; wakes++) {
        await until(() => nudge.at(word));
      }
      await untilParked(runtime, handle);
      runtime.unparker(handle).unpark();
      const [{ results, counters }] = await join(thread) as [Tally];
      assert.equal(results.unparked, 1);
      const { unparks } = counters;
      assert.deepEqual(ends(counters), { unparks, timeouts: 0, events: 0 });
      assert.equal(counters.parks, unparks + counters.noops);
      assert.ok(counters.noops <= 20);
      // With a deadline it wakes from each nudge and sleeps anew: the token may
      // come in between, and ends no sleep then.
      assert.ok(unparks === 1 || timeout === HOUR && unparks === 0);
    });
  }
}

// Item 99. Here a sleep with a deadline ends to have its time told anew.
test("a park with a deadline counts each wake in vain", async () => {
  using runtime = Runtime.create({ driver: "event-loop" });
  const { words } = coreOf(runtime);
  const handle = runtime.parker().detach();
  const args = { handle, yields: false, timeout: HOUR };
  const thread = run(runtime, BODIES, "park", args);
  await untilParked(runtime, handle);
  for (let wakes = 1; wakes <= 20; wakes++) {
    await until(() => Atomics.notify(words, handle.address >> 2) > 0);
    await until(() => runtime.counters(handle).noops === wakes);
    await untilParked(runtime, handle);
    const counters = runtime.counters(handle);
    assert.equal(counters.parks, wakes + 1);
    assert.equal(counters.parks, ended(counters) + 1);
  }
  runtime.unparker(handle).unpark();
  const [{ counters }] = await join(thread) as [Tally];
  assert.equal(counters.noops, 20);
  assert.equal(counters.unparks, 1);
  assert.equal(counters.parks, 21);
});

// ==== time ====

for (const sleep of SLEEPS) {
  test(`Parker.counters have the time that it slept ${sleep.where}`, async () => {
    using runtime = createDriven(sleep.options);
    const handle = runtime.parker().detach();
    const args = { handle, yields: sleep.yields, timeout: Infinity };
    const thread = run(runtime, BODIES, "park", args);
    await untilParked(runtime, handle);
    const asleep = runtime.now();
    // Bounds a sleep that must not end from below.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const slept = runtime.now() - asleep;
    runtime.unparker(handle).unpark();
    const [{ counters, inside }] = await join(thread) as [Tally];
    // The clocks of two threads differ by microseconds.
    assert.ok(counters.parked >= slept - 0.5, `${counters.parked} of ${slept}`);
    assert.ok(counters.parked <= inside, `${counters.parked} of ${inside}`);
  });
}

test("Parker.counters add up the time of all parks", async () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  let { parked } = parker.counters;
  const parks = [
    () => parker.parkTimeout(2),
    () => parker.parkDeadline(runtime.now() + 2),
    () => parker.parkAsync({ timeout: 2 }),
  ];
  for (const park of parks) {
    const began = runtime.now();
    assert.equal(await park(), "timed-out");
    const took = runtime.now() - began;
    const more = parker.counters.parked - parked;
    // What comes before the sleep is not part of it, and takes no millisecond.
    assert.ok(more > 0 && more <= took, `${more} of ${took}`);
    ({ parked } = parker.counters);
  }
});

test("Parker.counters have the time of a park that was aborted", async () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  const controller = new AbortController();
  const parked = parker.parkAsync({ signal: controller.signal });
  const asleep = runtime.now();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const slept = runtime.now() - asleep;
  controller.abort(new Error("enough"));
  await assert.rejects(parked, { message: "enough" });
  assert.ok(parker.counters.parked >= slept);
  assert.equal(parker.counters.parks, ended(parker.counters));
});

// ==== many threads ====

for (const driver of DRIVERS) {
  test(`the sum holds for many that park at once: ${driver}`, async () => {
    const owners = 3;
    using runtime = createDriven({ driver });
    const words = sharedWords(1);
    const handles = Array.from(
      { length: owners },
      () => runtime.parker().detach(),
    );
    const timers = handles.map((handle) => runtime.timer(handle));
    const threads = handles.map((handle) =>
      run(runtime, BODIES, "parkOn", { handle, words })
    );
    const unparks = run(runtime, BODIES, "unparkOn", { handles, words });
    const last = handles.map(() => NONE);
    const isEnough = ({ parks, unparks, timeouts }: ParkerCounters) =>
      parks > 200 && unparks > 20 && timeouts > 20;
    await until(() => {
      for (const [place, handle] of handles.entries()) {
        timers[place]!.schedule(runtime.now() + 0.5);
        last[place] = assertGrown(runtime, handle, last[place]!);
      }
      return last.every(isEnough);
    });
    Atomics.store(words, 0, 1);
    await join(unparks);
    for (const tally of await join(...threads) as Tally[]) {
      const { results, counters, inside } = tally;
      assert.equal(counters.parks, ended(counters));
      // Parks that found a token, or did not sleep, are not counted.
      assert.ok(counters.unparks <= results["unparked"]);
      assert.ok(counters.timeouts <= counters.parks);
      assert.ok(counters.parked > 0 && counters.parked <= inside);
    }
    for (const handle of handles) assert.ok(!isParked(runtime, handle));
  });
}

/** Asserts that no counter has gone back, and returns what they are. */
function assertGrown(
  runtime: Runtime,
  handle: ParkerHandle,
  last: ParkerCounters,
): ParkerCounters {
  const now = runtime.counters(handle);
  for (const name of Object.keys(NONE) as (keyof ParkerCounters)[]) {
    assert.ok(now[name] >= last[name], `${name}: ${last[name]}, ${now[name]}`);
  }
  return now;
}
