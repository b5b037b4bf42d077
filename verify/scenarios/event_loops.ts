// Parks of an event loop: the doorbell, and the driver that is kept for a while
// and taken over by threads that block.

import { DONE, FIRED } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  cancel,
  park,
  parkBlocking,
  parkUntilToken,
  schedule,
  sleepOn,
  unpark,
} from "../facade.ts";
import {
  loopOf,
  openLoop,
  parkAsync,
  type ParkAsyncPlan,
  parkInBrokenLoop,
  pollInLoop,
  ringLoop,
  sleepOnAsync,
} from "../loop_facade.ts";
import { raise, untilRaised } from "../flag.ts";
import {
  DRIVER_FIRST,
  newWorld,
  OWN_WORDS,
  SHIPPED,
  type World,
} from "../world.ts";

const SOON = START + 5;
const UNPARKED = ["unparked"];

/** An event loop that parks until it has its token, or something else ends it. */
function loop(world: World, index: number, plan: ParkAsyncPlan = {}): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const place = world.parker(index);
    const driver = yield* openLoop(me, place);
    for (;;) {
      const result = yield* parkAsync(me, driver, place, plan);
      if (result !== "driver") return result;
    }
  };
}

/** The same, parked when the scenario begins. */
function parkedLoop(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const place = world.parker(index);
    const driver = loopOf(place);
    for (
      let result = yield* sleepOnAsync(me, driver, place);;
      result = yield* parkAsync(me, driver, place)
    ) {
      if (result !== "driver") return result;
    }
  };
}

/** A thread that sleeps on its own word when the scenario begins. */
function asleep(world: World, index: number): Body {
  return function* (t) {
    return yield* sleepOn(world.local(t, index + 1), world.parker(index));
  };
}

/** A thread that blocks until it has its token. */
function sleeper(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    return yield* parkUntilToken(me, world.parker(index));
  };
}

/** A thread that unparks, and does nothing else. */
function unparker(world: World, thread: number, ...parkers: number[]): Body {
  return function* (t) {
    const me = world.local(t, thread);
    for (const index of parkers) yield* unpark(me, world.parker(index));
  };
}

/** A thread that arms a timer. */
function armer(world: World, thread: number, timer: number, at: number): Body {
  return function* (t) {
    yield* schedule(world.local(t, thread), world.timer(timer), at);
  };
}

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
  doorbell("no other drives", OWN_WORDS),
  doorbell("threads may drive", SHIPPED),
  twoRounds(),
  nextPark(),
  twoUnparkers(),
  deadline("no other drives", OWN_WORDS),
  deadline("threads may drive", SHIPPED),
  abort(),
  grace(),
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
  spurious(doorbell("threads may drive", SHIPPED)),
  spurious(deadline("threads may drive", SHIPPED)),
  spurious(armed("threads may drive", SHIPPED)),
];
