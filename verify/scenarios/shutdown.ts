// The end of a runtime beside everything else that may go on: every park ends,
// and no timer stays armed.

import {
  CLOSED,
  ENDED as CODE_ENDED,
  FIRED,
  TIMER_ENDED,
} from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { park, parkUntilToken, shutdown, sleepOn, unpark } from "../facade.ts";
import { openLoop, parkAsync } from "../loop_facade.ts";
import {
  DRIVER_FIRST,
  newWorld,
  OWN_WORDS,
  SHIPPED,
  type World,
} from "../world.ts";

const SOON = START + 5;
const ENDED = ["shutdown"];

/** The thread that shuts down. */
function closer(world: World, thread: number): Body {
  return function* (t) {
    yield* shutdown(world.local(t, thread));
  };
}

/** A thread that parks until the runtime ends, and then once more. */
function parker(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const result = yield* parkUntilToken(me, world.parker(index));
    const again = yield* parkUntilToken(me, world.parker(index));
    t.assert(again === "shutdown", `a park after the end: ${again}`);
    return result;
  };
}

function endsParks(where: string, flags: number, parkers: number): Entry {
  const world = newWorld({ flags, parkers });
  const threads: Record<string, Body> = {};
  const expected: Record<string, readonly unknown[]> = {};
  for (let index = 0; index < parkers; index++) {
    threads[`parker ${index}`] = parker(world, index);
    expected[`parker ${index}`] = ENDED;
  }
  threads.closer = closer(world, parkers + 1);
  return pr({
    name: `a shutdown ends the park of each of ${parkers}, ${where}`,
    setup: world.setup,
    threads,
    final(alone, results) {
      expectResults(alone, results, expected);
      world.check(alone, { tokens: true });
    },
  });
}

/** A token of somebody's, and that of the shutdown. */
function besideUnpark(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const owner = world.parker(0);
  return pr({
    name: `a shutdown beside an unpark ends the park, and the next: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        const first = yield* parkUntilToken(me, owner);
        const second = yield* parkUntilToken(me, owner);
        const third = yield* parkUntilToken(me, owner);
        t.assert(third === "shutdown", `the third park: ${third}`);
        if (first === "shutdown") {
          t.assert(second === "shutdown", `after the end: ${second}`);
        }
        return first;
      },
      *other(t) {
        yield* unpark(world.local(t, 2), owner);
      },
      closer: closer(world, 3),
    },
    final(alone) {
      world.check(alone, { tokens: true });
    },
  });
}

/** A parker that is claimed while the shutdown looks for those in use. */
function besideClaim(): Entry {
  const world = newWorld({ flags: OWN_WORDS, spare: { parkers: 1 } });
  return pr({
    name: "a parker claimed behind a shutdown's back does not sleep",
    setup: world.setup,
    threads: {
      *claimer(t) {
        const address = yield* t.call("parkerClaim", 1);
        const claim = yield* t.call("parkerBase", address);
        return yield* park(world.local(t, 1), { address, claim });
      },
      closer: closer(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { claimer: ENDED });
      world.check(alone);
    },
  });
}

/** Parks that begin when all is over. */
function afterwards(): Entry {
  const world = newWorld({ parkers: 2 });
  const [thread, loop] = [world.parker(0), world.parker(1)];
  return pr({
    name: "a park that begins after the end does not commit to a sleep",
    setup(alone) {
      world.setup(alone);
      alone.call("shutdownBegin", 3);
    },
    threads: {
      *thread(t) {
        return yield* t.call("parkerCommit", thread.address, thread.claim);
      },
      *loop(t) {
        return yield* t.call("parkerCommitLoop", loop.address, loop.claim);
      },
    },
    final(alone, results) {
      const ended = [CODE_ENDED];
      expectResults(alone, results, { thread: ended, loop: ended });
      world.check(alone);
    },
  });
}

/** A parker that is released, and claimed anew, meanwhile. */
function besideReclaim(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "a parker released and claimed anew beside a shutdown ends its park",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("parkerRelease", address, claim);
        const again = yield* t.call("parkerClaim", 1);
        t.assert(again === address, "another record");
        const base = yield* t.call("parkerBase", address);
        return yield* park(world.local(t, 1), { address, claim: base });
      },
      closer: closer(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ENDED });
      world.check(alone, { parkers: [] });
    },
  });
}

/** A timer that is armed meanwhile. */
function besideArm(where: string, deadline: number, isParked = false): Entry {
  const world = newWorld({ parkers: 1, timers: [{ target: 0 }] });
  const timer = world.timer(0);
  const threads: Record<string, Body> = {
    *armer(t) {
      const { address, claim } = timer;
      return yield* t.call("timerArm", address, claim, deadline, 2);
    },
    closer: closer(world, 3),
  };
  if (isParked) threads.parker = parker(world, 0);
  const add = isParked ? full : pr;
  return add({
    name: `a timer armed beside a shutdown is refused or closed: ${where}`,
    setup: world.setup,
    threads,
    final(alone, results) {
      const state = alone.call("timerState", timer.address);
      const isRight = results.armer === TIMER_ENDED || state === CLOSED ||
        state === FIRED;
      alone.assert(isRight, `the timer is in state ${state}`);
      world.check(alone, { tokens: true });
    },
  });
}

/** A timer that fires meanwhile. */
function besideFire(): Entry {
  const world = newWorld({
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
  });
  const timer = world.timer(0);
  return pr({
    name: "a timer that is due beside a shutdown fires or is closed",
    setup: world.setup,
    threads: {
      *driver(t) {
        return yield* parkUntilToken(world.local(t, 1), world.parker(0));
      },
      closer: closer(world, 3),
    },
    final(alone, results) {
      expectResults(alone, results, { driver: ENDED });
      const state = alone.call("timerState", timer.address);
      alone.assert(state === FIRED || state === CLOSED, `state ${state}`);
      world.check(alone, { tokens: true });
    },
  });
}

/** Two that shut down: one does it. */
function twice(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  return pr({
    name: "of two shutdowns one does it, and the park ends",
    setup: world.setup,
    threads: {
      parker: parker(world, 0),
      first: closer(world, 2),
      second: closer(world, 3),
    },
    final(alone, results) {
      expectResults(alone, results, { parker: ENDED });
      world.check(alone, { tokens: true });
    },
  });
}

/** Who of two is to wake everybody. */
function first(): Entry {
  const world = newWorld({ parkers: 1 });
  const body = (thread: number): Body => (t) => t.call("shutdownBegin", thread);
  return pr({
    name: "of two shutdowns at once, one is the first",
    setup: world.setup,
    threads: { first: body(2), second: body(3) },
    final(alone, results) {
      const sum = Number(results.first) + Number(results.second);
      alone.assert(sum === 1, `${sum} of them are the first`);
      world.check(alone);
    },
  });
}

/** A timed park. */
function besideTimeout(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  return pr({
    name: `a shutdown beside a timeout: either ends the park: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* park(world.local(t, 1), world.parker(0), SOON);
      },
      closer: closer(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["timed-out", "shutdown"] });
      world.check(alone, { tokens: true });
    },
  });
}

/** A driver that changes hands meanwhile. */
function besideHandOff(): Entry {
  const world = newWorld({
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
    holder: 0,
    asleep: [1],
  });
  return pr({
    name: "a driver left beside a shutdown is free, and its sleeper awake",
    setup: world.setup,
    threads: {
      *leaver(t) {
        yield* t.call("driverLeave");
      },
      *sleeper(t) {
        const me = world.local(t, 2);
        const result = yield* sleepOn(me, world.parker(1));
        return result === "unparked"
          ? yield* parkUntilToken(me, world.parker(1))
          : result;
      },
      closer: closer(world, 3),
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: ENDED });
      world.check(alone, { tokens: true });
    },
  }, { explorer: "states" });
}

/** A park of an event loop. */
function besideLoop(): Entry {
  const world = newWorld({ parkers: 1, timers: [{ target: 0 }] });
  const owner = world.parker(0);
  return pr({
    name: "a shutdown ends the park of an event loop",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const loop = yield* openLoop(me, owner);
        const result = yield* parkAsync(me, loop, owner);
        const again = yield* parkAsync(me, loop, owner);
        t.assert(again === "shutdown", `a park after the end: ${again}`);
        return result;
      },
      closer: closer(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: ENDED });
      world.check(alone, { tokens: true });
    },
  });
}

/** A parker that its thread gives up meanwhile. */
function besideRelease(): Entry {
  const world = newWorld({ parkers: 2 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "a parker released beside a shutdown is left alone",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("parkerRelease", address, claim);
        const word = yield* t.load(address);
        t.assert((word & 7) === 0, "a token in a free record");
      },
      parker: parker(world, 1),
      closer: closer(world, 3),
    },
    final(alone, results) {
      expectResults(alone, results, { parker: ENDED });
      const word = alone.read(address);
      alone.assert((word & 7) === 0, "a token in a free record");
      world.check(alone, { tokens: true, parkers: [1] });
    },
  });
}

export const scenarios: readonly Entry[] = [
  endsParks("on their own words", OWN_WORDS, 1),
  endsParks("one in the driver", DRIVER_FIRST, 1),
  endsParks("on their own words", OWN_WORDS, 2),
  endsParks("one in the driver", DRIVER_FIRST, 2),
  besideUnpark("on its own word", OWN_WORDS),
  besideUnpark("in the driver", DRIVER_FIRST),
  besideClaim(),
  afterwards(),
  besideReclaim(),
  besideArm("it is not due", SOON),
  besideArm("it is due", START),
  besideArm("its parker parks", SOON, true),
  besideFire(),
  twice(),
  first(),
  besideTimeout("on its own word", OWN_WORDS),
  besideTimeout("in the driver", DRIVER_FIRST),
  besideTimeout("the driver is for timers", SHIPPED),
  besideHandOff(),
  besideLoop(),
  besideRelease(),
  spurious(endsParks("on their own words", OWN_WORDS, 1)),
  spurious(endsParks("one in the driver", DRIVER_FIRST, 1)),
  spurious(besideLoop()),
];
