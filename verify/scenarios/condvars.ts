// The condvar: a notification after the mutex is unlocked and before the sleep
// is not lost, and each reaches as many as it is for.

import type { Body } from "../../loom/src/scenario.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { lock, notify, unlock, waitCondvar } from "../sync_facade.ts";
import { newWorld, type World } from "../world.ts";

const MUTEX_AND_CONDVAR = ["mutex", "condvar"] as const;
const ALL = -1;

/** Waits until there is something, and takes one. */
function taker(world: World, thread: number, deadline = Infinity): Body {
  return function* (t) {
    const me = world.local(t, thread);
    const [mutex, condvar] = [world.lock(0), world.lock(1)];
    const there = world.scratch(0);
    yield* lock(me, mutex);
    let count = yield* t.load(there);
    while (count === 0) {
      const isInTime = yield* waitCondvar(me, condvar, mutex, deadline);
      count = yield* t.load(there);
      if (!isInTime) break;
    }
    if (count > 0) yield* t.store(there, count - 1);
    yield* unlock(me, mutex);
    return count > 0 ? 1 : 0;
  };
}

/** Puts some there, and notifies so many after it has unlocked, or before. */
function putter(
  world: World,
  thread: number,
  things: number,
  count: number,
  isLocked = false,
): Body {
  return function* (t) {
    const me = world.local(t, thread);
    const [mutex, condvar] = [world.lock(0), world.lock(1)];
    const there = world.scratch(0);
    yield* lock(me, mutex);
    const before = yield* t.load(there);
    yield* t.store(there, before + things);
    if (isLocked) yield* notify(me, condvar, count);
    yield* unlock(me, mutex);
    if (!isLocked) yield* notify(me, condvar, count);
  };
}

function oneWaiter(where: string, isLocked: boolean): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  return pr({
    name: `a notification between unlock and wait is not lost: ${where}`,
    setup: world.setup,
    threads: {
      waiter: taker(world, 1),
      notifier: putter(world, 2, 1, 1, isLocked),
    },
    final(alone, results) {
      expectResults(alone, results, { waiter: [1] });
      world.check(alone);
    },
  });
}

function twoWaiters(): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  return pr({
    name: "a notification for all reaches both waiters",
    setup: world.setup,
    threads: {
      first: taker(world, 1),
      second: taker(world, 2),
      notifier: putter(world, 3, 2, ALL),
    },
    final(alone, results) {
      expectResults(alone, results, { first: [1], second: [1] });
      world.check(alone);
    },
  }, { explorer: "states" });
}

function oneEach(): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  return full({
    name: "two notifications for one reach both waiters",
    setup: world.setup,
    threads: {
      first: taker(world, 1),
      second: taker(world, 2),
      *notifier(t) {
        yield* putter(world, 3, 1, 1)(t);
        yield* putter(world, 3, 1, 1)(t);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { first: [1], second: [1] });
      world.check(alone);
    },
  }, { explorer: "states" });
}

function timedWaiter(): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  return pr({
    name: "a timed wait that meets a notification ends, with it or without",
    setup: world.setup,
    threads: {
      waiter: taker(world, 1, START + 5),
      notifier: putter(world, 2, 1, 1),
    },
    final(alone, results) {
      const left = alone.read(world.scratch(0));
      const sum = left + Number(results.waiter);
      alone.assert(sum === 1, `${sum} things of one`);
      world.check(alone);
    },
  });
}

/** A timed waiter that is gone does not take what is for the other. */
function timedBeside(): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  return full({
    name: "a waiter that times out leaves the notification to the other",
    setup: world.setup,
    threads: {
      *timed(t) {
        const me = world.local(t, 1);
        const [mutex, condvar] = [world.lock(0), world.lock(1)];
        yield* lock(me, mutex);
        const isInTime = yield* waitCondvar(me, condvar, mutex, START + 5);
        yield* unlock(me, mutex);
        // It was notified, has no use for it, and passes it on.
        if (isInTime) yield* notify(me, condvar, 1);
        return isInTime;
      },
      waiter: taker(world, 2),
      notifier: putter(world, 3, 1, 1),
    },
    final(alone, results) {
      expectResults(alone, results, { waiter: [1] });
      world.check(alone);
    },
  }, { explorer: "states" });
}

function foreign(): Entry {
  const world = newWorld({ locks: MUTEX_AND_CONDVAR });
  const [mutex, condvar] = [world.lock(0), world.lock(1)];
  return pr({
    name: "a wait without the mutex is refused, and leaves no waiter behind",
    setup: world.setup,
    threads: {
      *waiter(t) {
        yield* t.call("condvarPrepare", condvar.address);
        const code = yield* t.call("mutexUnlock", mutex.address, 1);
        t.assert(code !== 0, "it unlocked a mutex that it does not hold");
        yield* t.call("condvarCancel", condvar.address);
      },
      *notifier(t) {
        yield* notify(world.local(t, 2), condvar, 1);
        return yield* t.call("lockIsBusy", condvar.address);
      },
    },
    final(alone) {
      const isBusy = alone.call("lockIsBusy", condvar.address);
      alone.assert(isBusy === 0, "it is busy");
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  oneWaiter("after the unlock", false),
  oneWaiter("with the mutex held", true),
  twoWaiters(),
  oneEach(),
  timedWaiter(),
  timedBeside(),
  foreign(),
  spurious(oneWaiter("after the unlock", false)),
  spurious(timedWaiter()),
];
