// Workers that are terminated in the selector, at any point: the next one in the
// driver asks for what they had fetched, and the last one closes.

import { DRIVER, READABLE } from "../../src/core/core.generated.ts";
import type { Body, Steps } from "../../loom/src/scenario.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import { park, pollDriver, shutdown, wakeSummoned } from "../facade.ts";
import { block, isReady, READ, sleepInLoop } from "../io_facade.ts";
import { memberOf, recover } from "../pool_facade.ts";
import { PoolWorld } from "../pool_world.ts";
import {
  arrive,
  isClosed,
  putByte,
  putEvent,
  register,
  sleepInSelector,
  tell,
} from "../selector.ts";
import { type Local, POLL_USERS, SHIPPED_SELECTOR } from "../world.ts";

const SELECTOR_HOST = SHIPPED_SELECTOR | 2;
/** The second is no worker, so that no recovery gives it a token anyway. */
const STRANGERS = { workers: 2, closed: [1], tasks: 1 } as const;
const LEAVES = { deaths: 1, deadSleepers: "leaves" } as const;

function recovery(pool: PoolWorld): Body {
  return (t) => recover(memberOf(pool, t), 0);
}

function* handOff(me: Local): Steps<void> {
  if (!me.isHostWait) return;
  yield* wakeSummoned(me, yield* me.t.call("driverHandOff"));
}

/** A worker that sleeps in the driver, once. */
function driver(pool: PoolWorld): Body {
  return function* (t) {
    return yield* park(pool.local(t, 1), pool.parkerOf(1));
  };
}

/** A thread that blocks for the descriptor. */
function waiter(pool: PoolWorld): Body {
  return function* (t) {
    const waited = { place: pool.world.registration(0), way: READ };
    return yield* block(pool.local(t, 2), pool.parkerOf(2), waited);
  };
}

function newPool(flags: number, registrations = 1, spare = 0): PoolWorld {
  const counts = { registrations, spare: { registrations: spare } };
  return new PoolWorld({ flags, ...STRANGERS, ...counts });
}

/** Whatever it had fetched, or told nobody of yet. */
function inDriver(where: string, flags: number, add = pr): Entry {
  const pool = newPool(flags);
  const { address, claim } = pool.parkerOf(1);
  return add({
    name: `a worker that dies in the selector costs no event: ${where}`,
    setup(alone) {
      pool.setup(alone);
      const code = alone.call("parkerCommit", address, claim);
      alone.assert(code === DRIVER, `setup: a park returned ${code}`);
      putByte(alone, pool.world, 0);
      putEvent(alone, pool.world, 0);
    },
    threads: {
      *mortal(t) {
        const me = pool.local(t, 1);
        const served = yield* sleepInSelector(me, Infinity);
        yield* t.call("parkerLeave", address, claim, served, 0);
        yield* handOff(me);
      },
      waiter: waiter(pool),
    },
    mortal: ["mortal"],
    recover: recovery(pool),
    final(alone, { waiter }) {
      alone.assert(isReady(waiter), `it got ${waiter}`);
      pool.checkTasks(alone);
    },
  }, LEAVES);
}

/** It is dead when the threads begin, asleep, with an event in its hands. */
function asleep(where: string, flags: number, isAsleep = true): Entry {
  const pool = newPool(flags);
  return pr({
    name: `what a dead worker had fetched is asked for again: ${where}`,
    setup(alone) {
      pool.setup(alone);
      alone.call("driverTake", pool.parkerOf(1).address);
      if (isAsleep) alone.call("pollSleep");
      if (isAsleep) alone.call("bellCommit");
      putByte(alone, pool.world, 0);
    },
    threads: { supervisor: recovery(pool), waiter: waiter(pool) },
    final(alone, { waiter }) {
      alone.assert(isReady(waiter), `it got ${waiter}`);
      alone.assert(alone.read(POLL_USERS) === 0, "somebody is left there");
      const isLost = alone.call("pollHasLost") !== 0;
      alone.assert(!isLost, "it is to be asked for again for ever");
      pool.checkTasks(alone);
    },
  });
}

/** Whoever waits, at whatever point the other one dies that tells it. */
function telling(where: string, flags: number, add = pr): Entry {
  const pool = new PoolWorld({ ...STRANGERS, flags, registrations: 1 });
  const { address, claim } = pool.parkerOf(1);
  const waited = { place: pool.world.registration(0), way: READ };
  return add({
    name: `who is told by a worker that dies is told: ${where}`,
    setup(alone) {
      pool.setup(alone);
      const code = alone.call("parkerCommit", address, claim);
      alone.assert(code === DRIVER, `setup: a park returned ${code}`);
      const loop = pool.parkerOf(2);
      alone.call("parkerCommitLoop", loop.address, loop.claim);
      const { place, way } = waited;
      const at = [place.address, place.claim] as const;
      alone.call("registrationWait", ...at, way, loop.address, loop.claim);
      alone.call("registrationSet", ...at, READABLE, 1);
    },
    threads: {
      *mortal(t) {
        const me = pool.local(t, 1);
        yield* tell(me, waited.place.address, READ, false);
        yield* t.call("parkerLeave", address, claim, 1, 0);
        yield* handOff(me);
      },
      *loop(t) {
        const me = pool.local(t, 2);
        const outcomes = yield* sleepInLoop(me, pool.parkerOf(2), waited);
        return outcomes.every(isReady);
      },
    },
    mortal: ["mortal"],
    recover: recovery(pool),
    final(alone, results) {
      expectResults(alone, results, { loop: [true] });
      pool.checkTasks(alone);
    },
  }, LEAVES);
}

/** Registered beside the one who asks again. */
function registering(): Entry {
  const pool = newPool(SHIPPED_SELECTOR, 0, 1);
  return pr({
    name: "who registers beside the one who asks again misses no event",
    setup(alone) {
      pool.setup(alone);
      alone.call("driverTake", pool.parkerOf(1).address);
      alone.call("pollSleep");
      alone.call("workerRecover", 0, 0);
    },
    threads: {
      *waiter(t) {
        const me = pool.local(t, 2);
        yield* arrive(t, pool.world, 0);
        const place = yield* register(me, 0);
        return yield* block(me, pool.parkerOf(2), { place, way: READ });
      },
      *other(t) {
        yield* pollDriver(pool.local(t, 0), pool.parkerOf(0));
      },
    },
    final(alone, { waiter }) {
      alone.assert(isReady(waiter), `it got ${waiter}`);
    },
  });
}

/** Closed by whoever buries it, if the others are gone. */
function closing(): Entry {
  const pool = newPool(SHIPPED_SELECTOR);
  return pr({
    name: "a dead worker's place in the selector is given up, and it is closed",
    setup(alone) {
      pool.setup(alone);
      alone.call("driverTake", pool.parkerOf(1).address);
      alone.call("pollSleep");
    },
    threads: {
      supervisor: recovery(pool),
      *other(t) {
        yield* shutdown(pool.local(t, 2));
      },
    },
    final(alone, results) {
      alone.assert(isClosed(alone, pool.world), "it is not closed");
      expectResults(alone, results, { other: [undefined] });
    },
  });
}

/** At any point: nobody uses it after. */
function closingMortal(): Entry {
  const pool = newPool(SHIPPED_SELECTOR);
  return full({
    name: "a worker that dies beside a shutdown has nobody use what is closed",
    setup: pool.setup,
    threads: {
      mortal: driver(pool),
      *other(t) {
        yield* shutdown(pool.local(t, 2));
      },
    },
    mortal: ["mortal"],
    recover: recovery(pool),
    // It may have died as it came, or was to close: then it is open for ever.
    final: (alone) => pool.checkTasks(alone),
  }, LEAVES);
}

export const scenarios: readonly Entry[] = [
  inDriver("the core sleeps", SHIPPED_SELECTOR, full),
  inDriver("the host sleeps", SELECTOR_HOST, full),
  asleep("the core sleeps", SHIPPED_SELECTOR),
  asleep("the host sleeps", SELECTOR_HOST),
  asleep("it has woken up", SHIPPED_SELECTOR, false),
  telling("the core sleeps", SHIPPED_SELECTOR),
  telling("the host sleeps", SELECTOR_HOST),
  registering(),
  closing(),
  closingMortal(),
];
