// Who waits for a file descriptor does not sleep past its event, whoever sleeps
// in the driver, and whatever else becomes of the registration.

import { READABLE, WRITABLE } from "../../src/core/core.generated.ts";
import type { Body } from "../../loom/src/scenario.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, pr, spurious } from "../entry.ts";
import { wakeSummoned } from "../facade.ts";
import { openLoop } from "../loop_facade.ts";
import {
  block,
  clear,
  isReady,
  type Outcome,
  READ,
  sleepInLoop,
  waitInLoop,
  WRITE,
} from "../io_facade.ts";
import { arrive, read, takeEvent, write } from "../selector.ts";
import {
  newWorld,
  SHIPPED_HOST,
  SHIPPED_SELECTOR,
  type World,
} from "../world.ts";

/** `HOST_WAIT` beside the flags of a selector. */
const SELECTOR_HOST = SHIPPED_SELECTOR | (SHIPPED_HOST & 2);
const SOON = START + 5;
const BOTH = READABLE | WRITABLE;

/** A thread that blocks until a descriptor is ready. */
export function waiter(world: World, index: number, fd = 0, way = READ): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const waited = { place: world.registration(fd), way };
    return yield* block(me, world.parker(index), waited);
  };
}

/** The same in its event loop, for each of these. */
function loop(world: World, index: number, ...fds: number[]): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const parker = world.parker(index);
    const all = fds.map((fd) => ({ place: world.registration(fd), way: READ }));
    const driver = yield* openLoop(me, parker);
    const outcomes = yield* waitInLoop(me, driver, parker, ...all);
    t.assert(outcomes.length === fds.length, "a wait was not settled");
    return outcomes.every(isReady);
  };
}

/** A thread that has fetched events, and takes them in. */
function taker(world: World, ...fds: number[]): Body {
  return function* (t) {
    const me = world.local(t, 1);
    for (const fd of fds) {
      yield* takeEvent(me, world.registration(fd), READABLE, 1);
    }
  };
}

/** A thread that holds the driver of the parker 0, and fetches an event. */
export function driver(world: World, ready: number, ...fds: number[]): Body {
  return function* (t) {
    const me = world.local(t, 1);
    for (const fd of fds) {
      yield* takeEvent(me, world.registration(fd), ready, 1);
    }
    yield* wakeSummoned(me, yield* t.call("driverLeave"));
  };
}

/** Another process, that writes a byte. */
function peer(world: World, ...fds: number[]): Body {
  return function* (t) {
    for (const fd of fds) yield* arrive(t, world, fd);
  };
}

function onOwnWord(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 2, registrations: 1, holder: 0 });
  return pr({
    name: `who blocks for a descriptor does not sleep past its event: ${where}`,
    setup: world.setup,
    threads: {
      waiter: waiter(world, 1),
      driver: driver(world, READABLE, 0),
    },
    final(alone, results) {
      alone.assert(isReady(results.waiter), `it got ${results.waiter}`);
      world.check(alone, { tokens: true });
    },
  });
}

function asOwner(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1, registrations: 1 });
  return pr({
    name: `the driver's owner does not sleep past its own event: ${where}`,
    setup: world.setup,
    threads: { waiter: waiter(world, 0), peer: peer(world, 0) },
    final(alone, results) {
      alone.assert(isReady(results.waiter), `it got ${results.waiter}`);
      world.check(alone, { tokens: true });
    },
  });
}

function inLoop(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
    holder: 0,
  });
  return pr({
    name: "who waits for a descriptor in its event loop is told of its event",
    setup: world.setup,
    threads: { loop: loop(world, 1, 0), driver: driver(world, READABLE, 0) },
    final(alone, results) {
      expectResults(alone, results, { loop: [true] });
      world.check(alone, { tokens: true });
    },
  });
}

/** One of two who wait fetches the event of the other. */
function twoWaiters(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 2,
  });
  return pr({
    name: "of two who block, each is told of its event by who is in the driver",
    setup: world.setup,
    threads: {
      first: waiter(world, 0, 0),
      second: waiter(world, 1, 1),
      peer: peer(world, 0, 1),
    },
    final(alone, results) {
      const { first, second } = results;
      alone.assert(isReady(first) && isReady(second), "one was not told");
      world.check(alone, { tokens: true });
    },
  });
}

/** Reads until there are two bytes; waits whenever there is nothing. */
function reader(world: World): Body {
  return function* (t) {
    const me = world.local(t, 2);
    const place = world.registration(0);
    for (let count = 0; count < 2;) {
      const seen = yield* block(me, world.parker(1), { place, way: READ });
      t.assert(isReady(seen), `it got ${seen}`);
      const bytes = yield* read(me, 0);
      count += bytes;
      if (bytes === 0) yield* clear(me, place, seen as number);
    }
  };
}

function clearing(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
    holder: 0,
  });
  return pr({
    name: "who clears what it has used up does not clear a newer event",
    setup(alone) {
      world.setup(alone);
      // It has been used up already: what comes next is in turn 1.
      const { address, claim } = world.registration(0);
      alone.call("registrationSet", address, claim, READABLE, 0);
    },
    threads: {
      reader: reader(world),
      *driver(t) {
        const me = world.local(t, 1);
        yield* write(t, world, 0);
        yield* takeEvent(me, world.registration(0), READABLE, 1);
        yield* write(t, world, 0);
        yield* takeEvent(me, world.registration(0), READABLE, 2);
        yield* t.call("driverLeave");
      },
    },
    final(alone) {
      world.check(alone, { tokens: true });
    },
  });
}

/** What is closed for ever stays so, whoever clears. */
function closedStays(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 1,
    registrations: 1,
  });
  const { address, claim } = world.registration(0);
  const READ_CLOSED = 4;
  return pr({
    name: "clearing leaves that a descriptor is closed, and what was not seen",
    setup(alone) {
      world.setup(alone);
      alone.call("registrationSet", address, claim, READABLE | READ_CLOSED, 7);
    },
    threads: {
      *clearer(t) {
        const me = world.local(t, 1);
        const seen = yield* t.call("registrationReady", address, claim);
        yield* clear(me, world.registration(0), seen);
        return (seen & WRITABLE) !== 0;
      },
      *writer(t) {
        // In the same turn, as it is the same event.
        yield* t.call("registrationSet", address, claim, WRITABLE, 7);
      },
    },
    final(alone, { clearer }) {
      const ready = alone.call("registrationReady", address, claim) & 0xffff;
      const isWritable = (ready & WRITABLE) !== 0;
      alone.assert(isWritable !== clearer, "what was not seen is used up");
      alone.assert((ready & READ_CLOSED) !== 0, "it is open again");
      alone.assert((ready & READABLE) === 0, "it is still readable");
      world.check(alone);
    },
  });
}

/** Two who tell one waiter of two descriptors. */
function hints(where: string, isDeregistered: boolean): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 2,
    looping: [1],
  });
  const parker = world.parker(1);
  const places = [world.registration(0), world.registration(1)];
  const threads: Record<string, Body> = {
    *loop(t) {
      const me = world.local(t, 2);
      const all = places.map((place) => ({ place, way: READ }));
      return (yield* sleepInLoop(me, parker, ...all)).length;
    },
    driver: taker(world, ...(isDeregistered ? [0] : [0, 1])),
  };
  if (isDeregistered) {
    threads.releaser = function* (t) {
      // The rest of deregister(), as far as somebody waits.
      const { address } = places[1]!;
      yield* t.call("registrationTell", address, READ);
      yield* t.call("registrationFree", address);
    };
  }
  return pr({
    name: `who waits for two descriptors is told of both: ${where}`,
    setup(alone) {
      world.setup(alone);
      const { address, claim } = parker;
      for (const place of places) {
        const at = [place.address, place.claim, READ] as const;
        alone.call("registrationWait", ...at, address, claim);
      }
      if (!isDeregistered) return;
      alone.call("registrationEnd", places[1]!.address, places[1]!.claim);
    },
    threads,
    final(alone, results) {
      expectResults(alone, results, { loop: [2] });
      world.check(alone, { tokens: true });
    },
  });
}

/** One waits to read, one to write, and a third to read as well. */
function ways(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 3,
    registrations: 1,
    holder: 0,
  });
  const isFine = (outcome: unknown) => isReady(outcome) || outcome === "in use";
  return pr({
    name: "one waits to read and one to write; a second reader is refused",
    setup: world.setup,
    threads: {
      reader: waiter(world, 1),
      writer: waiter(world, 2, 0, WRITE),
      driver: driver(world, BOTH, 0),
    },
    final(alone, { reader, writer }) {
      alone.assert(isReady(reader) && isReady(writer), "one was not told");
      alone.assert(isFine(reader), "the reader was refused");
      world.check(alone, { tokens: true });
    },
  });
}

function conflict(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 3,
    registrations: 1,
    holder: 0,
  });
  const isOf = (outcome: unknown, ...all: Outcome[]) =>
    isReady(outcome) || all.includes(outcome as Outcome);
  return pr({
    name: "of two who wait for the same, one is refused, and one is told",
    setup: world.setup,
    threads: {
      first: waiter(world, 1),
      second: waiter(world, 2),
      driver: driver(world, READABLE, 0),
    },
    final(alone, { first, second }) {
      alone.assert(isReady(first) || isReady(second), "neither was told");
      const areFine = isOf(first, "in use") && isOf(second, "in use");
      alone.assert(areFine, `they got ${first} and ${second}`);
      world.check(alone, { tokens: true });
    },
  });
}

/** A wait that ends at its deadline leaves nothing behind. */
function timed(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
    holder: 0,
  });
  return pr({
    name: "a wait that meets its deadline is told, or is not there any more",
    setup: world.setup,
    threads: {
      *waiter(t) {
        const me = world.local(t, 2);
        const waited = { place: world.registration(0), way: READ };
        return yield* block(me, world.parker(1), waited, SOON);
      },
      driver: driver(world, READABLE, 0),
    },
    final(alone, { waiter }) {
      alone.assert(waiter === "timed-out" || isReady(waiter), `got ${waiter}`);
      world.check(alone, { tokens: true });
    },
  });
}

export const scenarios: readonly Entry[] = [
  onOwnWord("on its own word", SHIPPED_SELECTOR),
  onOwnWord("by the host's futex", SELECTOR_HOST),
  asOwner("the core sleeps", SHIPPED_SELECTOR),
  asOwner("the host sleeps", SELECTOR_HOST),
  inLoop(),
  twoWaiters(),
  clearing(),
  closedStays(),
  hints("by one", false),
  hints("by two", true),
  ways(),
  conflict(),
  timed(),
  spurious(asOwner("the core sleeps", SHIPPED_SELECTOR)),
  spurious(onOwnWord("on its own word", SHIPPED_SELECTOR)),
];
