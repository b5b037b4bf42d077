// Section 9.D of the checklist: the driver's lock, and the sleep in the driver.
//
// 35 is about I/O and signals, of which there are none here, and about timers;
// 41 is about the order of I/O, which is none, and timers.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Parker,
  type ParkerHandle,
  type ParkerOptions,
  Runtime,
  type WaitName,
} from "../../mod.ts";
import {
  CONFLICT,
  DRIVER,
  EMPTY,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
  RING,
  SLEEP,
  TIMED_OUT,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import {
  bellOf,
  type Core,
  coreOf,
  createDriven,
  isSummoned,
  stateOf,
  TRACED,
  transitionsOf,
} from "../cores.ts";
import {
  isParked,
  outcome,
  run,
  settled,
  sharedWords,
  until,
  untilParked,
} from "../threads.ts";
import {
  ringsSetNoToken,
  tokensComeBesidePolls,
  tokensComeToWords,
} from "./driver_cases.ts";
import { WAITS } from "./sleeps.ts";

const BODIES = new URL("./driver_bodies.ts", import.meta.url);
const PARKS = new URL("./park_bodies.ts", import.meta.url);

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Whether the driver was free. It is again. */
function isFree({ exports }: Core, other: ParkerHandle): boolean {
  const free = exports.driverTake(other.address) !== 0;
  if (free) exports.driverLeave();
  return free;
}

/** Has a driver's `park()` replaced for as long as the result is in scope. */
function replacePark(
  driver: typeof TimeDriver | typeof EventLoopDriver,
  park: (this: unknown, timeout: number) => number,
): Disposable {
  const { prototype } = driver as { prototype: { park: unknown } };
  const { park: before } = prototype;
  prototype.park = park;
  return { [Symbol.dispose]: () => prototype.park = before };
}

// ==== the lock ====

test("One thread at a time is in the driver (9.D.30)", async () => {
  using runtime = createDriven({ parkers: 3 });
  const words = sharedWords(1);
  const threads = [1, 2, 3].map(() =>
    run(runtime, BODIES, "meetOthers", {
      handle: runtime.parker().detach(),
      words,
      rounds: 1_000,
    })
  );
  for (const thread of threads) {
    const { met, turns } = await outcome(thread);
    assert.equal(met, 0);
    assert.ok(turns > 0);
  }
});

for (const wait of WAITS) {
  test(`Of threads that park, one sleeps in the driver, by ${wait} (9.D.30)`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const core = coreOf(runtime);
    const handles = [1, 2, 3].map(() => runtime.parker().detach());
    const owners = handles.map((handle) =>
      run(runtime, PARKS, "park", { handle })
    );
    for (const handle of handles) await untilParked(runtime, handle);
    assert.deepEqual(handles.map((handle) => stateOf(core, handle)).sort(), [
      PARKED_CONDVAR,
      PARKED_CONDVAR,
      PARKED_DRIVER,
    ]);
    for (const handle of handles) runtime.unparker(handle).unpark();
    for (const owner of owners) await outcome(owner);
  });
}

test("A park that finds the driver busy sleeps on its word (9.D.31)", () => {
  using runtime = createDriven({ parkers: 2, module: TRACED });
  const core = coreOf(runtime);
  assert.ok(core.exports.driverTake(runtime.parker().handle.address));
  const parker = runtime.parker();
  assert.equal(parker.parkTimeout(1), "timed-out");
  const { [EMPTY]: from } = transitionsOf(core, parker.handle);
  assert.ok(from![PARKED_CONDVAR]! > 0);
  assert.equal(from![PARKED_DRIVER], 0);
  assert.equal(parker.counters.turns, 0);
});

/** Ways out of a park, and what each results in or throws. */
const EXITS: Record<string, {
  hooks?: (runtime: Runtime, handle: () => ParkerHandle) => ParkerOptions;
  park(parker: Parker, runtime: Runtime): unknown;
  ends: string;
}> = {
  "that times out": {
    park: (parker) => parker.parkTimeout(1),
    ends: "timed-out",
  },
  "of 0": {
    park: (parker) => parker.parkTimeout(0),
    ends: "timed-out",
  },
  "that finds its token at the commit": {
    hooks: (runtime, handle) => ({
      beforePark: () => runtime.unparker(handle()).unpark(),
    }),
    park: (parker) => parker.parkTimeout(MINUTE),
    ends: "unparked",
  },
  "that serves the driver": {
    park: (parker, runtime) => {
      runtime.timer(runtime.parker().handle).schedule(runtime.now() + 1);
      return parker.parkTimeout(MINUTE);
    },
    ends: "driver",
  },
  "that its timer ends": {
    park: (parker, runtime) => {
      runtime.timer(parker.handle).schedule(runtime.now() + 1);
      return parker.parkTimeout(MINUTE);
    },
    ends: "unparked",
  },
  "after shutdown": {
    park: (parker, runtime) => {
      runtime.shutdown();
      return parker.park();
    },
    ends: "shutdown",
  },
  "whose beforePark throws": {
    hooks: () => ({
      beforePark: () => {
        throw new Error("before");
      },
    }),
    park: (parker) => parker.parkTimeout(1),
    ends: "Error: before",
  },
  "whose afterUnpark throws": {
    hooks: () => ({
      afterUnpark: () => {
        throw new Error("after");
      },
    }),
    park: (parker) => parker.parkTimeout(1),
    ends: "Error: after",
  },
  "whose driver throws": {
    park: (parker) => {
      using _ = replacePark(TimeDriver, () => {
        throw new Error("driver");
      });
      return parker.parkTimeout(MINUTE);
    },
    ends: "Error: driver",
  },
  "of 0 whose driver throws": {
    park: (parker) => {
      using _ = replacePark(TimeDriver, () => {
        throw new Error("driver");
      });
      return parker.parkTimeout(0);
    },
    ends: "Error: driver",
  },
  "in the event loop that times out": {
    park: (parker) => parker.parkAsync({ timeout: 1 }),
    ends: "timed-out",
  },
  "in the event loop of 0": {
    park: (parker) => parker.parkAsync({ timeout: 0 }),
    ends: "timed-out",
  },
  "in the event loop that is aborted": {
    park: (parker) => {
      const controller = new AbortController();
      const result = parker.parkAsync({ signal: controller.signal });
      controller.abort(new Error("abort"));
      return result;
    },
    ends: "Error: abort",
  },
  "in the event loop that serves the driver": {
    park: (parker, runtime) => {
      runtime.timer(runtime.parker().handle).schedule(runtime.now() + 1);
      return parker.parkAsync({ timeout: MINUTE });
    },
    ends: "driver",
  },
  "in the event loop whose driver throws": {
    park: async (parker) => {
      using _ = replacePark(EventLoopDriver, () => {
        throw new Error("driver");
      });
      return await parker.parkAsync({ timeout: MINUTE });
    },
    ends: "Error: driver",
  },
};

for (const [name, { hooks, park, ends }] of Object.entries(EXITS)) {
  test(`A park ${name} leaves the driver free and the parker EMPTY (9.D.32)`, async () => {
    using runtime = createDriven({ parkers: 3 });
    const core = coreOf(runtime);
    const { handle: other } = runtime.parker();
    const parker: Parker = runtime.parker(
      hooks?.(runtime, () => parker.handle) ?? {},
    );
    let end: string;
    try {
      end = `${await park(parker, runtime)}`;
    } catch (error) {
      end = `${error}`;
    }
    assert.equal(end, ends);
    assert.ok(isFree(core, other));
    if (!runtime.isShutdown) assert.equal(stateOf(core, parker.handle), EMPTY);
  });
}

test("A park that is refused leaves the driver free (9.D.32)", () => {
  using runtime = createDriven({ parkers: 2 });
  const core = coreOf(runtime);
  const { address, claim } = runtime.parker().handle;
  const { handle: other } = runtime.parker();
  assert.equal(core.exports.parkerCommitLoop(address, claim), DRIVER);
  assert.equal(core.exports.parkerPark(address, claim, 1), CONFLICT);
  assert.ok(isFree(core, other));
});

// ==== the sleep ====

for (const wait of WAITS) {
  test(`A token makes the driver return, by ${wait} (9.D.33)`, async () => {
    using runtime = createDriven({ parkers: 2, wait });
    const core = coreOf(runtime);
    const { handle: other } = runtime.parker();
    const handle = runtime.parker().detach();
    const owner = run(runtime, PARKS, "park", { handle });
    await untilParked(runtime, handle);
    assert.equal(stateOf(core, handle), PARKED_DRIVER);
    assert.equal(isFree(core, other), false);
    runtime.unparker(handle).unpark();
    assert.deepEqual((await outcome(owner)).results, ["unparked"]);
    assert.ok(isFree(core, other));
  });
}

test("A ring just before the sleep makes it return at once (9.D.34)", () => {
  using runtime = createDriven({ parkers: 1 });
  const driver = new TimeDriver(coreOf(runtime).exports, undefined);
  const began = runtime.now();
  driver.unpark();
  driver.unpark();
  driver.park(MINUTE);
  assert.ok(runtime.now() < began + MINUTE);
  // Two rings that nobody had heard were one.
  const due = runtime.now() + 5;
  driver.park(5);
  assert.ok(runtime.now() >= due);
});

test("A poll uses up the ring (9.D.34)", () => {
  using runtime = createDriven({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  core.exports.bellRing();
  assert.equal(parker.parkTimeout(0), "timed-out");
  assert.equal(core.words[bellOf(core)], 0);
});

test("A ring just before the event loop sleeps makes it return at once (9.D.34)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const { words, exports } = coreOf(runtime);
  const doorbell = exports.parkerDoorbell(runtime.parker().handle.address) >> 2;
  const driver = new EventLoopDriver(words, doorbell);
  const began = runtime.now();
  driver.unpark();
  driver.unpark();
  await settled(driver.park(MINUTE));
  assert.ok(runtime.now() < began + MINUTE);
  // Two rings that nobody had heard were one: this one sleeps until rung for.
  let isOver = false;
  const second = driver.park(MINUTE).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(isOver, false);
  driver.unpark();
  await settled(second);
  assert.ok(runtime.now() < began + MINUTE);
});

for (const yields of [false, true]) {
  const where = yields ? "event loop" : "driver";
  test(`A timer for another ends a park in the ${where} without a token (9.D.35)`, async () => {
    using runtime = createDriven({ parkers: 2 });
    const core = coreOf(runtime);
    const { handle: target } = runtime.parker();
    const handle = runtime.parker().detach();
    const owner = run(runtime, PARKS, "park", { handle, yields });
    await untilParked(runtime, handle);
    runtime.timer(target).schedule(runtime.now() + 2);
    const { results, counters } = await outcome(owner);
    assert.deepEqual(results, ["driver"]);
    assert.equal(counters.events, 1);
    assert.equal(counters.unparks, 0);
    assert.equal(stateOf(core, handle), EMPTY);
    assert.equal(stateOf(core, target), NOTIFIED);
  });
}

test("A ring that comes late is harmless to the next owner (9.D.36)", async () => {
  using runtime = createDriven({ parkers: 2 });
  const core = coreOf(runtime);
  // The first owner's unparker has set the token, and has not yet rung.
  const { handle: first } = runtime.parker();
  const { address, claim } = first;
  assert.equal(core.exports.parkerCommit(address, claim), DRIVER);
  assert.equal(core.exports.parkerUnpark(address, claim), RING);
  assert.equal(core.exports.parkerLeave(address, claim, 0, 0), UNPARKED);

  const handle = runtime.parker().detach();
  const owner = run(runtime, PARKS, "park", { handle });
  await untilParked(runtime, handle);
  await until(() => core.words[bellOf(core)] === 1);
  core.exports.bellRing();
  // It has heard it, and sleeps again.
  await until(() => runtime.counters(handle).turns === 1);
  await until(() => core.words[bellOf(core)] === 1);
  assert.ok(isParked(runtime, handle));
  runtime.unparker(handle).unpark();
  assert.deepEqual((await outcome(owner)).results, ["unparked"]);
});

test("A ring sets nobody's token (9.D.37)", async () => {
  using runtime = createDriven({ parkers: 3, module: TRACED });
  const { exports } = coreOf(runtime);
  await ringsSetNoToken(runtime, () => exports.bellRing());
});

test("Turns are counted if the driver was polled, and not if not (9.D.38)", () => {
  using runtime = createDriven({ parkers: 2 });
  const core = coreOf(runtime);
  const { handle: other } = runtime.parker();
  let unparks = false;
  const parker: Parker = runtime.parker({
    beforePark: () => unparks && runtime.unparker(parker.handle).unpark(),
  });
  const turnsOf = (park: () => unknown): number => {
    const { turns } = parker.counters;
    park();
    return parker.counters.turns - turns;
  };
  assert.equal(turnsOf(() => parker.parkTimeout(0)), 1);
  assert.ok(turnsOf(() => parker.parkTimeout(1)) >= 1);
  runtime.unparker(parker.handle).unpark();
  assert.equal(turnsOf(() => parker.parkTimeout(MINUTE)), 0);
  unparks = true;
  assert.equal(turnsOf(() => parker.parkTimeout(MINUTE)), 0);
  unparks = false;
  assert.ok(core.exports.driverTake(other.address));
  assert.equal(turnsOf(() => parker.parkTimeout(0)), 0);
  assert.equal(turnsOf(() => parker.parkTimeout(1)), 0);
});

/** The two ways to park in a driver that throws. */
const FAULTS: Record<
  string,
  (parker: Parker, fault: () => never) => Promise<unknown>
> = {
  "parkTimeout()": async (parker, fault) => {
    using _ = replacePark(TimeDriver, fault);
    return await parker.parkTimeout(MINUTE);
  },
  "parkAsync()": async (parker, fault) => {
    using _ = replacePark(EventLoopDriver, fault);
    return await parker.parkAsync({ timeout: MINUTE });
  },
};

for (const [name, park] of Object.entries(FAULTS)) {
  test(`Parker.${name} throws what its driver does, and parks again (9.D.39)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const parker = runtime.parker();
    const error = new Error("poll");
    const fault = () => {
      throw error;
    };
    await assert.rejects(park(parker, fault), error);
    assert.equal(parker.parkTimeout(1), "timed-out");
    assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
  });

  test(`Parker.${name} keeps a token that comes when its driver throws (9.D.39)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const parker = runtime.parker();
    const error = new Error("poll");
    const fault = () => {
      runtime.unparker(parker.handle).unpark();
      throw error;
    };
    await assert.rejects(park(parker, fault), error);
    assert.equal(parker.parkTimeout(1), "unparked");
  });
}

// Without a driver that blocks, all blocking parks are on their words.
for (const wait of WAITS) {
  test(`Without a blocking driver a park observes the same, by ${wait} (9.D.40)`, async () => {
    const observed = [];
    for (const driver of ["time", "event-loop"] as const) {
      using runtime = createDriven({ parkers: 2, driver, wait });
      const parker = runtime.parker();
      const unparker = runtime.unparker(parker.handle);
      const results = [
        parker.parkTimeout(0),
        parker.parkTimeout(1),
        parker.parkDeadline(0),
      ];
      unparker.unpark();
      unparker.unpark();
      results.push(parker.parkTimeout(0), parker.park(), parker.parkTimeout(1));
      const handle = runtime.parker().detach();
      const owner = run(runtime, PARKS, "park", { handle });
      await untilParked(runtime, handle);
      unparker.unpark();
      runtime.unparker(handle).unpark();
      results.push(parker.park(), ...(await outcome(owner)).results);
      runtime.shutdown();
      results.push(parker.park(), parker.parkTimeout(0));
      observed.push(results);
    }
    assert.deepEqual(observed[0], observed[1]);
  });
}

test("Timers fire after the driver's own events (9.D.41)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const deadline = runtime.now() + 1;
  timer.schedule(deadline);
  await until(() => runtime.now() > deadline + 1);
  const order: string[] = [];
  using _ = replacePark(TimeDriver, () => order.push(timer.state) * 0);
  assert.equal(parker.parkTimeout(0), "driver");
  order.push(timer.state);
  assert.deepEqual(order, ["armed", "fired"]);
});

test("A park gets its token while another thread only polls (9.D.42)", async () => {
  using runtime = createDriven({ parkers: 2 });
  await tokensComeBesidePolls(runtime);
});

test("A park gets its token while another thread is in a poll (9.D.42)", async () => {
  using runtime = createDriven({ parkers: 2 });
  await tokensComeToWords(runtime);
});

// ==== the hand-off, which Tokio has not ====

/** Two owners that sleep, one in the driver, one not. */
async function driverAndOther(
  runtime: Runtime,
  yields: boolean,
): Promise<{
  inDriver: ParkerHandle;
  other: ParkerHandle;
  owners: Promise<{ results: string[] }>[];
}> {
  const core = coreOf(runtime);
  const inDriver = runtime.parker().detach();
  const other = runtime.parker().detach();
  const first = run(runtime, PARKS, "park", { handle: inDriver });
  await untilParked(runtime, inDriver);
  assert.equal(stateOf(core, inDriver), PARKED_DRIVER);
  const second = run(runtime, PARKS, "park", { handle: other, yields });
  await untilParked(runtime, other);
  return { inDriver, other, owners: [first, second].map(outcome) };
}

interface HandOff {
  wait: WaitName;
  yields: boolean;
  where: string;
}

const HAND_OFFS: HandOff[] = WAITS.flatMap((wait) => [
  { wait, yields: false, where: `a blocked thread, by ${wait}` },
  { wait, yields: true, where: `an event loop, by ${wait}` },
]);

for (const { wait, yields, where } of HAND_OFFS) {
  test(`Whoever leaves the driver hands its timers to ${where}`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const { inDriver, other, owners } = await driverAndOther(runtime, yields);
    const timer = runtime.timer(other);
    timer.schedule(runtime.now() + DAY);
    runtime.unparker(inDriver).unpark();
    assert.deepEqual((await owners[0])!.results, ["unparked"]);
    // Nobody else is there to fire it.
    timer.schedule(runtime.now() + 2);
    assert.deepEqual((await owners[1])!.results, ["unparked"]);
    assert.equal(timer.state, "fired");
  });

  test(`A timer that is armed with the driver free is handed to ${where}`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const { inDriver, other, owners } = await driverAndOther(runtime, yields);
    runtime.unparker(inDriver).unpark();
    await owners[0];
    const timer = runtime.timer(other);
    timer.schedule(runtime.now() + 2);
    assert.deepEqual((await owners[1])!.results, ["unparked"]);
    assert.equal(timer.state, "fired");
  });

  test(`Whoever leaves the driver without timers does not wake ${where}`, async () => {
    using runtime = createDriven({ parkers: 2, wait });
    const { inDriver, other, owners } = await driverAndOther(runtime, yields);
    const before = runtime.counters(other);
    const state = stateOf(coreOf(runtime), other);
    runtime.unparker(inDriver).unpark();
    await owners[0];
    assert.deepEqual(runtime.counters(other), before);
    assert.equal(stateOf(coreOf(runtime), other), state);
    runtime.unparker(other).unpark();
    await owners[1];
  });
}

for (const wait of WAITS) {
  test(`An event loop that leaves the driver hands its timers to another, by ${wait}`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const [keeper, other] = [
      runtime.parker().detach(),
      runtime.parker().detach(),
    ];
    const owners = [];
    for (const handle of [keeper, other]) {
      owners.push(run(runtime, PARKS, "park", { handle, yields: true }));
      await untilParked(runtime, handle);
    }
    const timer = runtime.timer(other);
    timer.schedule(runtime.now() + DAY);
    runtime.unparker(keeper).unpark();
    await outcome(owners[0]!);
    timer.schedule(runtime.now() + 2);
    assert.deepEqual((await outcome(owners[1]!)).results, ["unparked"]);
  });

  test(`A thread that blocks takes the driver over from an event loop, by ${wait}`, async () => {
    using runtime = createDriven({ parkers: 3, wait });
    const core = coreOf(runtime);
    const [keeper, blocked] = [
      runtime.parker().detach(),
      runtime.parker().detach(),
    ];
    const yielding = run(runtime, PARKS, "park", {
      handle: keeper,
      yields: true,
    });
    await untilParked(runtime, keeper);
    const blocking = run(runtime, PARKS, "park", { handle: blocked });
    await untilParked(runtime, blocked);
    assert.equal(stateOf(core, blocked), PARKED_DRIVER);
    // A timer for the event loop is fired by the blocked thread.
    runtime.timer(keeper).schedule(runtime.now() + 2);
    assert.deepEqual((await outcome(blocking)).results, ["driver"]);
    assert.deepEqual((await outcome(yielding)).results, ["unparked"]);
  });
}

// The sleeper that was asked to take the driver gets its token at the same
// time, or its timeout ends, and does not come.
for (const timedOut of [false, true]) {
  const end = timedOut ? "times out" : "gets its token";
  test(`A sleeper that is handed the driver and ${end} hands it on`, () => {
    using runtime = createDriven({ parkers: 3 });
    const core = coreOf(runtime);
    const { exports } = core;
    const { handle: busy } = runtime.parker();
    const sleepers = [runtime.parker().handle, runtime.parker().handle];
    assert.ok(exports.driverTake(busy.address));
    for (const { address, claim } of sleepers) {
      assert.equal(exports.parkerCommit(address, claim), SLEEP);
    }
    runtime.timer(busy).schedule(runtime.now() + DAY);
    exports.driverLeave();
    const called = sleepers.filter((handle) => isSummoned(core, handle));
    assert.equal(called.length, 1);
    const { address, claim } = called[0]!;
    if (!timedOut) exports.parkerUnpark(address, claim);
    assert.equal(
      exports.parkerEndSleep(address, claim, Number(timedOut)),
      timedOut ? TIMED_OUT : UNPARKED,
    );
    const next = sleepers.find((handle) => handle !== called[0])!;
    assert.ok(isSummoned(core, next));
  });
}
