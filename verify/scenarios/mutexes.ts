// The mutex: one owner at a time, and whoever sleeps is woken by who unlocks.

import { LOCK_FOREIGN, LOCK_OWNED } from "../../src/core/core.generated.ts";
import type { Body, ModelOptions } from "../../loom/src/scenario.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import { lock, tryLock, unlock } from "../sync_facade.ts";
import { newWorld, type World } from "../world.ts";

/** A thread that locks, adds one in two steps, and unlocks. */
function adder(world: World, thread: number, rounds = 1): Body {
  return function* (t) {
    const me = world.local(t, thread);
    const count = world.scratch(0);
    for (let round = 0; round < rounds; round++) {
      yield* lock(me, world.lock(0));
      const before = yield* t.load(count);
      yield* t.store(count, before + 1);
      yield* unlock(me, world.lock(0));
    }
  };
}

/** The same, unless its time has passed before it has the lock. */
function timedAdder(world: World, thread: number): Body {
  return function* (t) {
    const me = world.local(t, thread);
    const count = world.scratch(0);
    if (!(yield* lock(me, world.lock(0), START + 5))) return 0;
    const before = yield* t.load(count);
    yield* t.store(count, before + 1);
    yield* unlock(me, world.lock(0));
    return 1;
  };
}

function adders(threads: number, rounds: number): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const bodies = Array.from(
    { length: threads },
    (_, index) => [`thread ${index}`, adder(world, index + 1, rounds)] as const,
  );
  const isSmall = threads * rounds <= 3;
  const add = isSmall ? pr : full;
  return add({
    name: `${threads} threads exclude each other, ${rounds} times each`,
    setup: world.setup,
    threads: Object.fromEntries(bodies),
    final(alone) {
      const count = alone.read(world.scratch(0));
      alone.assert(count === threads * rounds, `counted ${count}`);
      world.check(alone);
    },
  }, { explorer: threads > 2 ? "states" : "auto" });
}

/** Some wait with a deadline, some without: nobody's wake-up is lost. */
function timed(
  plans: readonly boolean[],
  options: ModelOptions = {},
): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const bodies = plans.map((isTimed, index) => {
    const body = isTimed ? timedAdder : adder;
    return [`thread ${index}`, body(world, index + 1)] as const;
  });
  const count = plans.filter((isTimed) => isTimed).length;
  const add = plans.length > 2 ? full : pr;
  return add({
    name: `${count} of ${plans.length} that lock have a deadline: all go on`,
    setup: world.setup,
    threads: Object.fromEntries(bodies),
    final(alone, results) {
      const added = plans.map((isTimed, index) =>
        isTimed ? Number(results[`thread ${index}`]) : 1
      );
      const sum = added.reduce((total, one) => total + one, 0);
      alone.assert(alone.read(world.scratch(0)) === sum, "another count");
      world.check(alone);
    },
  }, options);
}

/** Tries that do not wait. */
function tries(): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const inside = world.scratch(0);
  const body = (thread: number): Body =>
    function* (t) {
      const me = world.local(t, thread);
      if (!(yield* tryLock(me, world.lock(0)))) return false;
      t.assert((yield* t.exchange(inside, 1)) === 0, "two hold the mutex");
      yield* t.exchange(inside, 0);
      yield* unlock(me, world.lock(0));
      return true;
    };
  return pr({
    name: "of three that try to lock, one at a time has the mutex",
    setup: world.setup,
    threads: { first: body(1), second: body(2), third: body(3) },
    final(alone, results) {
      const isLocked = Object.values(results).includes(true);
      alone.assert(isLocked, "nobody has locked");
      world.check(alone);
    },
  });
}

/** What the mutex says to who errs. */
function errors(): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const { address } = world.lock(0);
  return pr({
    name: "a mutex tells its owner, and who is not, beside one that waits",
    setup: world.setup,
    threads: {
      *owner(t) {
        const me = world.local(t, 1);
        yield* lock(me, world.lock(0));
        const again = yield* t.call("mutexTryLock", address, 1);
        t.assert(again === LOCK_OWNED, `a second lock returned ${again}`);
        yield* unlock(me, world.lock(0));
      },
      *other(t) {
        const code = yield* t.call("mutexUnlock", address, 2);
        yield* lock(world.local(t, 2), world.lock(0));
        yield* unlock(world.local(t, 2), world.lock(0));
        return code;
      },
    },
    final(alone, results) {
      expectResults(alone, results, { other: [LOCK_FOREIGN] });
      world.check(alone);
    },
  });
}

/** A look at a mutex that others use. */
function busy(): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const { address, claim } = world.lock(0);
  return pr({
    name: "a mutex that is looked at while it is used is busy, then free",
    setup: world.setup,
    threads: {
      user: adder(world, 1),
      *looker(t) {
        return yield* t.call("lockIsBusy", address);
      },
    },
    final(alone) {
      alone.assert(alone.call("lockIsBusy", address) === 0, "it is busy");
      alone.assert(alone.call("lockRelease", address, claim) === 1, "not ours");
      alone.assert(
        alone.call("lockIsClaimed", address, claim) === 0,
        "not free",
      );
    },
  });
}

export const scenarios: readonly Entry[] = [
  adders(2, 1),
  adders(3, 1),
  adders(2, 2),
  adders(4, 1),
  timed([true, false]),
  timed([true, true]),
  timed([true, false, false]),
  timed([true, true, false]),
  tries(),
  errors(),
  busy(),
  spurious(adders(2, 1)),
  spurious(adders(3, 1)),
  spurious(timed([true, false])),
];
