// Where the host sleeps and wakes, by the kernel's futex: the core says when,
// and hands the driver on only when it is asked to.

import { DONE, NOTIFIED } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  park,
  parkUntilToken,
  pollDriver,
  schedule,
  shutdown,
  sleepOn,
  unpark,
} from "../facade.ts";
import { loopOf, sleepOnAsync } from "../loop_facade.ts";
import {
  DRIVER_FIRST,
  newWorld,
  OWN_WORDS,
  SHIPPED_HOST,
  type World,
} from "../world.ts";

/** `HOST_WAIT` beside the flags. */
const HOST = SHIPPED_HOST & ~DRIVER_FIRST & ~4;
const SOON = START + 5;
const UNPARKED = ["unparked"];

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

/** A thread that unparks. */
function unparker(world: World, thread: number, ...parkers: number[]): Body {
  return function* (t) {
    const me = world.local(t, thread);
    for (const index of parkers) yield* unpark(me, world.parker(index));
  };
}

/** A thread that holds the driver when the scenario begins, and leaves it. */
function leaver(world: World): Body {
  return function* (t) {
    const address = yield* t.call("driverLeave");
    // As wakeSummoned() of the facade.
    if (address !== 0) yield* t.notify(address);
    t.assert(world.flags === SHIPPED_HOST, "another world");
  };
}

function oneToOne(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  return pr({
    name: `the host does not lose an unpark: ${where}`,
    setup: world.setup,
    threads: { owner: sleeper(world, 0), other: unparker(world, 2, 0) },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone);
    },
  });
}

function manyParkers(): Entry {
  const world = newWorld({ flags: HOST | DRIVER_FIRST, parkers: 2 });
  return pr({
    name: "the host wakes the driver's owner and who sleeps beside it",
    setup: world.setup,
    threads: {
      first: sleeper(world, 0),
      second: sleeper(world, 1),
      other: unparker(world, 3, 0, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  });
}

function conserved(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `a token that meets the host's timeout is taken or left: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), owner, SOON);
      },
      other: unparker(world, 2, 0),
    },
    final(alone, results) {
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      const isTaken = results.owner === "unparked";
      alone.assert(isTaken !== isLeft, "there is no token, or there are two");
      world.check(alone, { tokens: true });
    },
  });
}

function arming(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1, timers: [{ target: 0 }] });
  return pr({
    name: `whoever arms a timer wakes a sleeper of the host's: ${where}`,
    setup: world.setup,
    threads: {
      sleeper: sleeper(world, 0),
      *armer(t) {
        yield* schedule(world.local(t, 2), world.timer(0), SOON);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: UNPARKED });
      world.check(alone);
    },
  });
}

function nextWake(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 1,
    timers: [{ target: 0, deadline: FAR }, { target: 0 }],
  });
  return pr({
    name: "a driver that the host has sleep to a late timer is told of another",
    setup: world.setup,
    threads: {
      owner: sleeper(world, 0),
      *armer(t) {
        yield* schedule(world.local(t, 2), world.timer(1), SOON);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true });
    },
  });
}

function leaving(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
    holder: 0,
  });
  return pr({
    name: "whoever leaves the driver has the host wake a sleeper",
    setup: world.setup,
    threads: { leaver: leaver(world), sleeper: sleeper(world, 1) },
    final(alone, results) {
      expectResults(alone, results, { sleeper: UNPARKED });
      world.check(alone);
    },
  });
}

function leavingByToken(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
  });
  return pr({
    name: "a driver's owner that leaves has the host wake the next",
    setup: world.setup,
    threads: {
      first: sleeper(world, 0),
      second: sleeper(world, 1),
      other: unparker(world, 3, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  });
}

function tokenWhenCalled(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 3,
    timers: [{ target: 2, deadline: SOON }],
    holder: 0,
    asleep: [1, 2],
  });
  const first = world.parker(1);
  return pr({
    name: "a sleeper of the host's called and unparked at once calls the next",
    setup(alone) {
      world.setup(alone);
      const called = alone.call("driverLeave");
      alone.assert(called === first.address, "setup: it called another");
      alone.call("parkerUnpark", first.address, first.claim);
    },
    threads: {
      *caller(t) {
        yield* t.notify(first.address);
      },
      first: asleep(world, 1),
      second: asleep(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  });
}

function tokenWhenCalledInFull(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 3,
    timers: [{ target: 2, deadline: SOON }],
    holder: 0,
    asleep: [1, 2],
  });
  return full({
    name:
      "a sleeper of the host's called and unparked, in any order, calls the next",
    setup: world.setup,
    threads: {
      leaver: leaver(world),
      first: asleep(world, 1),
      second: asleep(world, 2),
      other: unparker(world, 4, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED, second: UNPARKED });
      world.check(alone);
    },
  }, { explorer: "states" });
}

function timeoutWhenCalled(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 3,
    timers: [{ target: 2, deadline: SOON }],
    holder: 0,
    asleep: [1, 2],
  });
  return pr({
    name: "a sleeper of the host's called as it times out calls the next",
    setup: world.setup,
    threads: {
      leaver: leaver(world),
      *timed(t) {
        const me = world.local(t, 2);
        return yield* sleepOn(me, world.parker(1), START + 1);
      },
      sleeper: asleep(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: UNPARKED });
      world.check(alone);
    },
  });
}

function polling(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
  });
  return pr({
    name: "a poll has the host wake a sleeper to the timers that it leaves",
    setup: world.setup,
    threads: {
      *poller(t) {
        yield* pollDriver(world.local(t, 1), world.parker(0));
      },
      sleeper: sleeper(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: UNPARKED });
      world.check(alone);
    },
  });
}

function besideShutdown(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 2 });
  return pr({
    name: `a shutdown has the host end every park: ${where}`,
    setup: world.setup,
    threads: {
      first: sleeper(world, 0),
      second: sleeper(world, 1),
      *closer(t) {
        yield* shutdown(world.local(t, 3));
      },
    },
    final(alone, results) {
      const ended = ["shutdown"];
      expectResults(alone, results, { first: ended, second: ended });
      world.check(alone, { tokens: true });
    },
  });
}

/** An event loop beside a thread that the host has sleep. */
function loopLeaves(): Entry {
  const world = newWorld({
    flags: SHIPPED_HOST,
    parkers: 2,
    timers: [{ target: 1 }],
    asleep: [1],
    looping: [0],
  });
  return pr({
    name: "an event loop that leaves the driver has the host wake a thread",
    setup(alone) {
      world.setup(alone);
      alone.call("driverKeep", world.parker(0).address);
      // While it is kept, nobody else is called.
      const { address, claim } = world.timer(0);
      const code = alone.call("timerArm", address, claim, SOON, 3);
      alone.assert(code === DONE, `setup: arming returned ${code}`);
      const loop = world.parker(0);
      alone.call("parkerUnpark", loop.address, loop.claim);
    },
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const place = world.parker(0);
        return yield* sleepOnAsync(me, loopOf(place), place);
      },
      thread: asleep(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, {
        loop: ["unparked", "driver"],
        thread: UNPARKED,
      });
      world.check(alone, { tokens: true });
    },
  });
}

export const scenarios: readonly Entry[] = [
  oneToOne("on its own word", HOST | OWN_WORDS),
  oneToOne("in the driver", HOST | DRIVER_FIRST),
  oneToOne("the driver is for timers", SHIPPED_HOST),
  manyParkers(),
  conserved("on its own word", HOST | OWN_WORDS),
  conserved("in the driver", HOST | DRIVER_FIRST),
  arming("on its own word", SHIPPED_HOST),
  arming("in the driver", HOST | DRIVER_FIRST),
  nextWake(),
  leaving(),
  leavingByToken(),
  tokenWhenCalled(),
  tokenWhenCalledInFull(),
  timeoutWhenCalled(),
  polling(),
  besideShutdown("on their own words", HOST | OWN_WORDS),
  besideShutdown("one in the driver", HOST | DRIVER_FIRST),
  loopLeaves(),
  spurious(oneToOne("on its own word", HOST | OWN_WORDS)),
  spurious(oneToOne("in the driver", HOST | DRIVER_FIRST)),
  spurious(leaving()),
];
