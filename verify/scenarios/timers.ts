// Timers beside the sleeper that is to fire them: armed, armed anew, cancelled
// and released while it goes to sleep, sleeps, and fires.

import { ARMED, FIRED, IDLE } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { Clock, FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  cancel,
  parkUntilToken,
  releaseTimer,
  schedule,
  unpark,
} from "../facade.ts";
import {
  DRIVER_FIRST,
  newWorld,
  SHIPPED,
  type World,
  type WorldPlan,
} from "../world.ts";

const SOON = START + 5;
const UNPARKED = ["unparked"];

/** The thread that parks, serves the driver, and waits for its own timers. */
function owner(world: World, index = 0, early = 0): Body {
  return function* (t) {
    const me = world.local(t, index + 1, new Clock(early));
    return yield* parkUntilToken(me, world.parker(index));
  };
}

/** A thread that arms a timer. */
function armer(world: World, thread: number, timer: number, at: number): Body {
  return function* (t) {
    yield* schedule(world.local(t, thread), world.timer(timer), at);
  };
}

/**
 * Registration beside the sleeper: source: tokio #6682. A sleep to `FAR` never
 * times out, so that a ring that is not rung is a deadlock.
 */
function nextWake(where: string, flags: number, late: boolean): Entry {
  const world = newWorld({
    flags,
    parkers: 1,
    timers: [late ? { target: 0, deadline: FAR } : { target: 0 }, {
      target: 0,
    }],
  });
  const before = late ? "a late timer" : "no timer";
  return pr({
    name: `a driver about to sleep to ${before} is told of a new one: ${where}`,
    setup: world.setup,
    threads: { owner: owner(world), armer: armer(world, 2, 1, SOON) },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true });
    },
  });
}

/** Two that arm at once. */
function twoArmers(where: string, first: number, second: number): Entry {
  const world = newWorld({
    flags: DRIVER_FIRST,
    parkers: 1,
    timers: [{ target: 0 }, { target: 0 }],
  });
  return full({
    name: `two timers armed at once, ${where}: the earlier one fires in time`,
    setup: world.setup,
    threads: {
      owner: owner(world),
      first: armer(world, 2, 0, first),
      second: armer(world, 3, 1, second),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true, tokens: true });
    },
  });
}

/** A timer that its owner sleeps to, and that is armed for another time. */
function armedAnew(where: string, before: number, after: number): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: before }],
  });
  const { address } = world.timer(0);
  return pr({
    name: `a timer armed anew for ${where} fires`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1, new Clock(1));
        return yield* parkUntilToken(me, world.parker(0));
      },
      armer: armer(world, 2, 0, after),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      const state = alone.call("timerState", address);
      alone.assert(state === FIRED || state === ARMED, `state ${state}`);
      world.check(alone, { armed: true, tokens: true });
    },
  }, { explorer: "states" });
}

/** A timer that is cancelled or released as it fires. */
function stopped(what: "cancelled" | "released", early: number): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: SOON }],
  });
  const timer = world.timer(0);
  const isLate = early > 0 ? ", before its deadline" : "";
  return pr({
    name: `a timer is ${what}, or has fired, but not both${isLate}`,
    setup: world.setup,
    threads: {
      owner: owner(world, 0, early),
      *other(t) {
        const me = world.local(t, 2);
        const found = what === "cancelled"
          ? yield* cancel(me, timer)
          : yield* releaseTimer(me, timer);
        yield* t.store(world.scratch(0), 1);
        yield* unpark(me, world.parker(0));
        return found;
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      const state = alone.call("timerState", timer.address);
      if (what === "cancelled") {
        const expected = results.other === 1 ? IDLE : FIRED;
        alone.assert(state === expected, `the timer is in state ${state}`);
      } else {
        alone.assert(results.other === 1, "the claim was not in force");
        const claimed = alone.call(
          "timerIsClaimed",
          timer.address,
          timer.claim,
        );
        alone.assert(claimed === 0, "it is still claimed");
      }
      world.check(alone, { tokens: true });
    },
  }, { explorer: "states" });
}

/** A cancelled timer gives no token. */
function cancelledWakesNobody(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: SOON }],
  });
  return pr({
    name: "a timer that was cancelled in time gives no token",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1, new Clock(1));
        yield* parkUntilToken(me, world.parker(0));
        return yield* t.load(world.scratch(0));
      },
      *other(t) {
        const me = world.local(t, 2);
        const wasArmed = yield* cancel(me, world.timer(0));
        yield* t.store(world.scratch(0), 1);
        if (wasArmed === 1) yield* unpark(me, world.parker(0));
        return wasArmed;
      },
    },
    final(alone, results) {
      // The only token is the canceller's, and comes after its mark.
      const isRight = results.other !== 1 || results.owner === 1;
      alone.assert(isRight, "a token of a timer that was cancelled");
      world.check(alone);
    },
  }, { explorer: "states" });
}

/** A deadline between two ticks. */
function notEarly(): Entry {
  const deadline = SOON + 0.5;
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0 }],
  });
  return pr({
    name: "a timer between two ticks does not fire early",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        const result = yield* parkUntilToken(me, world.parker(0));
        t.assert(me.clock.now >= deadline, `it fired at ${me.clock.now}`);
        return result;
      },
      armer: armer(world, 2, 0, deadline),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone);
    },
  });
}

/** The last timer goes, and the owner that sees none sleeps for ever. */
function countToZero(): Entry {
  const world = newWorld({
    flags: DRIVER_FIRST,
    parkers: 1,
    timers: [{ target: 0, deadline: SOON }, { target: 0 }],
  });
  return pr({
    name: "a timer armed after the last was cancelled rings",
    setup: world.setup,
    threads: {
      owner: owner(world),
      *other(t) {
        const me = world.local(t, 2);
        yield* cancel(me, world.timer(0));
        yield* schedule(me, world.timer(1), SOON + 2);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true, tokens: true });
    },
  }, { explorer: "states" });
}

/** A timer for somebody else: its parker is told once. */
function forAnother(plan: WorldPlan, where: string): Entry {
  const world = newWorld(plan);
  const { address } = world.timer(0);
  return pr({
    name: `a timer that another thread fires has fired when it wakes: ${where}`,
    setup: world.setup,
    threads: {
      *driver(t) {
        const me = world.local(t, 1);
        return yield* parkUntilToken(me, world.parker(0));
      },
      *target(t) {
        const me = world.local(t, 2);
        yield* parkUntilToken(me, world.parker(1));
        const state = yield* t.call("timerState", address);
        t.assert(state === FIRED, `woken by a timer in state ${state}`);
        yield* unpark(me, world.parker(0));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { driver: UNPARKED });
      world.check(alone);
    },
  });
}

/** A target that is released while its timer fires. */
function targetReleased(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }, { target: 0, deadline: SOON }],
  });
  const { address, claim } = world.parker(1);
  return pr({
    name: "a timer whose target is released as it fires wakes nobody",
    setup: world.setup,
    threads: {
      driver: owner(world),
      *target(t) {
        const code = yield* t.call("parkerRelease", address, claim);
        t.assert(code === 0, `the release returned ${code}`);
        yield* t.call("parkerClaim", 2);
        return yield* t.call("parkerBase", address);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { driver: UNPARKED });
      const word = alone.read(address);
      alone.assert(word === results.target, "a token for the next claim");
      world.check(alone, { parkers: [0] });
    },
  });
}

/** A timer that is released and claimed anew as it fires. */
function reclaimed(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 0, deadline: SOON }],
  });
  const timer = world.timer(0);
  return pr({
    name: "a timer claimed anew as it fires delivers to the old target",
    setup: world.setup,
    threads: {
      driver: owner(world),
      *other(t) {
        const me = world.local(t, 2);
        yield* releaseTimer(me, timer);
        const { address, claim } = world.parker(1);
        const again = yield* t.call("timerClaim", address, claim);
        t.assert(again === timer.address, "another record");
        yield* unpark(me, world.parker(0));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { driver: UNPARKED });
      const { address, claim } = world.parker(1);
      alone.assert(alone.read(address) === claim, "a token for a new target");
      const state = alone.call("timerState", timer.address);
      alone.assert(state === IDLE, `the new timer is in state ${state}`);
      world.check(alone, { tokens: true });
    },
  });
}

/** Timers beyond the first level, which move down before they fire. */
function lowerLevel(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [
      { target: 0, deadline: START + 100 },
      { target: 0 },
    ],
  });
  return pr({
    name: "a timer that moves down a level beside another that is armed fires",
    setup: world.setup,
    threads: {
      owner: owner(world),
      armer: armer(world, 2, 1, START + 99),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true, tokens: true });
    },
  }, { explorer: "states" });
}

/** Three that use the wheel at once. */
function contended(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [
      { target: 0, deadline: SOON },
      { target: 0, deadline: SOON },
      { target: 0 },
    ],
  });
  return pr({
    name: "three threads at the wheel leave it whole",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* cancel(world.local(t, 2), world.timer(0));
      },
      *second(t) {
        return yield* releaseTimer(world.local(t, 3), world.timer(1));
      },
      third: armer(world, 4, 2, SOON),
    },
    final(alone, results) {
      expectResults(alone, results, { first: [1], second: [1] });
      const armed = alone.call("timersArmed");
      alone.assert(armed === 1, `${armed} timers are armed`);
      world.check(alone, { armed: true });
    },
  }, { explorer: "states" });
}

/** More timers than one batch. */
function batches(): Entry {
  const timers = Array.from({ length: 33 }, () => ({
    target: 0,
    deadline: SOON,
  }));
  const world = newWorld({ flags: SHIPPED, parkers: 2, timers });
  return full({
    name: "timers of two batches all fire, beside one that is cancelled",
    setup: world.setup,
    threads: {
      owner: owner(world),
      *other(t) {
        return yield* cancel(world.local(t, 2), world.timer(0));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { tokens: true });
    },
  });
}

/** Each fires timers while the other does, and has the batch alone. */
function twoDrivers(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 0, deadline: SOON }, { target: 1, deadline: SOON + 1 }],
  });
  return pr({
    name: "two threads that fire timers in turn deliver each of them",
    setup: world.setup,
    threads: { first: owner(world, 0, 1), second: owner(world, 1) },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  });
}

const anothers: WorldPlan = {
  flags: SHIPPED,
  parkers: 2,
  timers: [{ target: 1, deadline: SOON }],
};

export const scenarios: readonly Entry[] = [
  nextWake("the driver is for timers", SHIPPED, true),
  nextWake("the driver is for timers", SHIPPED, false),
  nextWake("every park tries it", DRIVER_FIRST, true),
  nextWake("every park tries it", DRIVER_FIRST, false),
  twoArmers("the first earlier", SOON, FAR),
  twoArmers("the second earlier", FAR, SOON),
  twoArmers("at one time", SOON, SOON),
  armedAnew("an earlier time", FAR, SOON),
  armedAnew("a later time", SOON, SOON + 4),
  stopped("cancelled", 0),
  stopped("released", 0),
  stopped("cancelled", 1),
  cancelledWakesNobody(),
  countToZero(),
  notEarly(),
  forAnother(anothers, "the driver is for timers"),
  forAnother({ ...anothers, flags: DRIVER_FIRST }, "every park tries it"),
  targetReleased(),
  reclaimed(),
  lowerLevel(),
  contended(),
  batches(),
  twoDrivers(),
  spurious(nextWake("the driver is for timers", SHIPPED, true)),
  spurious(nextWake("every park tries it", DRIVER_FIRST, false)),
];
