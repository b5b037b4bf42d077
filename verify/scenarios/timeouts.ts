// Timed parks: the token and the deadline come together, and one of them it is.

import { NOTIFIED } from "../../src/core/core.generated.ts";
import { Clock, FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { park, parkUntilToken, pollDriver, unpark } from "../facade.ts";
import {
  DRIVER_FIRST,
  newWorld,
  OWN_WORDS,
  SHIPPED,
  TIMEOUTS,
  UNPARKS,
} from "../world.ts";

const SOON = START + 5;

/** Whose token is taken or left, and not both. */
function conserved(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `a token that meets a timeout is taken or left: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), owner, SOON);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked", "timed-out"] });
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      const isTaken = results.owner === "unparked";
      alone.assert(isTaken !== isLeft, "there is no token, or there are two");
      const timeouts = world.counter(alone, 0, TIMEOUTS);
      alone.assert(timeouts === Number(!isTaken), `${timeouts} timeouts`);
      world.check(alone, { tokens: true });
    },
  });
}

/** What comes after a timeout. */
function thenPark(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `a park after a timed-out one gets the token: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        const first = yield* park(me, owner, SOON);
        if (first === "unparked") return first;
        return yield* parkUntilToken(me, owner);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      world.check(alone);
    },
  });
}

/** Two timed parks: the token ends one of them, or is left. */
function twice(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `two timed parks take one token once: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        const first = yield* park(me, owner, SOON);
        const second = yield* park(me, owner, SOON + 5);
        return Number(first === "unparked") + Number(second === "unparked");
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      const tokens = Number(results.owner) + Number(isLeft);
      alone.assert(tokens === 1, `there are ${tokens} tokens`);
      world.check(alone, { tokens: true });
    },
  });
}

/** A timed park in the driver, then one on its own word, or the reverse. */
function acrossDriver(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const [owner, second] = [world.parker(0), world.parker(1)];
  return pr({
    name: "a token outlasts a timed park beside another in the driver",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        const first = yield* park(me, owner, SOON);
        if (first !== "unparked") yield* parkUntilToken(me, owner);
        yield* unpark(me, second);
      },
      *second(t) {
        return yield* parkUntilToken(world.local(t, 2), second);
      },
      *other(t) {
        yield* unpark(world.local(t, 3), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { second: ["unparked"] });
      world.check(alone);
    },
  });
}

/** Timed parkers that nobody wakes. */
function allTimeOut(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const timedOut = ["timed-out"];
  return pr({
    name: "timed parks that nobody ends time out, in the driver and beside it",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* park(world.local(t, 1), world.parker(0), SOON);
      },
      *second(t) {
        return yield* park(world.local(t, 2), world.parker(1), SOON);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { first: timedOut, second: timedOut });
      world.check(alone);
    },
  });
}

/** A bell sleep that ends before its deadline. */
function early(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a driver that wakes before the deadline sleeps on",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1, new Clock(1));
        return yield* park(me, owner, SOON);
      },
      *other(t) {
        yield* t.call("bellRing");
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked", "timed-out"] });
      const tokens = world.counter(alone, 0, UNPARKS);
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      alone.assert(tokens <= 1 && !(tokens === 1 && isLeft), "two tokens");
      world.check(alone, { tokens: true });
    },
  });
}

/** A deadline that has passed: as a poll, but for the token. */
function passed(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `a park whose deadline has passed takes a token or none: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), owner, START);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      const isTaken = results.owner === "unparked";
      alone.assert(isTaken !== isLeft, "there is no token, or there are two");
      world.check(alone, { tokens: true });
    },
  });
}

/** Polls while another parks with a deadline. */
function pollBeside(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: FAR }],
  });
  const [poller, owner] = [world.parker(0), world.parker(1)];
  return pr({
    name: "a timed park beside a poll that holds the driver ends",
    setup: world.setup,
    threads: {
      *poller(t) {
        return yield* pollDriver(world.local(t, 1), poller);
      },
      *owner(t) {
        return yield* park(world.local(t, 2), owner, SOON);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["timed-out"] });
      world.check(alone, { armed: true });
    },
  });
}

/** Two timed parkers and two unparkers. */
function manyTimed(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  return full({
    name: "two timed parks and their unparks leave a token each, or none",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* park(world.local(t, 1), first, SOON);
      },
      *second(t) {
        return yield* park(world.local(t, 2), second, SOON);
      },
      *"first's"(t) {
        yield* unpark(world.local(t, 3), first);
      },
      *"second's"(t) {
        yield* unpark(world.local(t, 4), second);
      },
    },
    final(alone, results) {
      for (const [name, place] of Object.entries({ first, second })) {
        const isLeft = alone.read(place.address) === (place.claim | NOTIFIED);
        const isTaken = results[name] === "unparked";
        alone.assert(isTaken !== isLeft, `${name} has no token, or two`);
      }
      world.check(alone, { tokens: true });
    },
  });
}

export const scenarios: readonly Entry[] = [
  conserved("on its own word", OWN_WORDS),
  conserved("in the driver", DRIVER_FIRST),
  thenPark("on its own word", OWN_WORDS),
  thenPark("in the driver", DRIVER_FIRST),
  twice("on its own word", OWN_WORDS),
  twice("in the driver", DRIVER_FIRST),
  acrossDriver(),
  allTimeOut(),
  early(),
  passed("on its own word", OWN_WORDS),
  passed("in the driver", DRIVER_FIRST),
  pollBeside(),
  manyTimed(),
  spurious(conserved("on its own word", OWN_WORDS)),
  spurious(conserved("in the driver", DRIVER_FIRST)),
  spurious(thenPark("on its own word", OWN_WORDS)),
  spurious(twice("on its own word", OWN_WORDS)),
];
