// Many unparkers: their tokens become one, none of them is lost, and each wakes
// its own parker and no other.

import { EMPTY, NOTIFIED } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { park, parkUntilToken, unpark } from "../facade.ts";
import { raise, untilRaised } from "../flag.ts";
import {
  DRIVER_FIRST,
  newWorld,
  NOOPS,
  OWN_WORDS,
  PARKS,
  SHIPPED,
} from "../world.ts";

/** One park, and several threads that unpark: at most one token is left. */
function manyToOne(where: string, flags: number, unparkers: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  const threads: Record<string, Body> = {
    *owner(t) {
      const result = yield* park(world.local(t, 1), owner);
      let seen = 0;
      for (let index = 0; index < unparkers; index++) {
        seen += yield* t.load(world.scratch(index));
      }
      t.assert(seen > 0, "a token that nobody gave");
      return result;
    },
  };
  for (let index = 0; index < unparkers; index++) {
    threads[`other ${index}`] = function* (t) {
      yield* t.store(world.scratch(index), 1);
      yield* unpark(world.local(t, index + 2), owner);
    };
  }
  const add = unparkers > 2 ? full : pr;
  return add({
    name: `${unparkers} unparkers leave one token at most: ${where}`,
    setup: world.setup,
    threads,
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      world.check(alone, { tokens: true });
    },
  });
}

/** Tokens that came together stand for what came before each of them. */
function coalesced(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  const unparker = (index: number): Body =>
    function* (t) {
      yield* t.store(world.scratch(index), 1);
      yield* unpark(world.local(t, index + 2), owner);
    };
  return pr({
    name: `one token stands for what came before both unparks: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* park(world.local(t, 1), owner);
        const first = yield* t.load(world.scratch(0));
        return first + (yield* t.load(world.scratch(1)));
      },
      first: unparker(0),
      second: unparker(1),
    },
    final(alone, results) {
      const bits = alone.read(owner.address) - owner.claim;
      // No token is left: the park took both, and saw what was before both.
      const isRight = bits === NOTIFIED || results.owner === 2;
      alone.assert(isRight, "a token was taken, and its data was not there");
      world.check(alone, { tokens: true });
    },
  });
}

/** Two rounds, each with an unparker of its own. */
function twoTokens(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  const taken = world.scratch(0);
  return pr({
    name: `a token after the first was taken ends another park: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* parkUntilToken(me, owner);
        yield* raise(t, taken);
        return yield* parkUntilToken(me, owner);
      },
      *other(t) {
        const me = world.local(t, 2);
        yield* unpark(me, owner);
        yield* untilRaised(t, taken);
        yield* unpark(me, owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      world.check(alone);
    },
  });
}

/** An owner that unparks itself, beside another. */
function selfAndOther(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "an owner that unparks itself does not sleep, whoever else unparks",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* unpark(me, owner);
        return yield* park(me, owner);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      alone.assert(world.counter(alone, 0, PARKS) === 0, "it slept");
      world.check(alone, { tokens: true });
    },
  });
}

/** Two owners on their own words, each with its own unparker. */
function noOther(): Entry {
  const world = newWorld({ flags: SHIPPED, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  const order = world.scratch(0);
  return pr({
    name: "an unpark wakes its own parker, and no other",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* park(world.local(t, 1), first);
      },
      *second(t) {
        const result = yield* park(world.local(t, 2), second);
        t.assert((yield* t.load(order)) === 1, "it woke before its token");
        return result;
      },
      *other(t) {
        const me = world.local(t, 3);
        yield* unpark(me, first);
        yield* t.store(order, 1);
        yield* unpark(me, second);
      },
    },
    final(alone, results) {
      const unparked = ["unparked"];
      expectResults(alone, results, { first: unparked, second: unparked });
      alone.assert(world.counter(alone, 0, NOOPS) === 0, "first woke in vain");
      alone.assert(world.counter(alone, 1, NOOPS) === 0, "second woke in vain");
      world.check(alone);
    },
  });
}

/** An unpark of somebody who is not there. */
function neverParked(): Entry {
  const world = newWorld({ flags: SHIPPED, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "unparks of a parker that never parks leave one token",
    setup: world.setup,
    threads: {
      *first(t) {
        yield* unpark(world.local(t, 2), owner);
      },
      *second(t) {
        yield* unpark(world.local(t, 3), owner);
      },
    },
    final(alone) {
      const bits = alone.read(owner.address) - owner.claim;
      alone.assert(bits === NOTIFIED, "there is no token");
      const { address, claim } = owner;
      alone.call("parkerTake", address, claim);
      const left = alone.read(address) - claim;
      alone.assert(left === EMPTY, "a token is left");
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  manyToOne("on its own word", OWN_WORDS, 2),
  manyToOne("in the driver", DRIVER_FIRST, 2),
  manyToOne("on its own word", OWN_WORDS, 3),
  manyToOne("in the driver", DRIVER_FIRST, 3),
  coalesced("on its own word", OWN_WORDS),
  coalesced("in the driver", DRIVER_FIRST),
  twoTokens("on its own word", OWN_WORDS),
  twoTokens("in the driver", DRIVER_FIRST),
  selfAndOther(),
  noOther(),
  neverParked(),
  spurious(manyToOne("on its own word", OWN_WORDS, 2)),
  spurious(manyToOne("in the driver", DRIVER_FIRST, 2)),
];
