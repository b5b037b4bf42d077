// Section 9.C of the checklist: timeouts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Parker, Runtime } from "../../mod.ts";
import {
  DRIVER,
  EMPTY,
  NOTIFIED,
  SLEEP,
  TIMED_OUT,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import {
  coreOf,
  createDriven,
  occupyDriver,
  stateOf,
  TRACED,
  transitionsOf,
} from "../cores.ts";
import { outcome, run, until, untilParked } from "../threads.ts";
import { Nudge, type Sleep, SLEEPS } from "./sleeps.ts";

const BODIES = new URL("./timeout_bodies.ts", import.meta.url);
const PARKS = new URL("./park_bodies.ts", import.meta.url);

const MINUTE = 60_000;

/** The two ways to park for a time. */
const WAYS: Record<
  string,
  (parker: Parker, timeout: number) => Promise<string>
> = {
  "parkTimeout()": async (parker, timeout) => await parker.parkTimeout(timeout),
  "parkAsync()": (parker, timeout) => parker.parkAsync({ timeout }),
};

for (const [name, park] of Object.entries(WAYS)) {
  test(`Parker.${name} of 0 polls the free driver once (9.C.19)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const parker = runtime.parker();
    assert.equal(await park(parker, 0), "timed-out");
    assert.equal(parker.counters.turns, 1);
    assert.equal(parker.counters.parks, 0);
  });

  test(`Parker.${name} of 0 fires the timers that are due (9.C.19)`, async () => {
    using runtime = createDriven({ parkers: 2 });
    const parker = runtime.parker();
    const target = runtime.parker();
    const timer = runtime.timer(target.handle);
    const deadline = runtime.now() + 1;
    timer.schedule(deadline);
    await until(() => runtime.now() > deadline + 1);
    assert.equal(await park(parker, 0), "driver");
    assert.equal(timer.state, "fired");
    assert.equal(stateOf(coreOf(runtime), target.handle), NOTIFIED);
    assert.equal(await park(parker, 0), "timed-out");
  });

  test(`Parker.${name} of 0 does not wait for a busy driver (9.C.20)`, async () => {
    using runtime = createDriven({ parkers: 2 });
    const core = coreOf(runtime);
    occupyDriver(runtime, core);
    const parker = runtime.parker();
    const timer = runtime.timer(parker.handle);
    const deadline = runtime.now() + 1;
    timer.schedule(deadline);
    await until(() => runtime.now() > deadline + 1);
    assert.equal(await park(parker, 0), "timed-out");
    assert.equal(parker.counters.turns, 0);
    assert.equal(parker.counters.parks, 0);
    assert.equal(timer.state, "armed");
  });

  test(`Parker.${name} of 0 neither takes nor makes a token (9.C.21)`, async () => {
    using runtime = createDriven({ parkers: 2, module: TRACED });
    const core = coreOf(runtime);
    const parker = runtime.parker();
    const { handle } = parker;
    const untouched = transitionsOf(core, handle);
    await park(parker, 0);
    assert.equal(stateOf(core, handle), EMPTY);
    assert.deepEqual(transitionsOf(core, handle), untouched);

    runtime.unparker(handle).unpark();
    const notified = transitionsOf(core, handle);
    assert.equal(await park(parker, 0), "timed-out");
    occupyDriver(runtime, core);
    assert.equal(await park(parker, 0), "timed-out");
    assert.equal(stateOf(core, handle), NOTIFIED);
    assert.deepEqual(transitionsOf(core, handle), notified);
    assert.equal(parker.park(), "unparked");
  });

  for (const busy of [false, true]) {
    const driver = busy ? "busy" : "free";
    test(`Parker.${name} takes a token that is there, driver ${driver} (9.C.22)`, async () => {
      using runtime = createDriven({ parkers: 2 });
      const core = coreOf(runtime);
      if (busy) occupyDriver(runtime, core);
      const parker = runtime.parker();
      runtime.unparker(parker.handle).unpark();
      assert.equal(await park(parker, MINUTE), "unparked");
      assert.equal(stateOf(core, parker.handle), EMPTY);
      assert.equal(parker.counters.turns, 0);
    });

    test(`Parker.${name} does not time out early, driver ${driver} (9.C.23)`, async () => {
      using runtime = createDriven({ parkers: 2 });
      if (busy) occupyDriver(runtime, coreOf(runtime));
      const parker = runtime.parker();
      for (const timeout of [0.001, 0.05, 0.4, 0.999, 1, 3.3, 12, 30]) {
        const due = runtime.now() + timeout;
        assert.equal(await park(parker, timeout), "timed-out");
        const late = runtime.now() - due;
        assert.ok(late >= 0, `${timeout} ms were ${late} ms over`);
      }
    });
  }

  test(`Parker.${name} leaves EMPTY when it times out (9.C.26)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const core = coreOf(runtime);
    const parker = runtime.parker();
    for (let round = 0; round < 3; round++) {
      assert.equal(await park(parker, 1), "timed-out");
      assert.equal(stateOf(core, parker.handle), EMPTY);
      runtime.unparker(parker.handle).unpark();
      assert.equal(await park(parker, MINUTE), "unparked");
      assert.equal(stateOf(core, parker.handle), EMPTY);
    }
  });
}

test("Parker.parkDeadline() that has passed times out without a token", () => {
  using runtime = createDriven({ parkers: 1 });
  const parker = runtime.parker();
  for (const deadline of [-Infinity, -1, 0, runtime.now() - 1]) {
    assert.equal(parker.parkDeadline(deadline), "timed-out");
  }
  runtime.unparker(parker.handle).unpark();
  assert.equal(parker.parkDeadline(-Infinity), "unparked");
});

test("Parker.parkDeadline() does not time out early", () => {
  using runtime = createDriven({ parkers: 1 });
  const parker = runtime.parker();
  const deadline = runtime.now() + 5;
  assert.equal(parker.parkDeadline(deadline), "timed-out");
  assert.ok(runtime.now() >= deadline);
});

// Each wake finds the sleeper asleep: one that began its timeout anew would be
// woken for as long as the test goes on.
for (const sleep of SLEEPS) {
  const title = `Spurious wakes do not lengthen a timed park ${sleep.where}`;
  test(`${title} (9.C.24)`, { timeout: MINUTE }, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 1 });
    const core = coreOf(runtime);
    const handle = runtime.parker().detach();
    const { yields } = sleep;
    const timeout = 100;
    const owner = run(runtime, PARKS, "park", { handle, yields, timeout });
    await untilParked(runtime, handle);
    const word = sleep.word(core, handle);
    const wake = new Nudge(core, sleep);
    let wakes = 0;
    let ended = false;
    const result = outcome(owner).finally(() => ended = true);
    const limit = runtime.now() + 5_000;
    await until(() => {
      wakes += Number(wake.at(word));
      return ended || runtime.now() > limit;
    });
    assert.ok(ended, `it sleeps on after ${wakes} wakes`);
    const { results, early } = await result;
    assert.deepEqual(results, ["timed-out"]);
    assert.equal(early, false);
  });
}

// T6 and T10: the timeout has ended the sleep, and the token comes before the
// owner has emptied its word.
test("A token that comes together with a timeout is taken (9.C.25)", () => {
  using runtime = Runtime.create({ parkers: 1, driver: "event-loop" });
  const core = coreOf(runtime);
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  assert.equal(core.exports.parkerCommit(address, claim), SLEEP);
  runtime.unparker(handle).unpark();
  assert.equal(core.exports.parkerEndSleep(address, claim, 1), UNPARKED);
  assert.equal(stateOf(core, handle), EMPTY);

  assert.equal(core.exports.parkerCommitLoop(address, claim), DRIVER);
  runtime.unparker(handle).unpark();
  assert.equal(core.exports.parkerLeaveLoop(address, claim, 0, 1), UNPARKED);
  assert.equal(stateOf(core, handle), EMPTY);

  assert.equal(core.exports.parkerCommit(address, claim), SLEEP);
  assert.equal(core.exports.parkerEndSleep(address, claim, 1), TIMED_OUT);
  assert.equal(stateOf(core, handle), EMPTY);
});

test("A token that comes together with the driver's timeout is taken (9.C.25)", () => {
  using runtime = createDriven({ parkers: 1 });
  const core = coreOf(runtime);
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  assert.equal(core.exports.parkerCommit(address, claim), DRIVER);
  runtime.unparker(handle).unpark();
  assert.equal(core.exports.parkerLeave(address, claim, 0, 1), UNPARKED);
  assert.equal(stateOf(core, handle), EMPTY);

  assert.equal(core.exports.parkerCommit(address, claim), DRIVER);
  assert.equal(core.exports.parkerLeave(address, claim, 0, 1), TIMED_OUT);
  assert.equal(stateOf(core, handle), EMPTY);
});

for (const sleep of SLEEPS) {
  test(`Tokens that race with timeouts ${sleep.where} are taken once (9.C.25)`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 2 });
    const { yields } = sleep;
    const [handle, other] = [
      runtime.parker().detach(),
      runtime.parker().detach(),
    ];
    const rounds = 200;
    const unparker = run(runtime, BODIES, "unparkInTime", {
      handle: other,
      other: handle,
      rounds,
    });
    const owner = run(runtime, BODIES, "meetTokens", {
      handle,
      other,
      rounds,
      yields,
    });
    const { wrong } = await outcome(owner);
    assert.deepEqual(wrong, []);
    await outcome(unparker);
  });
}

for (const sleep of SLEEPS) {
  test(`A timeout too long for a clock ${sleep.where} does not end (9.C.27)`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 1 });
    const core = coreOf(runtime);
    const handle = runtime.parker().detach();
    const { yields } = sleep;
    const timeouts = [2 ** 31 - 0.5, 2 ** 31, 2 ** 53, 1e300, Infinity];
    const owner = run(runtime, PARKS, "park", { handle, yields, timeouts });
    const wake = new Nudge(core, sleep);
    const word = sleep.word(core, handle);
    for (const _ of timeouts) {
      await untilParked(runtime, handle);
      // It was asleep, and is again.
      await until(() => wake.at(word));
      await until(() => wake.at(word));
      await untilParked(runtime, handle);
      runtime.unparker(handle).unpark();
      await until(() => stateOf(core, handle) !== NOTIFIED);
    }
    const { results, counters } = await outcome(owner);
    assert.deepEqual(results, timeouts.map(() => "unparked"));
    // One more for each of the wakes at the most.
    assert.ok(
      counters.parks <= 3 * timeouts.length,
      `${counters.parks} sleeps`,
    );
  });
}

/** Sleeps for each of 50 parks of some fraction of a millisecond. */
async function sleepsForEach(
  { options, yields }: Sleep,
  timeout: number,
): Promise<number> {
  using runtime = createDriven({ ...options, parkers: 1 });
  const parker = runtime.parker();
  let listens = 0;
  const { park } = EventLoopDriver.prototype;
  EventLoopDriver.prototype.park = function (left) {
    listens++;
    return park.call(this, left);
  };
  try {
    for (let left = 50; left > 0; left--) {
      if (yields) await parker.parkAsync({ timeout });
      else parker.parkTimeout(timeout);
    }
  } finally {
    EventLoopDriver.prototype.park = park;
  }
  const { parks, turns } = parker.counters;
  return Math.max(parks, turns, listens) / 50;
}

for (const sleep of SLEEPS) {
  for (const timeout of [0.05, 0.3, 0.7, 1.5]) {
    test(`A park of ${timeout} ms ${sleep.where} is no busy loop (9.C.28)`, async () => {
      const sleeps = await sleepsForEach(sleep, timeout);
      assert.ok(sleeps <= 3, `${sleeps} sleeps for each park`);
    });
  }
}

test("Parker.parkTimeout() does not heed jumps of the wall clock (9.C.29)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const handle = runtime.parker().detach();
  const owner = run(runtime, BODIES, "parkWithoutClocks", {
    handle,
    timeout: 20,
  });
  assert.deepEqual(await outcome(owner), { result: "timed-out", early: false });
});

test("Runtime.now() does not heed jumps of the wall clock (9.C.29)", () => {
  using runtime = createDriven({ parkers: 1 });
  const { now } = Date;
  const before = runtime.now();
  Date.now = () => 0;
  try {
    assert.ok(runtime.now() >= before);
  } finally {
    Date.now = now;
  }
});
