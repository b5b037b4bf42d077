// Threads of a runtime that are terminated, at any point, and are buried by who
// has started them: what they held is free, and whoever they were to wake is.
//
// A thread is buried when it has really ended: so a dead sleeper does not stay in
// the queues, as elsewhere.

import { NOTIFIED, UNPARKED } from "../../src/core/core.generated.ts";
import type { Body, Steps } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import {
  bury,
  cancel,
  fireTimers,
  park,
  parkUntilToken,
  releaseTimer,
  schedule,
  shutdown,
  sleepOn,
  unpark,
  wakeSummoned,
} from "../facade.ts";
import { openLoop, parkAsync } from "../loop_facade.ts";
import {
  DRIVER_FIRST,
  DRIVER_LOCK,
  type Local,
  newWorld,
  OWN_WORDS,
  SHIPPED,
  SHIPPED_HOST,
  SHIPPED_SELECTOR,
  type World,
} from "../world.ts";

const LEAVES = { deaths: 1, deadSleepers: "leaves" } as const;
/** The thread that may die. It has the parker 0. */
const MORTAL = 1;
const SOON = START + 5;

/** As `Burial.end()` of src/burial.ts. */
function burial(world: World): Body {
  return function* (t) {
    const isLast = yield* t.call("threadBury", MORTAL);
    yield* bury(world.local(t, 9), isLast);
  };
}

/** It makes a token available, and dies before it has woken whoever sleeps. */
function waking(where: string, flags: number, isLooping = false): Entry {
  const world = newWorld({ flags, parkers: 2 });
  const owner = world.parker(1);
  return pr({
    name: `who was given a token by a thread that dies wakes: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        yield* unpark(world.local(t, MORTAL), owner);
      },
      *owner(t) {
        const me = world.local(t, 2);
        if (!isLooping) return yield* parkUntilToken(me, owner);
        return yield* parkAsync(me, yield* openLoop(me, owner), owner);
      },
    },
    // There is no token if it has died at once.
    daemons: ["owner"],
    mortal: ["mortal"],
    recover: burial(world),
    final(alone) {
      const word = alone.read(owner.address);
      alone.assert(word !== (owner.claim | NOTIFIED), "it sleeps on its token");
    },
  }, LEAVES);
}

/** It sleeps, in the driver or beside it. */
function sleeping(where: string, flags: number, add = pr): Entry {
  const world = newWorld({ flags, parkers: 2 });
  const isSelector = flags === SHIPPED_SELECTOR;
  return add({
    name: `a thread that dies in its park does not keep the driver: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        return yield* parkUntilToken(world.local(t, MORTAL), world.parker(0));
      },
      *other(t) {
        const me = world.local(t, 2);
        return yield* parkUntilToken(me, world.parker(1));
      },
      *unparker(t) {
        yield* unpark(world.local(t, 3), world.parker(1));
      },
    },
    daemons: ["mortal"],
    mortal: ["mortal"],
    recover: burial(world),
    final(alone, results) {
      expectResults(alone, results, { other: ["unparked"] });
      const { address, claim } = world.parker(0);
      const isDead = alone.call("parkerIsClaimed", address, claim) === 0;
      // If it died as it came or went, it counts as a user for ever.
      if (isDead) world.check(alone, { parkers: [1], daemons: isSelector });
      const isHeld = isDead && alone.read(DRIVER_LOCK) !== 0;
      alone.assert(!isHeld, "the driver is not free");
    },
  }, LEAVES);
}

/** It leaves the driver, and dies before it has called another one there. */
function leaving(where: string, flags: number): Entry {
  const world = newWorld({
    flags,
    parkers: 2,
    holder: 0,
    timers: [{ target: 1, deadline: SOON }],
    asleep: [1],
  });
  const place = world.parker(1);
  return pr({
    name: `a thread that dies as it leaves the driver hands it on: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        const me = world.local(t, MORTAL);
        yield* wakeSummoned(me, yield* t.call("driverLeave"));
      },
      *sleeper(t) {
        const me = world.local(t, 2);
        return yield* sleepOn(me, place);
      },
    },
    mortal: ["mortal"],
    recover: burial(world),
    final(alone, results) {
      expectResults(alone, results, { sleeper: ["unparked"] });
      world.check(alone, { parkers: [1] });
    },
  }, LEAVES);
}

/** It fires timers, and dies before it has told of all of them. */
function firing(where: string, flags: number): Entry {
  const world = newWorld({
    flags,
    parkers: 2,
    holder: 0,
    timers: [{ target: 1, deadline: START }],
    asleep: [1],
  });
  return pr({
    name: `a timer fires though the driver's owner dies: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        const me = world.local(t, MORTAL);
        yield* fireTimers(me);
        yield* wakeSummoned(me, yield* t.call("driverLeave"));
      },
      *sleeper(t) {
        return yield* sleepOn(world.local(t, 2), world.parker(1));
      },
    },
    mortal: ["mortal"],
    recover: burial(world),
    final(alone, results) {
      expectResults(alone, results, { sleeper: ["unparked"] });
      // It may be told twice: by the dead one, and in its place.
      world.check(alone, { parkers: [1], tokens: true, armed: true });
    },
  }, LEAVES);
}

/** It dies in the driver long after it has fired a timer. */
function fired(): Entry {
  const world = newWorld({
    parkers: 2,
    holder: 0,
    timers: [{ target: 1, deadline: START }],
  });
  const { address, claim } = world.parker(1);
  return pr({
    name: "a timer that has fired does not when the driver's owner dies",
    setup(alone) {
      world.setup(alone);
      alone.call("timersCollect", START, MORTAL);
      alone.call("timersDeliver", 0);
      const taken = alone.call("parkerTake", address, claim);
      alone.assert(taken === UNPARKED, `setup: a take returned ${taken}`);
    },
    threads: { supervisor: burial(world) },
    final: (alone) => world.check(alone, { parkers: [1] }),
  });
}

/** It holds the wheel's lock, and has half-made links in its hands. */
function locking(
  where: string,
  steps: (me: Local, world: World) => Steps<unknown>,
): Entry {
  const world = newWorld({
    parkers: 2,
    timers: [
      { target: 0, deadline: FAR },
      { target: 0, deadline: FAR },
      { target: 1 },
    ],
  });
  return pr({
    name: `a thread that dies as it ${where} a timer leaves the wheel whole`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        yield* steps(world.local(t, MORTAL), world);
      },
      *other(t) {
        const me = world.local(t, 2);
        const armed = yield* schedule(me, world.timer(2), FAR);
        return armed === "armed" && (yield* cancel(me, world.timer(2))) === 1;
      },
    },
    mortal: ["mortal"],
    recover: burial(world),
    final(alone, results) {
      expectResults(alone, results, { other: [true] });
      world.check(alone, { parkers: [1], armed: true });
    },
  }, LEAVES);
}

/** It shuts the runtime down. */
function shuttingDown(where: string, flags: number, add = pr): Entry {
  const timers = add === full ? [{ target: 1, deadline: FAR }] : [];
  const world = newWorld({ flags, parkers: 2, timers });
  return add({
    name: `a shutdown by a thread that dies ends all, or nothing: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        yield* shutdown(world.local(t, MORTAL));
      },
      *owner(t) {
        return yield* park(world.local(t, 2), world.parker(1));
      },
    },
    daemons: ["owner"],
    mortal: ["mortal"],
    recover: burial(world),
    final(alone, { owner }) {
      if (!alone.call("shutdownBegun")) return;
      alone.assert(owner === "shutdown", `the owner got ${owner}`);
      world.check(alone, { parkers: [1], tokens: true, daemons: true });
    },
  }, LEAVES);
}

/** Buried beside one who claims what it had, and takes the driver. */
function successor(where: string, isReleased: boolean): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: `who claims a dead thread's parker is not taken for dead: ${where}`,
    setup(alone) {
      world.setup(alone);
      if (isReleased) alone.call("parkerRelease", address, claim);
    },
    threads: {
      supervisor: burial(world),
      *claimer(t) {
        const claimed = yield* t.call("parkerClaim", 2);
        if (claimed === 0) return;
        t.assert(claimed === address, "a parker lies elsewhere");
        const claim = yield* t.call("parkerBase", address);
        const isTaken = yield* t.call("driverTake", address);
        t.assert(isTaken !== 0, "the driver is not free");
        return claim;
      },
    },
    final(alone, { claimer }) {
      if (claimer === undefined) return;
      const isThere = alone.call("parkerIsClaimed", address, claimer as number);
      alone.assert(isThere !== 0, "it is not claimed any more");
      const holder = alone.read(DRIVER_LOCK);
      alone.assert(holder === 1, `the driver's holder is ${holder}`);
    },
  });
}

/** What it has detached, or released, is not its own. */
function notItsOwn(): Entry {
  const world = newWorld({ parkers: 3 });
  return pr({
    name: "a dead thread's parkers are free, and no others",
    setup(alone) {
      world.setup(alone);
      const [first, second] = [world.parker(0), world.parker(1)];
      alone.call("parkerDetach", first.address, first.claim, MORTAL);
      alone.call("parkerDetach", second.address, second.claim, 2);
      alone.call("parkerAdopt", second.address, second.claim, MORTAL);
    },
    threads: {
      supervisor: burial(world),
      *adopter(t) {
        const { address, claim } = world.parker(0);
        return yield* t.call("parkerAdopt", address, claim, 2);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { adopter: [1] });
      const isClaimed = [0, 1, 2].map((index) => {
        const { address, claim } = world.parker(index);
        return alone.call("parkerIsClaimed", address, claim);
      });
      alone.assert(isClaimed.join() === "1,0,1", `claimed are ${isClaimed}`);
    },
  });
}

export const scenarios: readonly Entry[] = [
  waking("on its own word", OWN_WORDS),
  waking("in the driver", DRIVER_FIRST),
  waking("in its event loop", OWN_WORDS, true),
  waking("by the host's futex", SHIPPED_HOST),
  waking("in the selector", SHIPPED_SELECTOR),
  sleeping("the driver is first", DRIVER_FIRST),
  sleeping("the selector", SHIPPED_SELECTOR, full),
  leaving("the core sleeps", SHIPPED),
  leaving("the host sleeps", SHIPPED_HOST),
  firing("the core sleeps", SHIPPED),
  firing("the host sleeps", SHIPPED_HOST),
  fired(),
  locking("arms", (me, world) => schedule(me, world.timer(0), SOON)),
  locking("cancels", (me, world) => cancel(me, world.timer(1))),
  locking("releases", (me, world) => releaseTimer(me, world.timer(0))),
  shuttingDown("on its own word", SHIPPED),
  shuttingDown("in the selector", SHIPPED_SELECTOR),
  shuttingDown("on its own word, with a timer", SHIPPED, full),
  successor("it was freed with it", false),
  successor("it was released before", true),
  notItsOwn(),
];
