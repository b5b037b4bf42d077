// Section 9.A of the checklist: the token.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Parker,
  type ParkerCounters,
  type ParkResult,
  Runtime,
  TwoOwnersError,
} from "../../mod.ts";
import {
  AGAIN,
  CONFLICT,
  DONE,
  DRIVER,
  EMPTY,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
  RING,
  SLEEP,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import {
  bellOf,
  coreOf,
  createDriven,
  doorbellOf,
  stateOf,
  TRACED,
  transitionsOf,
} from "../cores.ts";
import {
  outcome,
  publish,
  run,
  sharedWords,
  until,
  untilParked,
} from "../threads.ts";
import { type Sleep, SLEEPS } from "./sleeps.ts";

const BODIES = new URL("./token_bodies.ts", import.meta.url);
const PARKS = new URL("./park_bodies.ts", import.meta.url);

const MINUTE = 60_000;

/** Every way to ask for the token. */
const WAYS: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout()": (parker) => parker.parkTimeout(MINUTE),
  "parkDeadline()": (parker) => parker.parkDeadline(0),
  "parkAsync()": (parker) => parker.parkAsync({ timeout: MINUTE }),
};

for (const [name, park] of Object.entries(WAYS)) {
  test(`Parker.${name} takes a token that is there, and does not sleep (9.A.1)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const parker = runtime.parker();
    runtime.unparker(parker.handle).unpark();
    assert.equal(await park(parker), "unparked");
    assert.equal(parker.counters.parks, 0);
    assert.equal(stateOf(coreOf(runtime), parker.handle), EMPTY);
  });
}

for (const [name, park] of Object.entries(WAYS)) {
  test(`Parker.${name} takes the token of two unparks at once (9.A.2)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    unparker.unpark();
    unparker.unpark();
    assert.equal(await park(parker), "unparked");
    assert.equal(parker.parkTimeout(1), "timed-out");
  });
}

test("Unparker.unpark() only stores the token of one that never parked (9.A.3)", () => {
  using runtime = createDriven({ parkers: 1 });
  const { handle, counters } = runtime.parker();
  const core = coreOf(runtime);
  assert.equal(runtime.unparker(handle).unpark(), true);
  assert.equal(stateOf(core, handle), NOTIFIED);
  assert.deepEqual(runtime.counters(handle), counters);
  assert.equal(core.words[bellOf(core)], 0);
  assert.equal(core.words[doorbellOf(core, handle)], 0);
});

// The look is the exchange T1; the commit is T2 or T7, which finds the token
// there, and T3 or T8 takes it.
for (const busy of [false, true]) {
  const driver = busy ? "busy" : "free";
  test(`A token between the look and the commit prevents a sleep, driver ${driver} (9.A.4)`, () => {
    using runtime = createDriven({ parkers: 2 });
    const { handle } = runtime.parker();
    const { address: other } = runtime.parker().handle;
    const core = coreOf(runtime);
    const { address, claim } = handle;
    if (busy) assert.ok(core.exports.driverTake(other));

    assert.equal(core.exports.parkerTake(address, claim), AGAIN);
    runtime.unparker(handle).unpark();
    assert.equal(core.exports.parkerCommit(address, claim), UNPARKED);
    assert.equal(stateOf(core, handle), EMPTY);
    assert.equal(runtime.counters(handle).parks, 0);
    // The visit to the driver is over too.
    assert.equal(Boolean(core.exports.driverTake(other)), !busy);
  });
}

for (const [name, park] of Object.entries(WAYS)) {
  test(`Parker.${name} does not sleep if its owner unparks it before (9.A.5)`, async () => {
    using runtime = createDriven({ parkers: 1 });
    const beforePark = () => runtime.unparker(parker.handle).unpark();
    const parker: Parker = runtime.parker({ beforePark });
    assert.equal(await park(parker), "unparked");
    assert.equal(parker.counters.parks, 0);
    assert.equal(stateOf(coreOf(runtime), parker.handle), EMPTY);
  });
}

test("Unparkers that come together leave one token (9.A.6)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const parker = runtime.parker();
  const { handle } = parker;
  const words = sharedWords(2);
  const unparkers = Array.from(
    { length: 3 },
    () => run(runtime, BODIES, "unparkAtOnce", { handle, words }),
  );
  await until(() => Atomics.load(words, 1) === unparkers.length);
  publish(words, 0, 1);
  for (const unparker of unparkers) await outcome(unparker);
  assert.equal(parker.park(), "unparked");
  assert.equal(parker.parkTimeout(1), "timed-out");
});

/** What an owner and two unparkers did, at full speed and with the trace on. */
interface Storm {
  /** `[from][to]`. */
  readonly transitions: number[][];
  /** How many unparks there were. */
  readonly unparks: number;
  readonly results: Record<ParkResult, number>;
  /** Whether a token was there in the end. */
  readonly left: boolean;
  /** Rings of the owner's doorbell. */
  readonly rings: number;
  readonly counters: ParkerCounters;
}

async function storm({ options, yields }: Sleep): Promise<Storm> {
  using runtime = createDriven({ ...options, parkers: 1, module: TRACED });
  const core = coreOf(runtime);
  const handle = runtime.parker().detach();
  const words = sharedWords(1);
  const count = 400;
  const owner = run(runtime, BODIES, "parkUntilSet", { handle, words, yields });
  const unparkers = [
    run(runtime, BODIES, "unparkMany", { handle, count }),
    run(runtime, BODIES, "unparkMany", { handle, count }),
  ];
  for (const unparker of unparkers) await outcome(unparker);
  Atomics.store(words, 0, 1);
  runtime.unparker(handle).unpark();
  return {
    results: await outcome(owner),
    transitions: transitionsOf(core, handle),
    unparks: 2 * count + 1,
    left: stateOf(core, handle) === NOTIFIED,
    rings: core.words[doorbellOf(core, handle)]!,
    counters: runtime.counters(handle),
  };
}

for (const sleep of SLEEPS) {
  let once: Promise<Storm> | undefined;
  const result = () => once ??= storm(sleep);

  test(`A parker that sleeps ${sleep.where} is rung for once a sleep (9.A.6)`, async () => {
    const { transitions: at, rings } = await result();
    const rung = at[PARKED_CONDVAR]![NOTIFIED]! + at[PARKED_DRIVER]![NOTIFIED]!;
    const slept = at[EMPTY]![PARKED_CONDVAR]! + at[EMPTY]![PARKED_DRIVER]!;
    assert.ok(rung > 0);
    assert.ok(rung <= slept, `${rung} rings for ${slept} sleeps`);
    assert.ok(rings <= rung, `${rings} rings for ${rung} sleepers`);
  });

  test(`Each unpark() of a parker that sleeps ${sleep.where} writes (9.A.8)`, async () => {
    const { transitions: at, unparks } = await result();
    const written = at.reduce((sum, row) => sum + row[NOTIFIED]!, 0);
    assert.equal(written, unparks);
    assert.ok(at[NOTIFIED]![NOTIFIED]! > 0);
  });

  // A park that stored EMPTY, or looked and then stored, would take two tokens
  // for one, or lose one that comes with its timeout.
  test(`A parker that sleeps ${sleep.where} takes each token once (9.A.9)`, async () => {
    const { transitions: at, results, left } = await result();
    const stored = at[EMPTY]![NOTIFIED]! + at[PARKED_CONDVAR]![NOTIFIED]! +
      at[PARKED_DRIVER]![NOTIFIED]!;
    assert.equal(at[NOTIFIED]![EMPTY], results.unparked);
    assert.equal(results.unparked + Number(left), stored);
  });

  test(`A parker that sleeps ${sleep.where} makes no other transition (9.A.10)`, async () => {
    const { transitions: at } = await result();
    const seen = at.flatMap((row, from) =>
      row.flatMap((count, to) => count > 0 ? [`${from} -> ${to}`] : [])
    );
    const legal = new Set([
      `${NOTIFIED} -> ${EMPTY}`,
      `${EMPTY} -> ${PARKED_CONDVAR}`,
      `${PARKED_CONDVAR} -> ${EMPTY}`,
      `${EMPTY} -> ${PARKED_DRIVER}`,
      `${PARKED_DRIVER} -> ${EMPTY}`,
      `${EMPTY} -> ${NOTIFIED}`,
      `${NOTIFIED} -> ${NOTIFIED}`,
      `${PARKED_CONDVAR} -> ${NOTIFIED}`,
      `${PARKED_DRIVER} -> ${NOTIFIED}`,
    ]);
    assert.deepEqual(seen.filter((transition) => !legal.has(transition)), []);
    assert.ok(seen.length > 0);
  });

  test(`A parker that sleeps ${sleep.where} counts how each sleep ended`, async () => {
    const { transitions: at, counters } = await result();
    const { parks, unparks, timeouts, events, noops } = counters;
    const slept = at[EMPTY]![PARKED_CONDVAR]! + at[EMPTY]![PARKED_DRIVER]!;
    assert.equal(parks, slept);
    assert.equal(parks, unparks + timeouts + events + noops);
    assert.equal(events, 0);
  });
}

test("Unparker.unpark() of a token that is there writes all the same (9.A.8)", () => {
  using runtime = createDriven({ parkers: 1, module: TRACED });
  const { handle } = runtime.parker();
  const unparker = runtime.unparker(handle);
  unparker.unpark();
  unparker.unpark();
  unparker.unpark();
  const { [EMPTY]: empty, [NOTIFIED]: notified } = transitionsOf(
    coreOf(runtime),
    handle,
  );
  assert.equal(empty![NOTIFIED], 1);
  assert.equal(notified![NOTIFIED], 2);
});

// The last unpark of each writer comes after its last write, and may become one
// token with any other: the park that takes it sees all that was written.
test("Parker.park() sees what came before each unpark of its token (9.A.7)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const handle = runtime.parker().detach();
  const words = sharedWords(2);
  const count = 20_000;
  const owner = run(runtime, BODIES, "parkUntilWritten", {
    handle,
    words,
    count,
  });
  const writers = [0, 1].map((index) =>
    run(runtime, BODIES, "writeAndUnpark", { handle, words, index, count })
  );
  for (const writer of writers) await outcome(writer);
  assert.equal(await outcome(owner), "written");
});

// Two owners are an error of the program. It is the second that hears of it;
// the first sleeps on, and wakes as if nothing had been.
test("A park of a second owner is refused while the first is in the driver (9.A.11)", () => {
  using runtime = createDriven({ parkers: 1 });
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  const [first, second] = [coreOf(runtime), coreOf(runtime)];
  assert.equal(first.exports.parkerCommit(address, claim), DRIVER);
  assert.equal(second.exports.parkerPark(address, claim, 1), CONFLICT);
  assert.equal(second.exports.parkerCommitLoop(address, claim), CONFLICT);
  assert.equal(stateOf(first, handle), PARKED_DRIVER);
  assert.equal(second.exports.parkerUnpark(address, claim), RING);
  assert.equal(first.exports.parkerLeave(address, claim, 0, 0), UNPARKED);
});

test("A park of a second owner is refused while the first is on its word (9.A.11)", () => {
  using runtime = Runtime.create({ parkers: 1, driver: "event-loop" });
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  const [first, second] = [coreOf(runtime), coreOf(runtime)];
  assert.equal(first.exports.parkerCommit(address, claim), SLEEP);
  assert.equal(second.exports.parkerPark(address, claim, 1), CONFLICT);
  assert.equal(second.exports.parkerCommitLoop(address, claim), CONFLICT);
  assert.equal(stateOf(first, handle), PARKED_CONDVAR);
  assert.equal(second.exports.parkerUnpark(address, claim), DONE);
  assert.equal(first.exports.parkerEndSleep(address, claim, 0), UNPARKED);
});

test("A park of a second owner is refused while the first is in its event loop (9.A.11)", () => {
  using runtime = createDriven({ parkers: 1 });
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  const [first, second] = [coreOf(runtime), coreOf(runtime)];
  assert.equal(first.exports.parkerCommitLoop(address, claim), DRIVER);
  assert.equal(second.exports.parkerCommitLoop(address, claim), CONFLICT);
  assert.equal(second.exports.parkerPark(address, claim, 1), CONFLICT);
  assert.equal(stateOf(first, handle), PARKED_DRIVER);
  // Its own doorbell rings, and not the driver's.
  assert.equal(second.exports.parkerUnpark(address, claim), DONE);
  assert.equal(first.words[doorbellOf(first, handle)], 1);
  assert.equal(first.exports.parkerLeaveLoop(address, claim, 0, 0), UNPARKED);
});

test("Of two threads that park on one parker, the second is refused (9.A.11)", async () => {
  using runtime = Runtime.create({ parkers: 1, driver: "event-loop" });
  const handle = runtime.parker().detach();
  const first = run(runtime, BODIES, "parkInCore", { handle });
  await untilParked(runtime, handle);
  const second = run(runtime, BODIES, "parkInCore", { handle });
  assert.equal(await outcome(second), CONFLICT);
  runtime.unparker(handle).unpark();
  assert.equal(await outcome(first), UNPARKED);
});

test("Runtime.adopt() lets one of two threads have a parker (9.A.11)", async () => {
  using runtime = createDriven({ parkers: 1 });
  const handle = runtime.parker().detach();
  const threads = [
    run(runtime, BODIES, "adopt", { handle }),
    run(runtime, BODIES, "adopt", { handle }),
  ];
  const codes = [await outcome(threads[0]!), await outcome(threads[1]!)];
  assert.deepEqual(codes.sort(), ["adopted", "two-owners"]);
  assert.throws(() => runtime.adopt(handle), TwoOwnersError);
});

// The owner has committed and goes no further: whoever waited for it to sleep
// would wait for ever.
test("Unparker.unpark() does not wait for an owner between commit and sleep (9.A.12)", async () => {
  using runtime = Runtime.create({ parkers: 1, driver: "event-loop" });
  const { handle } = runtime.parker();
  const { address, claim } = handle;
  const { exports } = coreOf(runtime);
  const words = sharedWords(1);
  assert.equal(exports.parkerCommit(address, claim), SLEEP);
  const unparker = run(runtime, BODIES, "unparkBetween", { handle, words });
  await until(() => Atomics.load(words, 0) === 2);
  await outcome(unparker);
  assert.equal(exports.parkerEndSleep(address, claim, 0), UNPARKED);
});

for (const sleep of SLEEPS) {
  test(`A token wakes a parker that sleeps ${sleep.where}`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 1 });
    const handle = runtime.parker().detach();
    const { yields } = sleep;
    const owner = run(runtime, PARKS, "park", { handle, yields });
    await untilParked(runtime, handle);
    assert.equal(stateOf(coreOf(runtime), handle), sleep.state);
    runtime.unparker(handle).unpark();
    const { results, counters } = await outcome(owner);
    assert.deepEqual(results, ["unparked"]);
    assert.equal(counters.parks, 1);
    assert.equal(counters.unparks, 1);
  });

  test(`Two parkers that sleep ${sleep.where} play ping-pong`, async () => {
    using runtime = createDriven({ ...sleep.options, parkers: 2 });
    const { yields } = sleep;
    const [ping, pong] = [runtime.parker().detach(), runtime.parker().detach()];
    const rounds = 1_000;
    const players = [
      { handle: pong, other: ping, rounds, yields, opens: false },
      { handle: ping, other: pong, rounds, yields, opens: true },
    ].map((args) => run(runtime, PARKS, "pingPong", args));
    for (const player of players) assert.equal(await outcome(player), 0);
  });
}
