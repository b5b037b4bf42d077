// The selector that all threads share: its bell, and who closes it.

import type { Body } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, expectResults, full, pr, spurious } from "../entry.ts";
import {
  parkUntilToken,
  pollDriver,
  schedule,
  shutdown,
  unpark,
} from "../facade.ts";
import { block, READ } from "../io_facade.ts";
import {
  arrive,
  closeSelector,
  deregister,
  isClosed,
  register,
  ringSelector,
  use,
} from "../selector.ts";
import {
  newWorld,
  SHIPPED_HOST,
  SHIPPED_SELECTOR,
  type World,
} from "../world.ts";

const SELECTOR_HOST = SHIPPED_SELECTOR | (SHIPPED_HOST & 2);
const SOON = START + 5;
const UNPARKED = ["unparked"];

/** What a thread has to say of the bell. */
interface Told {
  readonly result: unknown;
  readonly sleeps: number;
  readonly writes: number;
}

/** A thread that parks until it has its token, so many times. */
function sleeper(world: World, index: number, times = 1): Body {
  return function* (t): Generator<unknown, Told, number> {
    const me = world.local(t, index + 1);
    let result: unknown;
    for (let time = 0; time < times; time++) {
      result = yield* parkUntilToken(me, world.parker(index));
    }
    return { result, ...me.tally };
  };
}

/** A thread that unparks. */
function unparker(world: World, thread: number, ...parkers: number[]): Body {
  return function* (t): Generator<unknown, Told, number> {
    const me = world.local(t, thread);
    for (const index of parkers) yield* unpark(me, world.parker(index));
    return { result: undefined, ...me.tally };
  };
}

function sumOf(
  results: Readonly<Record<string, unknown>>,
  count: "sleeps" | "writes",
): number {
  return Object.values(results as Record<string, Told>)
    .reduce((sum, told) => sum + told[count], 0);
}

/** No ring is lost, and a sleep is rung once. */
function bell(
  name: string,
  flags: number,
  parkers: number,
  threadsOf: (world: World) => Readonly<Record<string, Body>>,
  add = pr,
): Entry {
  const world = newWorld({ flags, parkers });
  return add({
    name,
    setup: world.setup,
    threads: threadsOf(world),
    final(alone, results) {
      const writes = sumOf(results, "writes");
      const sleeps = sumOf(results, "sleeps");
      alone.assert(writes <= sleeps, `${writes} rings for ${sleeps} sleeps`);
      world.check(alone, { tokens: true });
    },
  });
}

const rings: readonly Entry[] = [
  bell(
    "the selector's bell wakes the driver's owner",
    SHIPPED_SELECTOR,
    1,
    (world) => ({ owner: sleeper(world, 0), other: unparker(world, 2, 0) }),
  ),
  bell(
    "the selector's bell is rung once a sleep, whoever rings",
    SHIPPED_SELECTOR,
    1,
    (world) => ({
      owner: sleeper(world, 0),
      one: unparker(world, 2, 0),
      two: unparker(world, 3, 0),
    }),
  ),
  bell(
    "a late ring of the selector's bell does no harm to the next owner",
    SHIPPED_SELECTOR,
    2,
    (world) => ({
      first: sleeper(world, 0),
      second: sleeper(world, 1),
      other: unparker(world, 3, 0, 1),
    }),
  ),
  bell(
    "the selector's bell wakes the owner beside who sleeps by futex",
    SELECTOR_HOST,
    2,
    (world) => ({
      first: sleeper(world, 0),
      second: sleeper(world, 1),
      other: unparker(world, 3, 1, 0),
    }),
  ),
];

/** Who arms a timer rings it, too. */
function timer(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 1,
    timers: [{ target: 0, deadline: FAR }, { target: 0 }],
  });
  return pr({
    name: "a selector asleep to a late timer is told of an earlier one",
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* parkUntilToken(world.local(t, 1), world.parker(0));
      },
      *armer(t) {
        yield* schedule(world.local(t, 2), world.timer(1), SOON);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: UNPARKED });
      world.check(alone, { armed: true });
    },
  });
}

/** One that polls hears a ring that was not for it. */
function polling(): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers: 2,
    registrations: 1,
  });
  return pr({
    name: "a poll of the selector passes on the event of who sleeps",
    setup: world.setup,
    threads: {
      *poller(t) {
        yield* pollDriver(world.local(t, 1), world.parker(0));
      },
      *waiter(t) {
        const waited = { place: world.registration(0), way: READ };
        yield* block(world.local(t, 2), world.parker(1), waited);
      },
      *peer(t) {
        yield* arrive(t, world, 0);
      },
    },
    final(alone) {
      world.check(alone, { tokens: true });
    },
  });
}

/** All threads leave, and the last one closes. */
function closing(
  name: string,
  parkers: number,
  threadsOf: (world: World) => Readonly<Record<string, Body>>,
  expected: Readonly<Record<string, readonly unknown[]>> = {},
): Entry {
  const world = newWorld({
    flags: SHIPPED_SELECTOR,
    parkers,
    registrations: 1,
    spare: { registrations: 1 },
  });
  return pr({
    name,
    setup: world.setup,
    threads: threadsOf(world),
    final(alone, results) {
      alone.assert(isClosed(alone, world), "the selector is not closed");
      expectResults(alone, results, expected);
      world.check(alone, { tokens: true });
    },
  });
}

function user(world: World, thread: number): Body {
  return function* (t) {
    const me = world.local(t, thread);
    yield* use(me, () => arrive(t, world, 0));
  };
}

function closer(world: World, thread: number): Body {
  return function* (t) {
    yield* closeSelector(world.local(t, thread));
  };
}

const closings: readonly Entry[] = [
  closing(
    "the last one to use the selector closes it, once",
    0,
    (world) => ({
      closer: closer(world, 1),
      one: user(world, 2),
      two: user(world, 3),
    }),
  ),
  closing(
    "of two who close the selector, one does it",
    0,
    (world) => ({
      one: closer(world, 1),
      two: closer(world, 2),
    }),
  ),
  closing(
    "a shutdown ends the sleep in the selector, and closes it",
    1,
    (world) => ({
      *owner(t) {
        const me = world.local(t, 1);
        return yield* parkUntilToken(me, world.parker(0));
      },
      *other(t) {
        yield* shutdown(world.local(t, 2));
      },
    }),
    { owner: ["shutdown"] },
  ),
  closing(
    "a shutdown beside a ring that comes late ends the sleep all the same",
    1,
    (world) => ({
      *owner(t) {
        const me = world.local(t, 1);
        return yield* parkUntilToken(me, world.parker(0));
      },
      *ringer(t) {
        yield* ringSelector(world.local(t, 2));
      },
      *other(t) {
        yield* shutdown(world.local(t, 3));
      },
    }),
    { owner: ["shutdown"] },
  ),
  closing(
    "who waits for a descriptor is told of the shutdown",
    1,
    (world) => ({
      *waiter(t) {
        const waited = { place: world.registration(0), way: READ };
        return yield* block(world.local(t, 1), world.parker(0), waited);
      },
      *other(t) {
        yield* shutdown(world.local(t, 2));
      },
    }),
    { waiter: ["shutdown"] },
  ),
  closing(
    "who registers beside a shutdown leaves nothing behind",
    0,
    (world) => ({
      *registrar(t) {
        const me = world.local(t, 1);
        const place = yield* register(me, 1);
        if (place.address !== 0) yield* deregister(me, place);
      },
      *other(t) {
        yield* shutdown(world.local(t, 2));
      },
    }),
  ),
];

/** Whoever is the first to ask starts the thread that drives for all. */
function drivers(): Entry {
  const world = newWorld({ flags: SHIPPED_SELECTOR });
  const asker: Body = function* (t) {
    return yield* t.call("pollDrive", 1);
  };
  return pr({
    name: "one thread is started that drives for the others",
    setup: world.setup,
    threads: { one: asker, two: asker },
    final(alone, { one, two }) {
      alone.assert(Number(one) + Number(two) === 1, "none or two are");
      world.check(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  ...rings,
  bell(
    "the selector's bell is rung once a sleep, in two parks",
    SHIPPED_SELECTOR,
    1,
    (world) => ({
      owner: sleeper(world, 0),
      one: unparker(world, 2, 0, 0),
      two: unparker(world, 3, 0),
    }),
    full,
  ),
  timer(),
  polling(),
  ...closings,
  drivers(),
  spurious(rings[0]!),
];
