// Registrations that end, and their records' next claims: who waits is told, and
// nothing of the old claim shows on the new one.

import { DONE, READABLE } from "../../src/core/core.generated.ts";
import { type Entry, expectResults, pr } from "../entry.ts";
import { openLoop } from "../loop_facade.ts";
import { block, clear, isReady, READ, waitInLoop } from "../io_facade.ts";
import { deregister, register, takeEvent } from "../selector.ts";
import { newWorld, SHIPPED_SELECTOR } from "../world.ts";
import { driver, waiter } from "./registrations.ts";

/** Where the turn begins in what a registration is ready for. */
const TURN_SHIFT = 16;

/** The waiter is told, and a late event is not the new claim's. */
function releasing(where: string, isLooping: boolean): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
    holder: 0,
  });
  const place = world.registration(0);
  return pr({
    name: `who waits is told that its descriptor is deregistered: ${where}`,
    setup: world.setup,
    threads: {
      *waiter(t) {
        const me = world.local(t, 2);
        const parker = world.parker(1);
        const waited = { place, way: READ };
        if (!isLooping) return yield* block(me, parker, waited);
        const driver = yield* openLoop(me, parker);
        return (yield* waitInLoop(me, driver, parker, waited))[0];
      },
      driver: driver(world, READABLE, 0),
      *releaser(t) {
        return yield* deregister(world.local(t, 3), place);
      },
    },
    final(alone, results) {
      const { waiter } = results;
      alone.assert(waiter === "released" || isReady(waiter), `got ${waiter}`);
      expectResults(alone, results, { releaser: [true] });
      world.check(alone, { tokens: true });
    },
  });
}

/** It is told though nobody is in the driver, or it is itself. */
function releasingOwner(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 1,
    registrations: 1,
  });
  return pr({
    name: "the driver's owner is told that its descriptor is deregistered",
    setup: world.setup,
    threads: {
      waiter: waiter(world, 0),
      *releaser(t) {
        yield* deregister(world.local(t, 2), world.registration(0));
      },
    },
    final(alone, results) {
      expectResults(alone, results, { waiter: ["released"] });
      world.check(alone, { tokens: true });
    },
  });
}

/** Fetched for the old claim, and taken in after the new one has begun. */
function lateEvent(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 1,
    registrations: 1,
    holder: 0,
  });
  const old = world.registration(0);
  return pr({
    name: "a late event of a descriptor is not one of its registration's next",
    setup: world.setup,
    threads: {
      driver: driver(world, READABLE, 0),
      *owner(t) {
        const me = world.local(t, 2);
        const isDone = yield* deregister(me, old);
        // There is none, if the other one is about to free it.
        const { address, claim } = yield* register(me, 0);
        t.assert(address === 0 || claim !== old.claim, "it is the same claim");
        return isDone;
      },
      *other(t) {
        // Of two who deregister, one does it.
        return yield* deregister(world.local(t, 3), old);
      },
    },
    final(alone, { owner, other }) {
      alone.assert(owner !== other, "both have deregistered it, or nobody");
      const claim = alone.call("registrationBase", old.address);
      const ready = alone.call("registrationReady", old.address, claim);
      alone.assert(ready <= 0, `the new claim is ready for ${ready}`);
      const stale = alone.call("registrationReady", old.address, old.claim);
      alone.assert(stale === -1, "the old claim is in force");
      world.check(alone);
    },
  });
}

/** A waiter of the old claim is in nobody's way. */
function lateWaiter(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
  });
  const old = world.registration(0);
  const { address, claim } = world.parker(1);
  return pr({
    name: "who waits for an old claim late is not in the way of the next",
    setup: world.setup,
    threads: {
      late: waiter(world, 0),
      *owner(t) {
        const me = world.local(t, 2);
        yield* deregister(me, old);
        const next = yield* register(me, 0);
        // As a wait that is told before it sleeps.
        const waited = [
          next.address,
          next.claim,
          READ,
          address,
          claim,
        ] as const;
        const code = yield* t.call("registrationWait", ...waited);
        const isThere = yield* t.call("registrationLeave", ...waited);
        t.assert(isThere !== 0, "the late one is in its place");
        return code;
      },
    },
    final(alone, results) {
      expectResults(alone, results, { late: ["released"], owner: [DONE] });
      world.check(alone, { tokens: true });
    },
  });
}

/** One goes, having used up the event, and another comes as they are told. */
function successor(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 3,
    registrations: 1,
    holder: 0,
  });
  const place = world.registration(0);
  const first = world.parker(1);
  const wait = [place.address, place.claim, READ] as const;
  return pr({
    name: "who comes to wait as another one is told is told of the next event",
    setup(alone) {
      world.setup(alone);
      alone.call("registrationWait", ...wait, first.address, first.claim);
    },
    threads: {
      *waiter(t) {
        const me = world.local(t, 3);
        const seen = yield* t.call(
          "registrationReady",
          place.address,
          place.claim,
        );
        // It has used up the first; the second is for who comes.
        if (seen >> TURN_SHIFT !== 2) yield* clear(me, place, seen);
        yield* t.call("registrationLeave", ...wait, first.address, first.claim);
        return yield* block(me, world.parker(2), { place, way: READ });
      },
      *driver(t) {
        const me = world.local(t, 1);
        yield* takeEvent(me, place, READABLE, 1);
        yield* takeEvent(me, place, READABLE, 2);
      },
    },
    final(alone, { waiter }) {
      alone.assert(isReady(waiter), `it got ${waiter}`);
      world.check(alone, { tokens: true, daemons: true });
    },
  });
}

export const scenarios: readonly Entry[] = [
  releasing("blocked", false),
  releasing("in its event loop", true),
  releasingOwner(),
  lateEvent(),
  lateWaiter(),
  successor(),
];
