// Many parkers and one driver: who gets it, who sleeps elsewhere, and whom the
// bell wakes.

import type { Body } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  park,
  parkInBrokenDriver,
  parkUntilToken,
  pollDriver,
  schedule,
  unpark,
} from "../facade.ts";
import { raise, untilRaised } from "../flag.ts";
import { DRIVER_FIRST, newWorld, SHIPPED } from "../world.ts";

const UNPARKED = ["unparked"];

/** Several parkers, of whom one gets the driver. */
function manyParkers(parkers: number, unparkers: number): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers });
  const threads: Record<string, Body> = {};
  const expected: Record<string, readonly unknown[]> = {};
  for (let index = 0; index < parkers; index++) {
    const name = `owner ${index}`;
    expected[name] = UNPARKED;
    threads[name] = function* (t) {
      return yield* park(world.local(t, index + 1), world.parker(index));
    };
  }
  for (let which = 0; which < unparkers; which++) {
    threads[`other ${which}`] = function* (t) {
      const me = world.local(t, parkers + which + 1);
      for (let index = which; index < parkers; index += unparkers) {
        yield* unpark(me, world.parker(index));
      }
    };
  }
  const add = parkers > 2 ? full : pr;
  return add({
    name: `${parkers} parkers, one driver, ${unparkers} unparkers: all wake`,
    setup: world.setup,
    threads,
    final(alone, results) {
      expectResults(alone, results, expected);
      world.check(alone);
    },
  });
}

/** A turn of the driver that tells when two threads are in it. */
function oneInDriver(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 3 });
  const inside = world.scratch(0);
  const visit = (index: number): Body =>
    function* (t) {
      const { address } = world.parker(index);
      if (!(yield* t.call("driverTake", address))) return false;
      const before = yield* t.exchange(inside, 1);
      t.assert(before === 0, "two threads are in the driver");
      yield* t.exchange(inside, 0);
      yield* t.call("driverLeave");
      return true;
    };
  return pr({
    name: "one thread at most is in the driver",
    setup: world.setup,
    threads: { first: visit(0), second: visit(1), third: visit(2) },
    final(alone, results) {
      const isTaken = Object.values(results).includes(true);
      alone.assert(isTaken, "nobody got the driver");
      world.check(alone);
    },
  });
}

/** Keeps, holds and takes of one driver. */
function kept(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const [loop, thread] = [world.parker(0), world.parker(1)];
  const inside = world.scratch(0);
  return pr({
    name: "a kept driver is held by its keeper or by who took it, not both",
    setup: world.setup,
    threads: {
      *loop(t) {
        const isKept = yield* t.call("driverKeep", loop.address);
        const again = yield* t.call("driverKeep", loop.address);
        if (again) t.assert(isKept !== 0 || again !== 0, "it was never free");
        if (!(yield* t.call("driverHold", loop.address))) return;
        t.assert((yield* t.exchange(inside, 1)) === 0, "two are in the driver");
        yield* t.exchange(inside, 0);
        yield* t.call("driverYield");
      },
      *thread(t) {
        if (!(yield* t.call("driverTake", thread.address))) return;
        t.assert((yield* t.exchange(inside, 1)) === 0, "two are in the driver");
        yield* t.exchange(inside, 0);
        yield* t.call("driverLeave");
      },
    },
    final(alone) {
      // A keep that was taken and left may be kept anew, and is not given up.
      if (alone.read(384) === -1) alone.call("driverHold", loop.address);
      alone.call("driverLeave");
      world.check(alone);
    },
  });
}

/** A poll beside a park: the park's token is its own. */
function poll(flags: number, where: string): Entry {
  const world = newWorld({ flags, parkers: 2 });
  const [poller, owner] = [world.parker(0), world.parker(1)];
  return pr({
    name: `a poll of the driver costs nobody a wake-up: ${where}`,
    setup: world.setup,
    threads: {
      *poller(t) {
        return yield* pollDriver(world.local(t, 1), poller);
      },
      *owner(t) {
        return yield* park(world.local(t, 2), owner);
      },
      *other(t) {
        yield* unpark(world.local(t, 3), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { poller: ["timed-out"], owner: UNPARKED });
      world.check(alone);
    },
  });
}

/** A poll leaves the token of its own parker where it is. */
function pollKeepsToken(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a poll of the driver does not touch the token",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* pollDriver(me, owner);
        return yield* park(me, owner);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone);
    },
  });
}

/** The bell that was meant for the driver's owner before. */
function lateRing(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  const told = world.scratch(0);
  return pr({
    name: "a ring for the driver's owner before does not end the next's park",
    setup: world.setup,
    threads: {
      *first(t) {
        const me = world.local(t, 1);
        // It may leave by its deadline before the ring comes.
        yield* park(me, first, START + 5);
        yield* unpark(me, second);
      },
      *second(t) {
        return yield* parkUntilToken(world.local(t, 2), second);
      },
      *other(t) {
        yield* unpark(world.local(t, 3), first);
        yield* raise(t, told);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { second: UNPARKED });
      world.check(alone, { tokens: true });
    },
  });
}

/** A driver that throws. */
function broken(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  return pr({
    name: "a driver that throws keeps its owner's token, and is left",
    setup: world.setup,
    threads: {
      *first(t) {
        const me = world.local(t, 1);
        const result = yield* parkInBrokenDriver(me, first);
        if (result === "unparked") return;
        yield* parkUntilToken(me, first);
      },
      *second(t) {
        yield* parkUntilToken(world.local(t, 2), second);
      },
      *other(t) {
        const me = world.local(t, 3);
        yield* unpark(me, first);
        yield* unpark(me, second);
      },
    },
    final(alone) {
      world.check(alone);
    },
  });
}

/** The bell rings while its owner goes to sleep. */
function ring(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: FAR }, { target: 0 }],
  });
  const owner = world.parker(0);
  return pr({
    name: "a ring before the driver sleeps keeps it awake",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        return yield* park(me, owner);
      },
      *other(t) {
        yield* schedule(world.local(t, 2), world.timer(1), START + 5);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true });
    },
  });
}

/** Two rings for one sleep: by a token, and by a timer. */
function twoRings(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: FAR }, { target: 0 }],
  });
  const owner = world.parker(0);
  const woken = world.scratch(0);
  return full({
    name: "rings that come together wake once, and none is kept from the next",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* park(me, owner);
        yield* raise(t, woken);
        return yield* parkUntilToken(me, owner);
      },
      *unparker(t) {
        const me = world.local(t, 2);
        yield* unpark(me, owner);
        yield* untilRaised(t, woken);
        yield* unpark(me, owner);
      },
      *armer(t) {
        yield* schedule(world.local(t, 3), world.timer(1), FAR - 10);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true, tokens: true });
    },
  }, { explorer: "states" });
}

export const scenarios: readonly Entry[] = [
  manyParkers(2, 1),
  manyParkers(2, 2),
  manyParkers(3, 1),
  manyParkers(3, 3),
  oneInDriver(),
  kept(),
  poll(DRIVER_FIRST, "every park tries it"),
  poll(SHIPPED, "it is for timers"),
  pollKeepsToken(),
  lateRing(),
  broken(),
  ring(),
  twoRings(),
  spurious(manyParkers(2, 1)),
  spurious(pollKeepsToken()),
  spurious(ring()),
];
