// Item 80 of the checklist: what a parker calls around its sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Parker,
  type ParkerOptions,
  type ParkResult,
  Runtime,
} from "../../mod.ts";
import { DRIVER } from "../../src/core/core.generated.ts";
import { coreOf, createDriven } from "../cores.ts";
import { join } from "../join.ts";
import { isParked, run, settled, until, untilParked } from "../threads.ts";
import { Nudge, SLEEPS } from "./sleeps.ts";

const BODIES = new URL("./hooks_bodies.ts", import.meta.url);

const DRIVERS = ["time", "event-loop"] as const;

/** Every park that sleeps until there is a token. */
const ENDLESS: Record<string, (parker: Parker) => Promise<ParkResult>> = {
  "park()": async (parker) => await parker.park(),
  "parkTimeout(Infinity)": async (parker) => await parker.parkTimeout(Infinity),
  "parkDeadline(Infinity)": async (parker) =>
    await parker.parkDeadline(Infinity),
  "parkAsync()": (parker) => parker.parkAsync(),
};

/** Every park that ends by itself. */
const TIMED: Record<string, (parker: Parker) => Promise<ParkResult>> = {
  "parkTimeout(1)": async (parker) => await parker.parkTimeout(1),
  "parkDeadline(0)": async (parker) => await parker.parkDeadline(0),
  "parkAsync(1)": (parker) => parker.parkAsync({ timeout: 1 }),
};

/** Hooks that write down how they are called. */
function logging(calls: string[]): ParkerOptions {
  return {
    beforePark: () => calls.push("before"),
    afterUnpark: (result) => calls.push(`after ${result}`),
  };
}

for (const driver of DRIVERS) {
  for (const [name, park] of Object.entries(TIMED)) {
    test(`Parker.${name} calls each hook once: ${driver}`, async () => {
      using runtime = createDriven({ driver });
      const calls: string[] = [];
      const parker = runtime.parker(logging(calls));
      for (let round = 0; round < 3; round++) {
        assert.equal(await park(parker), "timed-out");
        assert.deepEqual(calls.splice(0), ["before", "after timed-out"]);
      }
    });
  }

  for (const [name, park] of Object.entries({ ...ENDLESS, ...TIMED })) {
    test(`Parker.${name} that finds its token calls no hook: ${driver}`, async () => {
      using runtime = createDriven({ driver });
      const calls: string[] = [];
      const parker = runtime.parker(logging(calls));
      runtime.unparker(parker.handle).unpark();
      assert.equal(await park(parker), "unparked");
      assert.deepEqual(calls, []);
    });
  }

  test(`a park with a timeout of 0 calls no hook: ${driver}`, async () => {
    using runtime = createDriven({ driver });
    const calls: string[] = [];
    const parker = runtime.parker(logging(calls));
    // Whether there is a timer to fire, a token, or neither.
    const timer = runtime.timer(parker.handle);
    timer.schedule(runtime.now());
    for (let round = 0; round < 3; round++) {
      parker.parkTimeout(0);
      await parker.parkAsync({ timeout: 0 });
    }
    runtime.unparker(parker.handle).unpark();
    parker.parkTimeout(0);
    await parker.parkAsync({ timeout: 0 });
    assert.deepEqual(calls, []);
    // The token has been left alone.
    assert.equal(parker.park(), "unparked");
  });

  for (const [name, park] of Object.entries({ ...ENDLESS, ...TIMED })) {
    test(`beforePark may unpark its own parker: ${name}, ${driver}`, async () => {
      using runtime = createDriven({ driver });
      const calls: string[] = [];
      const { beforePark, afterUnpark } = logging(calls);
      // Others know of the runtime, for all that the parker can tell.
      Runtime.attach(runtime.handle);
      const parker = runtime.parker({
        beforePark: () => {
          beforePark!();
          runtime.unparker(parker.handle).unpark();
        },
        afterUnpark: afterUnpark!,
      });
      assert.equal(await park(parker), "unparked");
      assert.deepEqual(calls, ["before", "after unparked"]);
      assert.equal(parker.counters.parks, 0);
      assert.equal(await parker.parkAsync({ timeout: 0 }), "timed-out");
    });
  }
}

test("beforePark may end a park that nothing else can end", () => {
  using runtime = createDriven();
  const unparks = runtime.parker({
    beforePark: () => runtime.unparker(unparks.handle).unpark(),
  });
  assert.equal(unparks.park(), "unparked");
  const arms = runtime.parker({
    beforePark: () => runtime.timer(arms.handle).schedule(runtime.now()),
  });
  assert.equal(arms.park(), "unparked");
});

test("beforePark may arm the timer that ends the park", async () => {
  using runtime = createDriven();
  const parker = runtime.parker({
    beforePark: () => timer.schedule(runtime.now() + 1),
  });
  const timer = runtime.timer(parker.handle);
  assert.equal(parker.parkTimeout(1e6), "unparked");
  assert.equal(await parker.parkAsync({ timeout: 1e6 }), "unparked");
});

test("beforePark is called before the sleep, and afterUnpark after it", async () => {
  using runtime = createDriven();
  const seen: boolean[] = [];
  const look = () => seen.push(isParked(runtime, parker.handle));
  const parker: Parker = runtime.parker({
    beforePark: look,
    afterUnpark: look,
  });
  parker.parkTimeout(1);
  await parker.parkAsync({ timeout: 1 });
  assert.deepEqual(seen, [false, false, false, false]);
  assert.equal(parker.counters.timeouts, 2);
});

test("afterUnpark is told how the park ended", async () => {
  using runtime = createDriven({ parkers: 2 });
  const calls: string[] = [];
  const parker = runtime.parker(logging(calls));
  const other = runtime.timer(runtime.parker().handle);
  other.schedule(runtime.now());
  assert.equal(parker.park(), "driver");
  other.schedule(runtime.now());
  assert.equal(await parker.parkAsync(), "driver");
  const own = runtime.timer(parker.handle);
  own.schedule(runtime.now() + 1);
  assert.equal(parker.park(), "unparked");
  own.schedule(runtime.now() + 1);
  assert.equal(await parker.parkAsync(), "unparked");
  const parked = parker.parkAsync();
  runtime.shutdown();
  assert.equal(await parked, "shutdown");
  assert.deepEqual(calls, [
    ...["before", "after driver", "before", "after driver"],
    ...["before", "after unparked", "before", "after unparked"],
    ...["before", "after shutdown"],
  ]);
});

test("afterUnpark may unpark its own parker", async () => {
  using runtime = createDriven();
  const parker = runtime.parker({
    afterUnpark: () => runtime.unparker(parker.handle).unpark(),
  });
  assert.equal(parker.parkTimeout(1), "timed-out");
  assert.equal(parker.park(), "unparked");
  assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
  assert.equal(await parker.parkAsync(), "unparked");
});

for (const sleep of SLEEPS) {
  test(`a sleep ${sleep.where} has its hooks called once, spurious wakes or not`, async () => {
    using runtime = createDriven(sleep.options);
    const core = coreOf(runtime);
    const handle = runtime.parker().detach();
    const args = { handle, yields: sleep.yields };
    const thread = run(runtime, BODIES, "park", args);
    await untilParked(runtime, handle);
    const nudge = new Nudge(core, sleep);
    const word = sleep.word(core, handle);
    for (let wakes = 0; wakes < 5; wakes++) {
      await until(() => nudge.at(word));
    }
    runtime.unparker(handle).unpark();
    assert.deepEqual(await join(thread), [
      ["before", "after unparked", "unparked"],
    ]);
  });
}

// Such an asynchronous park blocks for a moment at first, and may sleep twice.
test("hooks are called in turn when answers come at once", async () => {
  const rounds = 300;
  using runtime = createDriven();
  const calls: string[] = [];
  const parker = runtime.parker(logging(calls));
  const echo = runtime.parker().detach();
  const args = { mine: echo, theirs: parker.handle, rounds };
  const thread = run(runtime, BODIES, "echo", args);
  await untilParked(runtime, echo);
  const unparker = runtime.unparker(echo);
  for (let round = 0; round < rounds; round++) {
    unparker.unpark();
    const before = calls.length;
    assert.equal(await settled(parker.parkAsync()), "unparked");
    // None if the token was there already.
    const made = calls.slice(before);
    if (made.length > 0) assert.deepEqual(made, ["before", "after unparked"]);
  }
  await join(thread);
});

// ==== hooks that throw ====

const OOPS = { message: "oops" };

function oops(): never {
  throw new Error("oops");
}

for (const [name, park] of Object.entries({ ...ENDLESS, ...TIMED })) {
  test(`Parker.${name} throws what beforePark does, and has not begun`, async () => {
    using runtime = createDriven();
    const calls: string[] = [];
    let isBroken = true;
    const parker = runtime.parker({
      beforePark: () => {
        runtime.unparker(parker.handle).unpark();
        if (isBroken) oops();
      },
      afterUnpark: (result) => calls.push(`after ${result}`),
    });
    Runtime.attach(runtime.handle);
    await assert.rejects(park(parker), OOPS);
    assert.equal(parker.counters.parks, 0);
    assert.deepEqual(calls, []);
    // The token is there still, and there once.
    assert.equal(await park(parker), "unparked");
    await assert.rejects(park(parker), OOPS);
    isBroken = false;
    assert.equal(await park(parker), "unparked");
    assert.equal(await park(parker), "unparked");
    parker.release();
  });

  test(`Parker.${name} throws what afterUnpark does, and keeps the token`, async () => {
    using runtime = createDriven();
    let isBroken = true;
    const parker = runtime.parker({
      beforePark: () => runtime.unparker(parker.handle).unpark(),
      afterUnpark: () => {
        if (isBroken) oops();
      },
    });
    Runtime.attach(runtime.handle);
    for (let round = 0; round < 3; round++) {
      await assert.rejects(park(parker), OOPS);
      // The token is there still, and there once.
      assert.equal(await park(parker), "unparked");
    }
    isBroken = false;
    assert.equal(await park(parker), "unparked");
    parker.release();
  });
}

for (const [name, park] of Object.entries(TIMED)) {
  test(`afterUnpark that throws when ${name} times out makes no token`, async () => {
    using runtime = createDriven();
    let isBroken = true;
    const parker = runtime.parker({
      afterUnpark: () => {
        if (isBroken) oops();
      },
    });
    await assert.rejects(park(parker), OOPS);
    isBroken = false;
    assert.equal(await park(parker), "timed-out");
    const { parks, timeouts } = parker.counters;
    assert.deepEqual({ parks, timeouts }, { parks: 2, timeouts: 2 });
  });
}

test("afterUnpark that throws keeps nobody from shutdown", async () => {
  using runtime = createDriven();
  const parker = runtime.parker({ afterUnpark: oops });
  const parked = parker.parkAsync();
  runtime.shutdown();
  await assert.rejects(parked, OOPS);
  assert.throws(() => parker.park(), OOPS);
  parker.release();
});

// ==== parks that throw ====

test("afterUnpark is called with nothing when a parkAsync() is aborted", async () => {
  using runtime = createDriven();
  const calls: string[] = [];
  const parker = runtime.parker(logging(calls));
  const controller = new AbortController();
  const parked = parker.parkAsync({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(parked, { message: "enough" });
  assert.deepEqual(calls, ["before", "after undefined"]);
  // One that is aborted at once does not begin.
  const { signal } = controller;
  await assert.rejects(parker.parkAsync({ signal }), { message: "enough" });
  assert.deepEqual(calls, ["before", "after undefined"]);
});

test("afterUnpark is called with nothing when another owner is parked", async () => {
  using runtime = createDriven();
  const calls: string[] = [];
  const parker = runtime.parker(logging(calls));
  const { address, claim } = parker.handle;
  const { exports } = coreOf(runtime);
  assert.equal(exports.parkerPark(address, claim, Infinity), DRIVER);
  for (const park of Object.values({ ...ENDLESS, ...TIMED })) {
    await assert.rejects(park(parker), { code: "two-owners" });
    assert.deepEqual(calls.splice(0), ["before", "after undefined"]);
  }
  exports.parkerLeave(address, claim, 0, 1);
  assert.equal(parker.parkTimeout(1), "timed-out");
});

// In a thread, since it would hang if it were not refused.
test("afterUnpark is called with nothing when a park is refused", async () => {
  using runtime = createDriven();
  const thread = run(runtime, BODIES, "parkAlone");
  const calls = await settled(thread.result)
    .finally(() => thread.terminate());
  assert.deepEqual(calls, ["before", "after undefined", "unwakeable"]);
});

test("no hook is called when a park is refused before it begins", async () => {
  using runtime = createDriven();
  const calm = Runtime.attach(runtime.handle, { blocking: false });
  const calls: string[] = [];
  const parker = calm.parker(logging(calls));
  assert.throws(() => parker.park(), { code: "cannot-block" });
  const parked = parker.parkAsync({ timeout: 1 });
  assert.deepEqual(calls.splice(0), ["before"]);
  await assert.rejects(parker.parkAsync(), { code: "in-use" });
  assert.deepEqual(calls, []);
  assert.equal(await parked, "timed-out");
  parker.release();
  assert.throws(() => parker.park(), { code: "released" });
  assert.deepEqual(calls, ["after timed-out"]);
});
