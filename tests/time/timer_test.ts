// Section 9.E of the checklist: timers.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ArgumentRangeError,
  ArgumentTypeError,
  ExhaustedError,
  ForeignHandleError,
  type Parker,
  ReleasedError,
  Runtime,
  ShutdownError,
  StaleHandleError,
  type Timer,
} from "../../mod.ts";
import {
  DONE,
  DRIVER,
  EMPTY,
  NOTIFIED,
} from "../../src/core/core.generated.ts";
import {
  bellOf,
  type Core,
  coreOf,
  doorbellOf,
  stateOf,
  TRACED,
  transitionsOf,
} from "../cores.ts";
import { WAITS } from "../park/sleeps.ts";
import { outcome, run, until, untilParked } from "../threads.ts";

const BODIES = new URL("./timer_bodies.ts", import.meta.url);
const PARKS = new URL("../park/park_bodies.ts", import.meta.url);

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Milliseconds of a step of the wheel. */
const TICK = 1;

/** Numbers from 0 to 1, the same for each seed. Source: Mulberry32. */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fires what is due on a clock of the test's. Returns how many timers. */
function fire({ exports }: Core, thread: number, now: number): number {
  let total = 0;
  for (;;) {
    const fired = exports.timersCollect(now, thread);
    for (let place = 0; place < fired; place++) exports.timersDeliver(place);
    if (fired === 0) return total;
    total += fired;
  }
}

// ==== one timer ====

test("Timer.schedule() unparks its parker at the deadline, and not before", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  assert.equal(timer.state, "idle");
  for (const after of [0.01, 0.3, 1, 4.9, 17, 33]) {
    const deadline = runtime.now() + after;
    timer.schedule(deadline);
    assert.equal(timer.state, "armed");
    assert.equal(parker.park(), "unparked");
    assert.ok(runtime.now() >= deadline);
    assert.equal(timer.state, "fired");
    assert.equal(parker.parkTimeout(1), "timed-out");
  }
});

test("Timer.schedule() of a deadline that has passed fires at the next turn", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const late: number[] = [];
  for (let round = 0; round < 20; round++) {
    timer.schedule(runtime.now() - 1);
    if (parker.parkTimeout(0) !== "driver") late.push(round);
    parker.parkTimeout(MINUTE);
  }
  assert.deepEqual(late, []);
});

test("Timer.schedule() takes the place of what was armed before", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now() + 2);
  const later = runtime.now() + 15;
  timer.schedule(later);
  assert.equal(parker.park(), "unparked");
  assert.ok(runtime.now() >= later);

  timer.schedule(runtime.now() + DAY);
  timer.schedule(runtime.now() + 2);
  assert.equal(parker.parkTimeout(MINUTE), "unparked");
  assert.equal(parker.parkTimeout(1), "timed-out");
});

test("Timer.cancel() keeps a timer from firing, and says whether it did", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  assert.equal(timer.cancel(), false);
  timer.schedule(runtime.now() + 1);
  assert.equal(timer.cancel(), true);
  assert.equal(timer.state, "idle");
  assert.equal(timer.cancel(), false);
  assert.equal(parker.parkTimeout(5), "timed-out");
  assert.equal(timer.state, "idle");
  timer.schedule(runtime.now() + 1);
  assert.equal(parker.park(), "unparked");
  assert.equal(timer.cancel(), false);
  assert.equal(timer.state, "fired");
});

test("Timer.cancel() and schedule() reach the timers of other threads", async () => {
  using runtime = Runtime.create({ parkers: 1, timers: 2 });
  const parker = runtime.parker();
  const [first, second] = [
    runtime.timer(parker.handle),
    runtime.timer(parker.handle),
  ];
  first.schedule(runtime.now() + DAY);
  const { handle: timer } = first;
  assert.equal(await outcome(run(runtime, BODIES, "cancel", { timer })), true);
  assert.equal(await outcome(run(runtime, BODIES, "cancel", { timer })), false);
  const other = { timer: second.handle, after: 2 };
  await outcome(run(runtime, BODIES, "schedule", other));
  assert.equal(second.state, "armed");
  assert.equal(parker.parkTimeout(MINUTE), "unparked");
  assert.equal(first.state, "idle");
});

test("Timer.release() disarms it, and makes its handle stale", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  assert.throws(() => runtime.timer(parker.handle), ExhaustedError);
  timer.schedule(runtime.now() + 1);
  timer.release();
  timer.release();
  assert.throws(() => timer.schedule(runtime.now()), ReleasedError);
  assert.throws(() => timer.cancel(), ReleasedError);
  assert.throws(() => runtime.attachTimer(timer.handle), StaleHandleError);
  assert.equal(parker.parkTimeout(3), "timed-out");
  // The next one has the same place, and is another.
  using next = runtime.timer(parker.handle);
  assert.equal(next.handle.address, timer.handle.address);
  assert.equal(next.state, "idle");
  next.schedule(runtime.now() + DAY);
  timer.release();
  assert.equal(next.state, "armed");
});

test("Timer.schedule() refuses what is no deadline", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const timer = runtime.timer(runtime.parker().handle);
  for (const deadline of [NaN, Infinity, -Infinity]) {
    assert.throws(() => timer.schedule(deadline), ArgumentRangeError);
  }
  for (const deadline of ["5", undefined, 5n]) {
    const schedule = () => timer.schedule(deadline as unknown as number);
    assert.throws(schedule, ArgumentTypeError);
  }
  assert.equal(timer.state, "idle");
});

test("Runtime.timer() refuses the parkers of another runtime", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  using other = Runtime.create({ parkers: 1, timers: 1 });
  const { handle } = other.parker();
  assert.throws(() => runtime.timer(handle), ForeignHandleError);
});

test("A timer that outlives its parker fires, and unparks nobody", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now() + 1);
  parker.release();
  // It has the same place, and is another.
  const next = runtime.parker();
  assert.equal(next.handle.address, parker.handle.address);
  assert.equal(next.parkTimeout(MINUTE), "driver");
  assert.equal(timer.state, "fired");
  assert.equal(next.parkTimeout(1), "timed-out");
});

test("A timer fires at the next park, if all threads are busy at its deadline", async () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const deadline = runtime.now() + 1;
  timer.schedule(deadline);
  await until(() => runtime.now() > deadline + 1);
  assert.equal(timer.state, "armed");
  assert.equal(parker.parkTimeout(0), "driver");
  assert.equal(timer.state, "fired");
});

// ==== many timers ====

test("Timers of all kinds of deadlines fire none early", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 100 });
  const parker = runtime.parker();
  const random = randomFrom(1);
  const timers: [Timer, number][] = [];
  for (let left = 100; left > 0; left--) {
    const timer = runtime.timer(parker.handle);
    const deadline = runtime.now() + random() * 40;
    timer.schedule(deadline);
    timers.push([timer, deadline]);
  }
  const early: number[] = [];
  while (timers.some(([{ state }]) => state === "armed")) {
    assert.equal(parker.parkTimeout(15_000), "unparked");
    for (const [{ state }, deadline] of timers) {
      const left = deadline - runtime.now();
      if (state === "fired" && left > 0) early.push(left);
    }
  }
  assert.deepEqual(early, []);
});

test("One turn fires all timers that are due, however many", async () => {
  using runtime = Runtime.create({ parkers: 101, timers: 100 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const deadline = runtime.now() + 1;
  const targets: Parker[] = [];
  for (let left = 100; left > 0; left--) {
    targets.push(runtime.parker());
    runtime.timer(targets.at(-1)!.handle).schedule(deadline);
  }
  await until(() => runtime.now() > deadline + 1);
  assert.equal(parker.parkTimeout(0), "driver");
  const states = targets.map(({ handle }) => stateOf(core, handle));
  assert.ok(states.every((state) => state === NOTIFIED));
  assert.equal(parker.counters.turns, 1);
});

// A model that says of each timer when it must have fired and when it must not,
// against the wheel, on a clock that the test turns.
for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`The wheel sleeps to no later than a deadline, and fires it then, seed ${seed} (9.E.43)`, () => {
    using runtime = Runtime.create({ parkers: 1, timers: 60 });
    const core = coreOf(runtime);
    const { exports } = core;
    const thread = exports.threadNext();
    const { handle } = runtime.parker();
    const random = randomFrom(seed);
    const timers = Array.from({ length: 60 }, () => runtime.timer(handle));
    /** Of each armed timer: when it may fire, and when it must have. */
    const armed = new Map<Timer, { may: number; must: number }>();
    let now = runtime.now();

    const arm = (timer: Timer) => {
      // From a fraction of a tick to 12 days, and now and then in the past.
      const after = random() < 0.05 ? -random() : 2 ** (random() * 32 - 2);
      const deadline = now + after;
      timer.schedule(deadline);
      armed.set(timer, { may: deadline, must: Math.max(deadline, now) + TICK });
    };

    const check = () => {
      for (const timer of timers) {
        const due = armed.get(timer);
        if (timer.state === "fired" && due) {
          assert.ok(due.may <= now, `fired ${due.may - now} ms early`);
          armed.delete(timer);
        } else if (due) {
          assert.equal(timer.state, "armed");
          assert.ok(now < due.must, `${now - due.must} ms late`);
        }
      }
    };

    for (let step = 0; step < 600; step++) {
      for (let left = Math.floor(random() * 4); left > 0; left--) {
        const timer = timers[Math.floor(random() * timers.length)]!;
        if (random() < 0.25) {
          assert.equal(timer.cancel(), armed.delete(timer));
        } else {
          arm(timer);
        }
      }
      assert.equal(exports.timersArmed(), armed.size);
      const wake = exports.timersPrepare(thread);
      const latest = Math.min(...[...armed.values()].map(({ must }) => must));
      assert.ok(wake <= latest, `${wake - latest} ms too long a sleep`);
      // Nothing that was due before is left: a sleep to the past spins.
      assert.ok(wake > now || armed.size > 0 && latest - TICK <= now);
      // Sleeps to the end, or is woken before, or late.
      const end = wake === Infinity ? now + 1_000 : wake;
      const kind = random();
      if (kind < 0.6) now = Math.max(now, end);
      else if (kind < 0.8) now += random() * Math.max(end - now, 0);
      else now = Math.max(now, end) + 2 ** (random() * 24 - 4);
      fire(core, thread, now);
      check();
    }
  });
}

test("The wheel does not sleep to a time that has passed (9.E.43)", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 1 });
  const core = coreOf(runtime);
  const thread = core.exports.threadNext();
  const timer = runtime.timer(runtime.parker().handle);
  const random = randomFrom(7);
  let now = runtime.now();
  for (let round = 0; round < 200; round++) {
    const deadline = now + 2 ** (random() * 34 - 2);
    timer.schedule(deadline);
    let sleeps = 0;
    while (timer.state === "armed") {
      const wake = core.exports.timersPrepare(thread);
      assert.ok(wake <= deadline + TICK);
      assert.ok(wake > now || sleeps === 0);
      now = Math.max(now, wake);
      fire(core, thread, now);
      sleeps++;
    }
    // One for each level of the wheel on the way down.
    assert.ok(sleeps <= 7, `${sleeps} sleeps`);
  }
});

// ==== the driver's owner ====

for (const wait of WAITS) {
  for (const yields of [false, true]) {
    const where = yields ? "in its event loop" : "on its word";
    test(`Whoever has the driver fires the timer of one that sleeps ${where}, by ${wait}`, async () => {
      using runtime = Runtime.create({ parkers: 2, timers: 1, wait });
      const [inDriver, other] = [
        runtime.parker().detach(),
        runtime.parker().detach(),
      ];
      const first = run(runtime, PARKS, "park", { handle: inDriver });
      await untilParked(runtime, inDriver);
      const second = run(runtime, PARKS, "park", { handle: other, yields });
      await untilParked(runtime, other);
      runtime.timer(other).schedule(runtime.now() + 2);
      assert.deepEqual((await outcome(second)).results, ["unparked"]);
      // It has fired that timer, or the other has had the driver, and fired it.
      runtime.unparker(inDriver).unpark();
      const [result] = (await outcome(first)).results;
      assert.ok(result === "driver" || result === "unparked", `${result}`);
    });
  }
}

for (const yields of [false, true]) {
  const where = yields ? "event loop" : "driver";
  test(`An earlier deadline interrupts a sleep in the ${where} (9.E.44)`, async () => {
    using runtime = Runtime.create({ parkers: 1 });
    const handle = runtime.parker().detach();
    const far = runtime.timer(handle);
    const near = runtime.timer(handle);
    far.schedule(runtime.now() + DAY);
    const owner = run(runtime, PARKS, "park", { handle, yields });
    await untilParked(runtime, handle);
    const args = { timer: near.handle, after: 2 };
    await outcome(run(runtime, BODIES, "schedule", args));
    assert.deepEqual((await outcome(owner)).results, ["unparked"]);
    assert.equal(near.state, "fired");
    assert.equal(far.state, "armed");
  });
}

for (const yields of [false, true]) {
  const where = yields ? "event loop" : "driver";
  for (const wait of WAITS) {
    // Between the look at the wheel and the sleep, another thread arms: far
    // ahead first, as if there were time.
    test(`No deadline is lost on the way to a sleep in the ${where}, by ${wait} (9.E.46)`, async () => {
      using runtime = Runtime.create({ parkers: 2, wait });
      const [handle, other] = [
        runtime.parker().detach(),
        runtime.parker().detach(),
      ];
      const rounds = 300;
      const armer = run(runtime, BODIES, "armTwice", {
        handle: other,
        other: handle,
        rounds,
      });
      await untilParked(runtime, other);
      const owner = run(runtime, BODIES, "awaitTimers", {
        handle,
        other,
        rounds,
        yields,
      });
      assert.equal(await outcome(owner), 0);
      await outcome(armer);
    });
  }
}

// The owner has looked at the wheel, and sleeps to the first deadline.
for (const yields of [false, true]) {
  const bell = yields ? "event loop" : "driver";
  test(`A later deadline does not ring the ${bell}, an earlier one does (9.E.45)`, () => {
    using runtime = Runtime.create({ parkers: 1, timers: 3 });
    const core = coreOf(runtime);
    const { exports, words } = core;
    const { handle } = runtime.parker();
    const { address, claim } = handle;
    const [first, later, earlier] = [1, 2, 3].map(() => runtime.timer(handle));
    const now = runtime.now();
    first!.schedule(now + DAY);
    if (yields) {
      assert.equal(exports.parkerCommitLoop(address, claim), DRIVER);
      assert.ok(exports.driverKeep(address));
    } else {
      assert.equal(exports.parkerCommit(address, claim), DRIVER);
      assert.ok(exports.bellCommit());
    }
    assert.ok(exports.timersPrepare(exports.threadNext()) <= now + DAY + TICK);
    const word = yields ? doorbellOf(core, handle) : bellOf(core);
    const silent = words[word];

    later!.schedule(now + 2 * DAY);
    later!.schedule(now + 3 * DAY);
    later!.cancel();
    first!.schedule(now + 4 * DAY);
    later!.schedule(now + 4 * DAY);
    assert.equal(words[word], silent);
    earlier!.schedule(now + DAY / 2);
    assert.notEqual(words[word], silent);
  });
}

test("Timers are delivered with the wheel unlocked (9.E.47)", async () => {
  using runtime = Runtime.create({ parkers: 1, timers: 2 });
  const core = coreOf(runtime);
  const thread = core.exports.threadNext();
  const { handle } = runtime.parker();
  const [due, other] = [runtime.timer(handle), runtime.timer(handle)];
  const now = runtime.now();
  due.schedule(now + 1);
  assert.equal(core.exports.timersCollect(now + 2, thread), 1);
  // Another thread gets at the wheel before this one has delivered.
  const args = { timer: other.handle, after: DAY };
  await outcome(run(runtime, BODIES, "schedule", args));
  assert.equal(other.state, "armed");
  assert.equal(stateOf(core, handle), EMPTY);
  assert.equal(core.exports.timersDeliver(0), DONE);
  assert.equal(stateOf(core, handle), NOTIFIED);
});

test("A clock that steps back fires nothing early and nothing twice (9.E.48)", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 3, module: TRACED });
  const core = coreOf(runtime);
  const { exports } = core;
  const thread = exports.threadNext();
  const { handle } = runtime.parker();
  const now = runtime.now();
  const [first, second, third] = [1, 2, 3].map(() => runtime.timer(handle));
  first!.schedule(now + 10);
  second!.schedule(now + 1_000);
  assert.equal(fire(core, thread, now + 20), 1);
  for (const back of [now + 10, now - 1, now - DAY, 0, -1e300]) {
    assert.equal(fire(core, thread, back), 0);
    assert.equal(second!.state, "armed");
    const wake = exports.timersPrepare(thread);
    assert.ok(wake > now + 20 && wake <= now + 1_000 + TICK);
  }
  // Armed on the clock that was set back.
  third!.schedule(now + 15);
  fire(core, thread, now + 15);
  fire(core, thread, now + 21);
  assert.equal(third!.state, "fired");
  assert.equal(fire(core, thread, now + 1_001), 1);
  const { [EMPTY]: empty, [NOTIFIED]: notified } = transitionsOf(core, handle);
  assert.equal(empty![NOTIFIED]! + notified![NOTIFIED]!, 3);
});

test("Runtime.shutdown() ends each armed timer, once and unfired (9.E.49)", async () => {
  using runtime = Runtime.create({ parkers: 2, timers: 80, module: TRACED });
  const core = coreOf(runtime);
  const handle = runtime.parker().detach();
  const parker = runtime.parker();
  const idle = runtime.timer(handle);
  const fired = runtime.timer(parker.handle);
  fired.schedule(runtime.now() + 1);
  assert.equal(parker.park(), "unparked");
  const armed = Array.from({ length: 70 }, () => runtime.timer(handle));
  for (const [place, timer] of armed.entries()) {
    // From half a minute to some years, which is more than the wheel sees.
    timer.schedule(runtime.now() + DAY * 1.25 ** (place - 35));
  }
  const owner = run(runtime, PARKS, "park", { handle, count: 3 });
  await untilParked(runtime, handle);

  runtime.shutdown();
  runtime.shutdown();
  assert.ok(armed.every(({ state }) => state === "shutdown"));
  assert.equal(fired.state, "fired");
  assert.equal(idle.state, "idle");
  assert.equal(core.exports.timersArmed(), 0);
  for (const timer of armed) {
    assert.equal(timer.cancel(), false);
    assert.throws(() => timer.schedule(runtime.now()), ShutdownError);
  }
  assert.throws(() => idle.schedule(runtime.now()), ShutdownError);
  assert.throws(() => runtime.timer(handle), ShutdownError);
  const { results } = await outcome(owner);
  assert.deepEqual(results, ["shutdown", "shutdown", "shutdown"]);
});

test("Runtime.shutdown() gives a parker one token, however many its timers (9.E.49)", () => {
  using runtime = Runtime.create({ parkers: 1, timers: 40, module: TRACED });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  for (let left = 40; left > 0; left--) {
    runtime.timer(parker.handle).schedule(runtime.now() + DAY);
  }
  runtime.shutdown();
  const { [EMPTY]: empty, [NOTIFIED]: notified } = transitionsOf(
    core,
    parker.handle,
  );
  assert.equal(empty![NOTIFIED], 1);
  assert.equal(notified![NOTIFIED], 0);
  assert.equal(parker.park(), "shutdown");
});
