// A thread that drives for the others, when nobody else does: those are in their
// event loops, where they cannot sleep in a selector, or busy.

import { PARKERS } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import {
  parkUntilToken,
  shutdown,
  standBy,
  unpark,
  wakeSummoned,
} from "../facade.ts";
import { loopOf, openLoop, sleepOnAsync } from "../loop_facade.ts";
import { block, isReady, READ, waitInLoop } from "../io_facade.ts";
import { arrive, deregister, putEvent, register } from "../selector.ts";
import {
  newWorld,
  SHIPPED_HOST,
  SHIPPED_SELECTOR,
  type World,
  type WorldPlan,
} from "../world.ts";

const SELECTOR_HOST = SHIPPED_SELECTOR | (SHIPPED_HOST & 2);
const UNPARKED = ["unparked"];

/** A thread that stands by, on this parker. */
function drives(world: World, index: number): Body {
  return function* (t) {
    return yield* standBy(world.local(t, index + 1), world.parker(index));
  };
}

/** A thread that waits for a descriptor in its event loop. */
function loop(world: World, index: number, fd = 0): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const parker = world.parker(index);
    const waited = { place: world.registration(fd), way: READ };
    const driver = yield* openLoop(me, parker);
    const outcomes = yield* waitInLoop(me, driver, parker, waited);
    return outcomes.every(isReady);
  };
}

/** A thread that parks until it has its token. */
function sleeper(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    return yield* parkUntilToken(me, world.parker(index));
  };
}

/** Another process, that writes a byte. */
function peer(world: World): Body {
  return function* (t) {
    yield* arrive(t, world, 0);
  };
}

/** A scenario with a thread that stands by for ever, on the last parker. */
function standing(
  name: string,
  plan: WorldPlan,
  threadsOf: (world: World) => Readonly<Record<string, Body>>,
  expected: Readonly<Record<string, readonly unknown[]>>,
  add = pr,
): Entry {
  const world = newWorld({ flags: SHIPPED_SELECTOR, ...plan });
  const last = plan.parkers! - 1;
  return add({
    name,
    setup: world.setup,
    threads: { ...threadsOf(world), standby: drives(world, last) },
    daemons: ["standby"],
    final(alone, results) {
      expectResults(alone, results, expected);
      const parkers = Array.from({ length: last }, (_, index) => index);
      world.check(alone, { parkers, daemons: true, tokens: true });
      const { address, claim } = world.registration(0);
      const ready = alone.call("registrationReady", address, claim);
      alone.assert(isReady(ready), "nobody has fetched its event");
    },
  });
}

/** As `Watch.register()`. */
function* watch(
  me: ReturnType<World["local"]>,
  fd: number,
): Generator<unknown, { address: number; claim: number }, number> {
  const place = yield* register(me, fd);
  yield* wakeSummoned(me, yield* me.t.call("driverHandOff"));
  return place;
}

function forLoops(where: string, flags: number): Entry {
  return standing(
    `a thread stands by for one in its event loop: ${where}`,
    { flags, parkers: 2, registrations: 1 },
    (world) => ({ loop: loop(world, 0), peer: peer(world) }),
    { loop: [true] },
  );
}

/** It falls asleep as the first registration comes [D2] [D3]. */
function firstRegistration(where: string, flags: number): Entry {
  return standing(
    `a thread that stands by is called for the first descriptor: ${where}`,
    { flags, parkers: 1, spare: { registrations: 1 } },
    (world) => ({
      *registrar(t) {
        const me = world.local(t, 2);
        yield* watch(me, 0);
        yield* arrive(t, world, 0);
      },
    }),
    {},
  );
}

/** The owner leaves with its token, and nobody else can block. */
function ownerLeaves(where: string, flags: number): Entry {
  return standing(
    `who leaves the driver with descriptors calls who stands by: ${where}`,
    { flags, parkers: 3, registrations: 1 },
    (world) => ({
      sleeper: sleeper(world, 0),
      loop: loop(world, 1),
      *peer(t) {
        yield* unpark(world.local(t, 4), world.parker(0));
        yield* arrive(t, world, 0);
      },
    }),
    { sleeper: UNPARKED, loop: [true] },
    full,
  );
}

/** The same, of an owner that is there already. */
function holderLeaves(where: string, flags: number): Entry {
  return standing(
    `who holds the driver, and leaves, calls who stands by: ${where}`,
    { flags, parkers: 2, registrations: 1, holder: 0 },
    (world) => ({
      *leaver(t) {
        const me = world.local(t, 1);
        yield* wakeSummoned(me, yield* t.call("driverLeave"));
      },
      peer: peer(world),
    }),
    {},
  );
}

/** Two that can block, of which one stands by: both are woken. */
function besideSleeper(where: string, flags: number): Entry {
  return standing(
    `who blocks for a descriptor is told beside who stands by: ${where}`,
    { flags, parkers: 2, registrations: 1 },
    (world) => ({
      *waiter(t) {
        const waited = { place: world.registration(0), way: READ };
        const me = world.local(t, 1);
        return isReady(yield* block(me, world.parker(0), waited));
      },
      peer: peer(world),
    }),
    { waiter: [true] },
  );
}

/** Its work is gone: it goes back to sleep. */
function lastDeregistered(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 1,
    registrations: 1,
  });
  return pr({
    name: "a thread that stands by ends with the runtime, in whatever sleep",
    setup: world.setup,
    threads: {
      standby: drives(world, 0),
      *other(t) {
        const me = world.local(t, 2);
        yield* deregister(me, world.registration(0));
        yield* shutdown(me);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { standby: ["shutdown"] });
      world.check(alone, { tokens: true });
    },
  });
}

/** It begins as the runtime ends, which gives it no token [S2]. */
function late(): Entry {
  const world = newWorld({ flags: SHIPPED_SELECTOR, spare: { parkers: 1 } });
  return pr({
    name: "a thread that begins to stand by behind a shutdown's back ends",
    setup: world.setup,
    threads: {
      *standby(t) {
        const me = world.local(t, 1);
        const address = yield* t.call("parkerClaim", 1);
        const claim = yield* t.call("parkerBase", address);
        return yield* standBy(me, { address, claim });
      },
      *other(t) {
        yield* shutdown(world.local(t, 2));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { standby: ["shutdown"] });
      world.check(alone);
    },
  });
}

/** An event loop that keeps the driver cannot select: holder < 0. */
function keeper(where: string, flags: number): Entry {
  const plan = { flags, parkers: 2, registrations: 1, looping: [0] };
  const { scenario } = standing(
    `an event loop that keeps the driver has another one select: ${where}`,
    plan,
    (world) => ({
      *loop(t) {
        const me = world.local(t, 1);
        const parker = world.parker(0);
        return yield* sleepOnAsync(me, loopOf(parker), parker);
      },
      *other(t) {
        yield* unpark(world.local(t, 3), world.parker(0));
      },
    }),
    { loop: UNPARKED },
  );
  return pr({
    ...scenario,
    setup(alone) {
      scenario.setup!(alone);
      const isKept = alone.call("driverKeep", PARKERS);
      alone.assert(isKept !== 0, "setup: the driver is not free");
      putEvent(alone, newWorld(plan), 0);
    },
  });
}

/** A registration comes while an event loop keeps the driver: holder < 0. */
function kept(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    spare: { registrations: 1 },
    holder: 0,
    asleep: [1],
  });
  return pr({
    name: "a sleeper is called to a driver that an event loop keeps",
    setup(alone) {
      world.setup(alone);
      alone.call("driverLeave");
      const isKept = alone.call("driverKeep", world.parker(0).address);
      alone.assert(isKept !== 0, "setup: the driver is not free");
    },
    threads: {
      *registrar(t) {
        const me = world.local(t, 1);
        yield* watch(me, 0);
      },
      *sleeper(t) {
        const me = world.local(t, 2);
        const { address, claim } = world.parker(1);
        const parked = claim | 1;
        while (!(yield* t.call("parkerIsWoken", address, claim))) {
          yield* t.wait(address, parked);
        }
        yield* t.call("parkerEndSleep", address, claim, 0);
        const isTaken = yield* t.call("driverTake", address);
        yield* wakeSummoned(me, yield* t.call("driverLeave"));
        return isTaken;
      },
    },
    final(alone, results) {
      expectResults(alone, results, { sleeper: [1] });
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  forLoops("the core sleeps", SHIPPED_SELECTOR),
  full(forLoops("the host sleeps", SELECTOR_HOST).scenario),
  firstRegistration("the core sleeps", SHIPPED_SELECTOR),
  firstRegistration("the host sleeps", SELECTOR_HOST),
  holderLeaves("the core sleeps", SHIPPED_SELECTOR),
  holderLeaves("the host sleeps", SELECTOR_HOST),
  besideSleeper("the core sleeps", SHIPPED_SELECTOR),
  besideSleeper("the host sleeps", SELECTOR_HOST),
  lastDeregistered(),
  late(),
  keeper("the core sleeps", SHIPPED_SELECTOR),
  full(keeper("the host sleeps", SELECTOR_HOST).scenario),
  kept(),
  ownerLeaves("the core sleeps", SHIPPED_SELECTOR),
  ownerLeaves("the host sleeps", SELECTOR_HOST),
];
