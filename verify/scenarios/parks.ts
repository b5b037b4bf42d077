// One owner and one unparker: the token comes before, during or after each step
// of a park, in both ways of sleeping.

import {
  AGAIN,
  CONFLICT,
  EMPTY,
  PARKED_CONDVAR,
  SLEEP,
} from "../../src/core/core.generated.ts";
import { type Entry, expectResults, pr, spurious } from "../entry.ts";
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

/** A park, and the unpark that it waits for. */
function oneToOne(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `an unpark is not lost, wherever it comes: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), owner);
      },
      *other(t) {
        t.assert(yield* unpark(world.local(t, 2), owner), "it was released");
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      alone.assert(world.counter(alone, 0, PARKS) <= 1, "it slept twice");
      alone.assert(world.counter(alone, 0, NOOPS) === 0, "it woke in vain");
      world.check(alone);
    },
  });
}

/** Two owners, each of whom wakes the other `rounds` times. */
function pingPong(where: string, flags: number, rounds: number): Entry {
  const world = newWorld({ flags, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  return pr({
    name: `${rounds} round trips end: ${where}`,
    setup: world.setup,
    threads: {
      *first(t) {
        const me = world.local(t, 1);
        for (let round = 0; round < rounds; round++) {
          yield* unpark(me, second);
          yield* parkUntilToken(me, first);
        }
      },
      *second(t) {
        const me = world.local(t, 2);
        for (let round = 0; round < rounds; round++) {
          yield* parkUntilToken(me, second);
          yield* unpark(me, first);
        }
      },
    },
    final(alone) {
      world.check(alone);
    },
  });
}

/** The data that a token stands for. */
function visible(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `what comes before an unpark is there after the park: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* park(world.local(t, 1), owner);
        const found = yield* t.load(world.scratch(0));
        t.assert(found === 1, "the park is over, and the data is not there");
      },
      *other(t) {
        yield* t.store(world.scratch(0), 1);
        yield* unpark(world.local(t, 2), owner);
      },
    },
    final(alone) {
      world.check(alone);
    },
  });
}

/** A second sleep, which the wake of the first must not end. */
function lateWake(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  const awake = world.scratch(0);
  return pr({
    name: `the wake of one sleep, late, does not end the next: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* parkUntilToken(me, owner);
        yield* raise(t, awake);
        yield* parkUntilToken(me, owner);
        t.assert((yield* t.load(awake)) === 2, "it woke before its token");
      },
      *late(t) {
        yield* unpark(world.local(t, 2), owner);
      },
      *second(t) {
        yield* untilRaised(t, awake);
        yield* t.exchange(awake, 2);
        yield* unpark(world.local(t, 3), owner);
      },
    },
    final(alone) {
      world.check(alone);
    },
  });
}

function selfUnpark(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a token that is there is taken without a sleep",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* unpark(me, owner);
        yield* unpark(me, owner);
        return yield* park(me, owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      alone.assert(world.counter(alone, 0, PARKS) === 0, "it slept");
      world.check(alone);
    },
  });
}

/** Two threads that commit to a sleep on one claim. */
function twoOwners(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "of two owners of one parker, one is told",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* t.call("parkerCommit", address, claim);
      },
      *second(t) {
        return yield* t.call("parkerCommit", address, claim);
      },
    },
    final(alone, { first, second }: Record<string, unknown>) {
      const isRight = (first === SLEEP && second === CONFLICT) ||
        (first === CONFLICT && second === SLEEP);
      alone.assert(isRight, `commits returned ${first} and ${second}`);
      alone.call("parkerEndSleep", address, claim, 1);
      alone.assert(alone.read(address) === (claim | EMPTY), "it is parked");
      world.check(alone);
    },
  });
}

/** One that looks for a token while the owner sleeps. */
function takeBeside(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "who looks for the token of a parker that sleeps does not wake it",
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* t.call("parkerCommit", address, claim);
      },
      *second(t) {
        return yield* t.call("parkerTake", address, claim);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: [SLEEP], second: [AGAIN] });
      const word = alone.read(address);
      alone.assert(word === (claim | PARKED_CONDVAR), `the word is ${word}`);
      alone.call("parkerEndSleep", address, claim, 1);
      world.check(alone);
    },
  });
}

/** Somebody who reads the counters while they are written. */
function counters(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "counters that are read while the owner counts run behind",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* park(world.local(t, 1), owner);
        yield* t.call("parkerAddParked", owner.address, 2);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
      *reader(t) {
        const unparks = yield* t.call("parkerCounter", owner.address, 1);
        const parks = yield* t.call("parkerCounter", owner.address, 0);
        t.assert(parks >= unparks, "more sleeps have ended than begun");
      },
    },
    final(alone) {
      const parked = world.counter(alone, 0, 6);
      alone.assert(parked === 2e6, `${parked} ns were counted`);
      world.check(alone);
    },
  });
}

const ownWord = oneToOne("on its own word", OWN_WORDS);
const inDriver = oneToOne("in the driver", DRIVER_FIRST);

export const scenarios: readonly Entry[] = [
  ownWord,
  inDriver,
  oneToOne("with a driver that has no timers", SHIPPED),
  pingPong("on their own words", OWN_WORDS, 1),
  pingPong("one in the driver", DRIVER_FIRST, 1),
  visible("on its own word", OWN_WORDS),
  visible("in the driver", DRIVER_FIRST),
  lateWake("on its own word", OWN_WORDS),
  lateWake("in the driver", DRIVER_FIRST),
  selfUnpark(),
  twoOwners(),
  takeBeside(),
  counters(),
  spurious(lateWake("on its own word", OWN_WORDS)),
  spurious(visible("on its own word", OWN_WORDS)),
  spurious(visible("in the driver", DRIVER_FIRST)),
];
