// Threads that are terminated, as far as the core needs no recovery for it: a
// sleeper that died does not take the wake of another, and an unparker that
// died has given its token, or has not.
//
// A thread that dies with something in its hands is for a recovery: see
// thread_deaths.ts.

import { NOTIFIED } from "../../src/core/core.generated.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, pr } from "../entry.ts";
import { park, parkUntilToken, unpark } from "../facade.ts";
import { openLoop, parkAsync } from "../loop_facade.ts";
import { BELL, DRIVER_FIRST, newWorld, OWN_WORDS } from "../world.ts";

const UNPARKED = ["unparked"];

/** A parker that dies, and another. */
function sleeperDies(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 2 });
  const [mortal, other] = [world.parker(0), world.parker(1)];
  return pr({
    name: `a parker that dies does not cost another its wake: ${where}`,
    setup: world.setup,
    threads: {
      *mortal(t) {
        return yield* parkUntilToken(world.local(t, 1), mortal);
      },
      *other(t) {
        return yield* parkUntilToken(world.local(t, 2), other);
      },
      *unparker(t) {
        const me = world.local(t, 3);
        yield* unpark(me, mortal);
        yield* unpark(me, other);
      },
    },
    mortal: ["mortal"],
    final(alone, results) {
      expectResults(alone, results, { other: UNPARKED });
      const word = alone.read(other.address);
      alone.assert(word === other.claim, "the other's word is not empty");
    },
  }, { deaths: 1 });
}

/** An unparker that dies: a timed park ends all the same. */
function unparkerDies(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `an unparker that dies has given its token or not: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), owner, START + 5);
      },
      *mortal(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    mortal: ["mortal"],
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked", "timed-out"] });
      const isLeft = alone.read(owner.address) === (owner.claim | NOTIFIED);
      alone.assert(!(isLeft && results.owner === "unparked"), "two tokens");
      world.check(alone, { tokens: true });
    },
  }, { deaths: 1 });
}

/** Somebody who slept on the doorbell before, and is in its queue still. */
function listenerDies(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a listener that died at the doorbell does not take its ring",
    setup: world.setup,
    threads: {
      *mortal(t) {
        const bell = yield* t.call("parkerDoorbell", owner.address);
        yield* t.wait(bell, 0, true);
      },
      *loop(t) {
        const me = world.local(t, 1);
        const driver = yield* openLoop(me, owner);
        return yield* parkAsync(me, driver, owner);
      },
      *unparker(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    mortal: ["mortal"],
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  }, { deaths: 1 });
}

/** The same for the bell of the shared driver. */
function driverDies(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a sleeper that died at the driver's bell does not take its ring",
    setup: world.setup,
    threads: {
      *mortal(t) {
        yield* t.wait(BELL, 1);
      },
      *owner(t) {
        return yield* park(world.local(t, 1), owner);
      },
      *unparker(t) {
        yield* unpark(world.local(t, 2), owner);
      },
    },
    mortal: ["mortal"],
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone);
    },
  }, { deaths: 1 });
}

export const scenarios: readonly Entry[] = [
  sleeperDies("on its own word", OWN_WORDS),
  sleeperDies("in the driver", DRIVER_FIRST),
  unparkerDies("on its own word", OWN_WORDS),
  unparkerDies("in the driver", DRIVER_FIRST),
  listenerDies(),
  driverDies(),
];
