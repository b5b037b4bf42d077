// Work for the driver, and nobody in it: whoever leaves it or brings the work
// calls a sleeper, and whoever is called and goes elsewhere calls the next.

import type { Body, Scenario } from "../../loom/src/scenario.ts";
import { Clock, FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  cancel,
  park,
  parkUntilToken,
  pollDriver,
  schedule,
  sleepOn,
  unpark,
} from "../facade.ts";
import {
  DRIVER_FIRST,
  newWorld,
  SHIPPED,
  type World,
  type WorldPlan,
} from "../world.ts";

const UNPARKED = ["unparked"];
const SOON = START + 5;

/** A thread that parks until it has its token. */
function sleeper(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    return yield* parkUntilToken(me, world.parker(index));
  };
}

/** A thread that sleeps on its own word when the scenario begins. */
function asleep(world: World, index: number): Body {
  return function* (t) {
    return yield* sleepOn(world.local(t, index + 1), world.parker(index));
  };
}

/** A thread that holds the driver when the scenario begins, and leaves it. */
function leaver(): Body {
  return function* (t) {
    yield* t.call("driverLeave");
  };
}

/** A scenario whose sleepers all get their token. */
function handOff(
  name: string,
  plan: WorldPlan,
  threadsOf: (world: World) => Scenario["threads"],
): Entry {
  const world = newWorld(plan);
  const threads = threadsOf(world);
  const sleepers = Object.keys(threads).filter((it) =>
    it.startsWith("sleeper")
  );
  const expected = Object.fromEntries(sleepers.map((it) => [it, UNPARKED]));
  return pr({
    name,
    setup: world.setup,
    threads,
    final(alone, results) {
      expectResults(alone, results, expected);
      world.check(alone, { tokens: true });
    },
  });
}

function arming(where: string, flags: number): Entry {
  return handOff(
    `whoever arms a timer has a sleeper serve it: ${where}`,
    { flags, parkers: 1, timers: [{ target: 0 }] },
    (world) => ({
      sleeper: sleeper(world, 0),
      *armer(t) {
        yield* schedule(world.local(t, 2), world.timer(0), SOON);
      },
    }),
  );
}

function armingForTwo(): Entry {
  return handOff(
    "one of two sleepers serves the timer that a third thread arms",
    { flags: SHIPPED, parkers: 2, timers: [{ target: 0 }], asleep: [0, 1] },
    (world) => ({
      *"sleeper 0"(t) {
        const me = world.local(t, 1);
        const result = yield* sleepOn(me, world.parker(0));
        yield* unpark(me, world.parker(1));
        return result;
      },
      "sleeper 1": asleep(world, 1),
      *armer(t) {
        yield* schedule(world.local(t, 3), world.timer(0), SOON);
      },
    }),
  );
}

function leaving(): Entry {
  return handOff(
    "whoever leaves the driver has a sleeper serve its timers",
    {
      parkers: 2,
      timers: [{ target: 1, deadline: SOON }],
      holder: 0,
    },
    (world) => ({ leaver: leaver(), sleeper: sleeper(world, 1) }),
  );
}

function leavingByToken(): Entry {
  return handOff(
    "a driver's owner that leaves with its token calls a sleeper",
    { parkers: 2, timers: [{ target: 1, deadline: SOON }] },
    (world) => ({
      "sleeper 0": sleeper(world, 0),
      "sleeper 1": sleeper(world, 1),
      *other(t) {
        yield* unpark(world.local(t, 3), world.parker(0));
      },
    }),
  );
}

/** [D2]: the owner leaves while the timer is armed. */
function leavingWhileArming(flags: number, where: string): Entry {
  return handOff(
    `a timer armed while the driver's owner leaves is served: ${where}`,
    { flags, parkers: 2, timers: [{ target: 1 }], holder: 0 },
    (world) => ({
      leaver: leaver(),
      sleeper: sleeper(world, 1),
      *armer(t) {
        yield* schedule(world.local(t, 3), world.timer(0), SOON);
      },
    }),
  );
}

function tokenWhenCalled(): Entry {
  return handOff(
    "a sleeper that is called and unparked at once calls the next",
    {
      parkers: 3,
      timers: [{ target: 2, deadline: SOON }],
      holder: 0,
      asleep: [1, 2],
    },
    (world) => ({
      leaver: leaver(),
      "sleeper 1": asleep(world, 1),
      "sleeper 2": asleep(world, 2),
      *other(t) {
        yield* unpark(world.local(t, 4), world.parker(1));
      },
    }),
  );
}

function timeoutWhenCalled(): Entry {
  return handOff(
    "a sleeper that is called as it times out calls the next",
    {
      parkers: 3,
      timers: [{ target: 2, deadline: SOON }],
      holder: 0,
      asleep: [1, 2],
    },
    (world) => ({
      leaver: leaver(),
      *timed(t) {
        const me = world.local(t, 2);
        return yield* sleepOn(me, world.parker(1), START + 1);
      },
      "sleeper 2": asleep(world, 2),
    }),
  );
}

function tokenBeforeCommit(): Entry {
  return handOff(
    "a park that takes the driver and finds its token calls a sleeper",
    { parkers: 2, timers: [{ target: 1, deadline: SOON }] },
    (world) => ({
      // Its commit may fail with the driver in its hands.
      *visitor(t) {
        const me = world.local(t, 1);
        return yield* park(me, world.parker(0));
      },
      sleeper: sleeper(world, 1),
      *other(t) {
        yield* unpark(world.local(t, 3), world.parker(0));
      },
    }),
  );
}

function twoCalls(): Entry {
  const world = newWorld({
    parkers: 3,
    timers: [{ target: 1, deadline: SOON }],
    holder: 0,
    asleep: [1, 2],
  });
  return pr({
    name: "of two sleepers that are called, the one that comes late sleeps on",
    setup(alone) {
      world.setup(alone);
      // It calls the first.
      alone.call("driverLeave");
    },
    threads: {
      *caller(t) {
        yield* t.call("driverHandOff");
      },
      *first(t) {
        const me = world.local(t, 2);
        const result = yield* sleepOn(me, world.parker(1));
        yield* unpark(me, world.parker(2));
        return result;
      },
      second: asleep(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  });
}

/** The same, while the driver is left, with a timer for each. */
function twoCallsInFull(): Entry {
  const entry = handOff(
    "two sleepers that are called by who leaves and who arms both wake",
    {
      parkers: 3,
      timers: [{ target: 1, deadline: SOON }, { target: 2 }],
      holder: 0,
      asleep: [1, 2],
    },
    (world) => ({
      leaver: leaver(),
      "sleeper 1": asleep(world, 1),
      "sleeper 2": asleep(world, 2),
      *armer(t) {
        yield* schedule(world.local(t, 4), world.timer(1), SOON);
      },
    }),
  );
  return full(entry.scenario);
}

function polling(): Entry {
  return handOff(
    "a poll that holds the driver leaves its timers to a sleeper",
    { parkers: 2, timers: [{ target: 1, deadline: SOON }] },
    (world) => ({
      *poller(t) {
        yield* pollDriver(world.local(t, 1), world.parker(0));
      },
      sleeper: sleeper(world, 1),
    }),
  );
}

/** The work is gone before who was called gets there. */
function cancelled(): Entry {
  return handOff(
    "a sleeper that is called to a timer that is cancelled sleeps on",
    {
      parkers: 2,
      timers: [{ target: 1, deadline: SOON }],
      holder: 0,
      asleep: [1],
    },
    (world) => ({
      leaver: leaver(),
      sleeper: asleep(world, 1),
      *canceller(t) {
        const me = world.local(t, 3);
        yield* cancel(me, world.timer(0));
        yield* unpark(me, world.parker(1));
      },
    }),
  );
}

/** A timed park on its own word, called: the driver is there to be taken. */
function timedIsCalled(isUnparked: boolean): Entry {
  const world = newWorld({
    parkers: 2,
    timers: [{ target: 1, deadline: isUnparked ? FAR : SOON }],
    holder: 0,
  });
  const threads: Record<string, Body> = {
    leaver: leaver(),
    *timed(t) {
      const me = world.local(t, 2);
      return yield* park(me, world.parker(1), SOON + 5);
    },
  };
  if (isUnparked) {
    threads.other = function* (t) {
      yield* unpark(world.local(t, 3), world.parker(1));
    };
  }
  const what = isUnparked ? "leaves it with its token" : "serves it";
  return pr({
    name: `a timed sleeper that is called takes the driver, and ${what}`,
    setup: world.setup,
    threads,
    final(alone, results) {
      expectResults(alone, results, { timed: ["unparked", "timed-out"] });
      const isArmed = isUnparked || results.timed === "timed-out";
      world.check(alone, { armed: isArmed, tokens: isUnparked });
    },
  });
}

/** It takes the driver, finds its token, and leaves work behind. */
function timedLeavesWork(): Entry {
  const entry = handOff(
    "a timed sleeper that leaves the driver with its token calls the next",
    {
      parkers: 3,
      timers: [{ target: 2, deadline: START }],
      holder: 0,
      asleep: [2],
    },
    (world) => ({
      *timed(t) {
        const me = world.local(t, 2);
        return yield* park(me, world.parker(1), SOON);
      },
      "sleeper 2": asleep(world, 2),
      *leaver(t) {
        yield* t.call("driverLeave");
        yield* unpark(world.local(t, 1), world.parker(1));
      },
    }),
  );
  // The timer is due, and the timed park has its token to wait for.
  return pr(entry.scenario, { timeouts: 0 });
}

/** Its time has passed when it runs: the driver is there to be taken still. */
function slowIsCalled(): Entry {
  const entry = handOff(
    "a timed sleeper that is called, and runs too late, calls the next",
    {
      parkers: 3,
      timers: [{ target: 2, deadline: START }],
      holder: 0,
      asleep: [2],
    },
    (world) => ({
      leaver: leaver(),
      *timed(t) {
        const me = world.local(t, 2, new Clock(0, true));
        return yield* park(me, world.parker(1), SOON);
      },
      "sleeper 2": asleep(world, 2),
    }),
  );
  return pr(entry.scenario, { timeouts: 1 });
}

/** A sleeper that was called, and died in its sleep. */
function calledIsDead(): Entry {
  const world = newWorld({
    parkers: 3,
    timers: [{ target: 2, deadline: SOON }, { target: 2 }],
    holder: 0,
    asleep: [1, 2],
  });
  const dead = world.parker(1);
  return pr({
    name:
      "whoever arms a timer calls another than the one who died when called",
    setup(alone) {
      world.setup(alone);
      alone.call("timersPrepare", 1);
      // It calls the first, who has no thread any more.
      alone.call("driverLeave");
    },
    threads: {
      sleeper: asleep(world, 2),
      *armer(t) {
        // Later than what the driver was to wake for.
        yield* schedule(world.local(t, 1), world.timer(1), SOON + 2);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: UNPARKED });
      alone.call("parkerEndSleep", dead.address, dead.claim, 1);
      world.check(alone, { armed: true, tokens: true });
    },
  });
}

/** The whole of two parks, of which one is called and unparked. */
function tokenWhenCalledInFull(): Entry {
  const entry = handOff(
    "a sleeper that is called and unparked in any step of its park calls on",
    { parkers: 3, timers: [{ target: 2, deadline: SOON }], holder: 0 },
    (world) => ({
      "sleeper 1": sleeper(world, 1),
      "sleeper 2": sleeper(world, 2),
      *leaver(t) {
        yield* t.call("driverLeave");
        yield* unpark(world.local(t, 1), world.parker(1));
      },
    }),
  );
  return full(entry.scenario);
}

/** Threads that all sleep, and a timer for each. */
function everybody(): Entry {
  return handOff(
    "each of two sleepers gets the timer that it waits for",
    {
      parkers: 2,
      timers: [{ target: 0, deadline: SOON }, {
        target: 1,
        deadline: SOON + 1,
      }],
    },
    (world) => ({
      "sleeper 0": sleeper(world, 0),
      "sleeper 1": sleeper(world, 1),
    }),
  );
}

export const scenarios: readonly Entry[] = [
  arming("on its own word", SHIPPED),
  arming("in the driver", DRIVER_FIRST),
  armingForTwo(),
  leaving(),
  leavingByToken(),
  leavingWhileArming(SHIPPED, "the driver is for timers"),
  leavingWhileArming(DRIVER_FIRST, "every park tries it"),
  tokenWhenCalled(),
  timeoutWhenCalled(),
  tokenBeforeCommit(),
  twoCalls(),
  twoCallsInFull(),
  polling(),
  cancelled(),
  timedIsCalled(false),
  timedIsCalled(true),
  timedLeavesWork(),
  slowIsCalled(),
  calledIsDead(),
  tokenWhenCalledInFull(),
  everybody(),
  spurious(arming("on its own word", SHIPPED)),
  spurious(leaving()),
];
