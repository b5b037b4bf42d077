// The driver that an event loop keeps for a while, and that threads that block take
// over.

import { DONE, FIRED } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { cancel, park, parkUntilToken, schedule, unpark } from "../facade.ts";
import {
  loopOf,
  openLoop,
  parkAsync,
  parkInBrokenLoop,
  pollInLoop,
  sleepOnAsync,
} from "../loop_facade.ts";
import {
  armer,
  asleep,
  loop,
  parkedLoop,
  sleeper,
  unparker,
} from "../loop_threads.ts";
import { DRIVER_FIRST, newWorld, OWN_WORDS, SHIPPED } from "../world.ts";

const SOON = START + 5;
const UNPARKED = ["unparked"];

/** An event loop that keeps the driver, and a timer that comes. */
function armed(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1, timers: [{ target: 0 }] });
  return pr({
    name: `an event loop that keeps the driver is told of a timer: ${where}`,
    setup: world.setup,
    threads: {
      loop: loop(world, 0),
      armer: armer(world, 2, 0, SOON),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      const { address } = world.timer(0);
      alone.assert(alone.call("timerState", address) === FIRED, "not fired");
      world.check(alone);
    },
  });
}

/** The `next_wake` of an event loop. */
function armedEarlier(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: FAR }, { target: 0 }],
  });
  return pr({
    name: "an event loop asleep to a late timer is told of an earlier one",
    setup: world.setup,
    threads: {
      loop: loop(world, 0),
      armer: armer(world, 2, 1, SOON),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone, { armed: true });
    },
  });
}

/** A thread takes the driver that the event loop keeps. */
function takenOver(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 0, deadline: SOON }],
  });
  return pr({
    name: "an event loop's timer fires, whoever has taken the driver",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const driver = yield* openLoop(me, world.parker(0));
        const result = yield* parkAsync(me, driver, world.parker(0));
        yield* unpark(me, world.parker(1));
        return result;
      },
      thread: sleeper(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, {
        loop: ["unparked", "driver"],
        thread: UNPARKED,
      });
      world.check(alone, { tokens: true });
    },
  }, { explorer: "states" });
}

/** An event loop that keeps the driver, and is busy with tasks of its own. */
function busyKeeper(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1 }],
    looping: [0],
  });
  const keeper = world.parker(0);
  return pr({
    name: "a thread takes the driver from an event loop that is busy",
    setup(alone) {
      world.setup(alone);
      alone.call("driverKeep", keeper.address);
    },
    threads: {
      *thread(t) {
        const me = world.local(t, 2);
        yield* schedule(me, world.timer(0), SOON);
        return yield* parkUntilToken(me, world.parker(1));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { thread: UNPARKED });
      alone.call("parkerLeaveLoop", keeper.address, keeper.claim, 0, 0);
      world.check(alone);
    },
  });
}

/** An event loop that leaves what others have taken from it. */
function lostKeep(): Entry {
  const world = newWorld({ flags: SHIPPED, parkers: 3, looping: [0] });
  const keeper = world.parker(0);
  const inside = world.scratch(0);
  const visit = (index: number): Body =>
    function* (t) {
      const { address } = world.parker(index);
      if (!(yield* t.call("driverTake", address))) return;
      t.assert((yield* t.exchange(inside, 1)) === 0, "two are in the driver");
      yield* t.exchange(inside, 0);
      yield* t.call("driverLeave");
    };
  return pr({
    name: "an event loop that lost the driver does not give it up",
    setup(alone) {
      world.setup(alone);
      alone.call("driverKeep", keeper.address);
    },
    threads: {
      *loop(t) {
        const { address, claim } = keeper;
        yield* t.call("parkerLeaveLoop", address, claim, 0, 0);
      },
      first: visit(1),
      second: visit(2),
    },
    final(alone) {
      world.check(alone);
    },
  });
}

/** A thread leaves the driver, and only an event loop sleeps. */
function calledLoop(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 0, deadline: SOON }],
    holder: 1,
  });
  return pr({
    name: "whoever leaves the driver calls an event loop, if no thread sleeps",
    setup: world.setup,
    threads: {
      loop: loop(world, 0),
      *leaver(t) {
        yield* t.call("driverLeave");
      },
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

/** An event loop leaves the driver that it keeps, and another one sleeps. */
function keeperCallsLoop(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
    looping: [0, 1],
  });
  const [keeper, other] = [world.parker(0), world.parker(1)];
  return pr({
    name: "an event loop that has its token calls another to the driver",
    setup(alone) {
      world.setup(alone);
      alone.call("driverKeep", keeper.address);
      alone.call("parkerUnpark", keeper.address, keeper.claim);
    },
    threads: {
      keeper: parkedLoop(world, 0),
      other: parkedLoop(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { keeper: UNPARKED, other: UNPARKED });
      alone.assert(
        alone.read(other.address) === other.claim,
        "a token is left",
      );
      world.check(alone);
    },
  });
}

/** Two event loops: the one that keeps the driver goes. */
function keeperLeaves(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
    looping: [0, 1],
  });
  return full({
    name: "an event loop that leaves the driver calls the next",
    setup: world.setup,
    threads: {
      "loop 0": parkedLoop(world, 0),
      "loop 1": parkedLoop(world, 1),
      other: unparker(world, 3, 0),
    },
    final(alone, results) {
      expectResults(alone, results, { "loop 0": UNPARKED, "loop 1": UNPARKED });
      world.check(alone);
    },
  }, { explorer: "states" });
}

/** An event loop's keep, and a thread asleep on its own word. */
function keeperCallsThread(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1 }],
    asleep: [1],
    looping: [0],
  });
  const keeper = world.parker(0);
  return pr({
    name: "an event loop that has its token calls a thread to the driver",
    setup(alone) {
      world.setup(alone);
      alone.call("driverKeep", keeper.address);
      // While it is kept, nobody else is called.
      const { address, claim } = world.timer(0);
      const code = alone.call("timerArm", address, claim, SOON, 3);
      alone.assert(code === DONE, `setup: arming returned ${code}`);
      alone.call("parkerUnpark", keeper.address, keeper.claim);
    },
    threads: { loop: parkedLoop(world, 0), thread: asleep(world, 1) },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED, thread: UNPARKED });
      world.check(alone);
    },
  });
}

/** A timer armed in the middle of the event loop's turn. */
function armedInTurn(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0 }, { target: 0, deadline: SOON }],
    looping: [0],
  });
  const owner = world.parker(0);
  return pr({
    name: "a timer armed while an event loop runs its turn is not forgotten",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        const driver = loopOf(owner);
        yield* sleepOnAsync(me, driver, owner);
        for (;;) {
          const { address } = world.timer(0);
          if ((yield* t.call("timerState", address)) === FIRED) return;
          yield* parkAsync(me, driver, owner);
        }
      },
      armer: armer(world, 2, 0, SOON + 2),
    },
    final(alone) {
      world.check(alone, { tokens: true });
    },
  }, { explorer: "states" });
}

/** An event loop whose park ends with an error. */
function broken(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
    looping: [1],
  });
  return pr({
    name: "an event loop whose park throws gives up its keep",
    setup: world.setup,
    threads: {
      *loop(t) {
        const me = world.local(t, 1);
        return yield* parkInBrokenLoop(me, world.parker(0));
      },
      other: parkedLoop(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: ["error"], other: UNPARKED });
      world.check(alone, { tokens: true });
    },
  });
}

/** The zero park of an event loop. */
function poll(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
  });
  return pr({
    name: "an event loop's poll leaves the driver to a sleeper",
    setup: world.setup,
    threads: {
      *poller(t) {
        return yield* pollInLoop(world.local(t, 1), world.parker(0));
      },
      thread: sleeper(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { thread: UNPARKED });
      world.check(alone);
    },
  });
}

/** The same, for event loops alone. */
function pollBesideLoop(): Entry {
  const world = newWorld({
    flags: OWN_WORDS,
    parkers: 2,
    timers: [{ target: 1, deadline: SOON }],
  });
  return pr({
    name: "an event loop's poll leaves the driver to another event loop",
    setup: world.setup,
    threads: {
      *poller(t) {
        return yield* pollInLoop(world.local(t, 1), world.parker(0));
      },
      loop: loop(world, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

/** Threads and event loops, and the driver among all of them. */
function mixed(): Entry {
  const world = newWorld({
    flags: DRIVER_FIRST,
    parkers: 3,
    timers: [{ target: 1, deadline: SOON }, { target: 2, deadline: SOON }],
  });
  return full({
    name: "two event loops and a thread all get what they wait for",
    setup: world.setup,
    threads: {
      *thread(t) {
        const me = world.local(t, 1);
        return yield* park(me, world.parker(0), SOON + 5);
      },
      "loop 1": loop(world, 1),
      "loop 2": loop(world, 2),
    },
    final(alone, results) {
      expectResults(alone, results, { "loop 1": UNPARKED, "loop 2": UNPARKED });
      world.check(alone);
    },
  });
}

/** A timer that is cancelled while its keeper sleeps to it. */
function cancelled(): Entry {
  const world = newWorld({
    flags: SHIPPED,
    parkers: 1,
    timers: [{ target: 0, deadline: SOON }],
  });
  return pr({
    name: "an event loop sleeps on when the timer it keeps is cancelled",
    setup: world.setup,
    threads: {
      loop: loop(world, 0),
      *canceller(t) {
        const me = world.local(t, 2);
        if ((yield* cancel(me, world.timer(0))) === 1) {
          yield* unpark(me, world.parker(0));
        }
      },
    },
    final(alone, results) {
      expectResults(alone, results, { loop: UNPARKED });
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  armed("no other drives", OWN_WORDS),
  armed("threads may drive", SHIPPED),
  armedEarlier(),
  takenOver(),
  busyKeeper(),
  lostKeep(),
  calledLoop(),
  keeperCallsLoop(),
  keeperLeaves(),
  keeperCallsThread(),
  armedInTurn(),
  broken(),
  poll(),
  pollBesideLoop(),
  mixed(),
  cancelled(),
  spurious(armed("threads may drive", SHIPPED)),
];
