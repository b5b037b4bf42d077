// Parks of an event loop: the doorbell, and what ends them.

import { START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { parkBlocking, unpark } from "../facade.ts";
import { openLoop, parkAsync, ringLoop } from "../loop_facade.ts";
import { loop, unparker } from "../loop_threads.ts";
import { raise, untilRaised } from "../flag.ts";
import { newWorld, OWN_WORDS, SHIPPED } from "../world.ts";

const SOON = START + 5;
const UNPARKED = ["unparked"];

function doorbell(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  return pr({
    name: `an unpark between a loop's commit and its wait is heard: ${where}`,
    setup: world.setup,
    threads: { loop: loop(world, 0), other: unparker(world, 2, 0) },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

/** A loop that hears a ring of the park before. */
function twoRounds(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 2 });
  const [first, second] = [world.parker(0), world.parker(1)];
  return full({
    name: "two event loops wake each other in turn",
    setup: world.setup,
    threads: {
      *first(t) {
        const me = world.local(t, 1);
        const driver = yield* openLoop(me, first);
        yield* unpark(me, second);
        yield* parkAsync(me, driver, first);
        yield* unpark(me, second);
        return yield* parkAsync(me, driver, first);
      },
      *second(t) {
        const me = world.local(t, 2);
        const driver = yield* openLoop(me, second);
        yield* parkAsync(me, driver, second);
        yield* unpark(me, first);
        yield* parkAsync(me, driver, second);
        yield* unpark(me, first);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { first: UNPARKED });
      world.check(alone);
    },
  }, { explorer: "states" });
}

/** A loop that parks twice: a ring of the first park is not the second's. */
function nextPark(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const owner = world.parker(0);
  const awake = world.scratch(0);
  return pr({
    name: "an event loop that parks again hears the ring of the second unpark",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const driver = yield* openLoop(me, owner);
        yield* parkAsync(me, driver, owner);
        yield* raise(t, awake);
        return yield* parkAsync(me, driver, owner);
      },
      *other(t) {
        const me = world.local(t, 2);
        yield* unpark(me, owner);
        yield* untilRaised(t, awake);
        yield* unpark(me, owner);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

function twoUnparkers(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  return pr({
    name: "two unparks of an event loop leave one token at most",
    setup: world.setup,
    threads: {
      loop: loop(world, 0),
      first: unparker(world, 2, 0),
      second: unparker(world, 3, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone, { tokens: true });
    },
  });
}

function deadline(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: `a token that meets an event loop's deadline is one: ${where}`,
    setup: world.setup,
    threads: {
      loop: loop(world, 0, { deadline: SOON }),
      other: unparker(world, 2, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: ["unparked", "timed-out"] });
      const isLeft = alone.read(address) !== claim;
      const isTaken = results.loop === "unparked";
      alone.assert(isTaken !== isLeft, "there is no token, or there are two");
      world.check(alone, { tokens: true });
    },
  });
}

/** A task of the same event loop that aborts the park. */
function abort(): Entry {
  const world = newWorld({ flags: SHIPPED, parkers: 1 });
  const { address, claim } = world.parker(0);
  const signal = world.scratch(0);
  return pr({
    name: "an abort that meets a token: one of them ends the park",
    setup: world.setup,
    threads: {
      loop: loop(world, 0, { signal }),
      *task(t) {
        const me = world.local(t, 1);
        const bell = yield* t.call("parkerDoorbell", address);
        yield* t.store(signal, 1);
        yield* ringLoop(me, bell);
      },
      other: unparker(world, 2, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: ["unparked", "aborted"] });
      const isLeft = alone.read(address) !== claim;
      const isTaken = results.loop === "unparked";
      alone.assert(isTaken !== isLeft, "there is no token, or there are two");
      world.check(alone, { tokens: true });
    },
  });
}

/** A park that blocks for a moment, and then yields to the event loop. */
function grace(): Entry {
  const world = newWorld({ flags: SHIPPED, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: "a token is taken by a park that blocks a moment, then yields",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const driver = yield* openLoop(me, owner);
        const result = yield* parkBlocking(me, owner, START + 1);
        if (result !== "timed-out") return result;
        return yield* parkAsync(me, driver, owner);
      },
      other: unparker(world, 2, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  doorbell("no other drives", OWN_WORDS),
  doorbell("threads may drive", SHIPPED),
  twoRounds(),
  nextPark(),
  twoUnparkers(),
  deadline("no other drives", OWN_WORDS),
  deadline("threads may drive", SHIPPED),
  abort(),
  grace(),
  spurious(doorbell("threads may drive", SHIPPED)),
  spurious(deadline("threads may drive", SHIPPED)),
];
