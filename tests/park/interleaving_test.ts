// Interleavings of whole parks, in one thread: a host of the test's own calls
// back when a park sleeps, and there the other threads take their steps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParkerHandle, type ParkResult, Runtime } from "../../mod.ts";
import { compose, currentHost } from "../../src/compose.ts";
import {
  BLOCKING_DRIVER,
  type CoreExports,
  DRIVER,
  HOST_WAIT,
  SLEEP,
} from "../../src/core/core.generated.ts";
import { regionsOf } from "../../src/core/layout.ts";
import { fallbackHost } from "../../src/hosts/fallback.ts";
import type { Local } from "../../src/core/local.ts";
import {
  attachCore,
  compile,
  type Core,
  createCore,
} from "../../src/core/module.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import type { Futex, Host } from "../../src/host.ts";
import { pollInLoop } from "../../src/park/async_park.ts";
import { parkBlocking } from "../../src/park/blocking_park.ts";
import { doorbellOf, isSummoned } from "../cores.ts";

const CAPACITIES = { parkers: 4, locks: 0, timers: 4, registrations: 0 };
const START = 1000;
/** A sleep that goes on for so many wakes does not end. */
const ENDLESS = 100;

/** What happens while a thread sleeps: returns whether it timed out. */
type Nap = (address: number, timeout: number) => boolean;

/** A runtime whose threads sleep in a callback, on a clock that it sets. */
class Story {
  now: number = START;
  readonly core: Core;
  readonly woken: number[] = [];
  readonly #naps: Nap[];
  #count = 0;

  constructor(...naps: Nap[]) {
    this.#naps = naps;
    this.core = createCore(compile(), CAPACITIES);
    const { parkers, locks, timers } = CAPACITIES;
    const flags = BLOCKING_DRIVER | HOST_WAIT;
    const { exports } = this.core;
    exports.memoryCreate(1, flags, parkers, locks, timers, 0, START);
  }

  #futex(): Futex {
    return {
      wait: (address, _, timeout) => {
        assert.ok(this.#count < ENDLESS, "The sleep does not end");
        const nap = this.#naps[Math.min(this.#count++, this.#naps.length - 1)]!;
        return nap(address, timeout);
      },
      wake: (address) => void this.woken.push(address),
    };
  }

  /** A thread of the story. */
  thread(): { local: Local; handle: ParkerHandle } {
    const { exports, handle, words } = attachCore(this.core.handle);
    const futex = this.#futex();
    const thread = exports.threadNext();
    const address = exports.parkerClaim(thread);
    const claim = exports.parkerBase(address);
    const host: Host = {
      ...fallbackHost,
      parallelism: 1,
      mayBlock: true,
      keepAlive: { hold: () => {}, drop: () => {} },
      now: () => this.now,
      turn: () => Promise.resolve(),
      spawn: () => assert.fail("No threads here"),
      self: () => undefined,
      futex: () => futex,
    };
    const local: Local = {
      core: exports,
      words,
      handle,
      id: 1,
      thread,
      timerThread: thread,
      regions: regionsOf(CAPACITIES),
      host,
      io: undefined,
      driver: new TimeDriver(exports, futex),
      futex,
      mayBlock: true,
      staysInDriver: false,
      isShared: true,
      loopDriver: (parker) =>
        new EventLoopDriver(words, exports.parkerDoorbell(parker) >> 2),
    };
    return { local, handle: { kind: "parker", runtime: 1, address, claim } };
  }

  /** Arms a timer far away for this parker. */
  armFor({ address, claim }: ParkerHandle): void {
    const { exports } = this.core;
    const timer = exports.timerClaim(address, claim);
    const thread = exports.threadNext();
    exports.timerArm(timer, exports.timerBase(timer), START + 1000, thread);
  }

  /** Commits a parker to a sleep outside the driver, of which it is not woken. */
  sleepOn({ address, claim }: ParkerHandle): void {
    assert.equal(this.core.exports.parkerCommit(address, claim), SLEEP);
  }
}

test("a host wakes the sleeper to whom a park leaves the driver", () => {
  const story = new Story((_, timeout) => {
    story.sleepOn(b.handle);
    story.armFor(a.handle);
    story.now += timeout;
    return true;
  });
  const [a, b] = [story.thread(), story.thread()];
  const end = parkBlocking(a.local, a.handle, START + 5);
  assert.equal(end, "timed-out");
  assert.ok(isSummoned(story.core, b.handle));
  assert.deepEqual(story.woken, [b.handle.address]);
});

test("a host wakes the next sleeper when the one it woke has a token", () => {
  // B sleeps on its state word. A leaves the driver to it, and then unparks it.
  const story = new Story(() => {
    story.sleepOn(c.handle);
    story.armFor(a.handle);
    const { exports } = story.core;
    assert.equal(exports.driverLeave(), b.handle.address);
    exports.parkerUnpark(b.handle.address, b.handle.claim);
    return false;
  });
  const [a, b, c] = [story.thread(), story.thread(), story.thread()];
  story.core.exports.driverTake(a.handle.address);
  const end = parkBlocking(b.local, b.handle, Infinity);
  assert.equal(end, "unparked");
  assert.ok(isSummoned(story.core, c.handle));
  assert.deepEqual(story.woken, [c.handle.address]);
});

for (const isDriven of [true, false]) {
  const where = isDriven ? "in the driver" : "on its state word";
  test(`spurious wakes do not lengthen a park ${where} by futex`, () => {
    // As from a signal: the word is what it was, and time has passed.
    const story = new Story((_, timeout) => {
      story.now += Math.min(timeout, 10);
      return timeout <= 10;
    });
    const [a, b] = [story.thread(), story.thread()];
    if (!isDriven) story.core.exports.driverTake(b.handle.address);
    const end = parkBlocking(a.local, a.handle, START + 55);
    assert.equal(end, "timed-out");
    assert.equal(story.now, START + 55);
  });
}

// ==== event loops ====

/** Resolves after a turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Asserts that the event loop goes round until the park is over. */
async function assertTurns(park: Promise<ParkResult>): Promise<void> {
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  assert.equal(await park, "unparked");
  clearInterval(timer);
  assert.ok(turns > 0, "The event loop had no turn");
}

test("an event loop that keeps the driver sleeps on after a ring", async () => {
  using runtime = Runtime.create();
  using parker = runtime.parker();
  using timer = runtime.timer(parker.handle);
  const began = runtime.now();
  timer.schedule(began + 2000);
  const park = parker.parkAsync();
  await turn();
  // Earlier than what it sleeps to: it has to be told, and sleep again.
  timer.schedule(began + 300);
  await assertTurns(park);
  // A few, for waits that end early.
  const { turns } = parker.counters;
  assert.ok(turns < 20, `${turns} turns of the driver`);
});

test("an event loop that keeps the driver sleeps on in vain wakes", async () => {
  using runtime = Runtime.create();
  using parker = runtime.parker();
  using timer = runtime.timer(parker.handle);
  const core = attachCore(runtime.handle);
  const began = runtime.now();
  timer.schedule(began + 300);
  const park = parker.parkAsync();
  await turn();
  Atomics.notify(core.words, doorbellOf(core, parker.handle));
  await assertTurns(park);
  const { turns } = parker.counters;
  assert.ok(turns < 20, `${turns} turns of the driver`);
});

for (const driver of ["time", "event-loop"] as const) {
  const name = `a poll calls whom it kept from the driver, driver ${driver}`;
  test(name, async () => {
    using runtime = Runtime.create({ driver });
    const [polling, sleeping] = [runtime.parker(), runtime.parker()];
    using timer = runtime.timer(sleeping.handle);
    timer.schedule(runtime.now() + 60_000);
    const core = attachCore(runtime.handle);
    const { address, claim } = sleeping.handle;
    assert.equal(core.exports.parkerCommitLoop(address, claim), DRIVER);
    const rings = () =>
      Atomics.load(core.words, doorbellOf(core, sleeping.handle));
    const before = rings();
    // The other event loop asks for the driver while this one has its turn, and
    // falls asleep without it.
    const local = compose(core, currentHost(), true);
    let kept: number | undefined;
    const interposed: CoreExports = {
      ...core.exports,
      parkerAddTurn: () => void (kept = core.exports.driverKeep(address)),
    };
    await pollInLoop({ ...local, core: interposed }, polling.handle.address);
    assert.equal(kept, 0);
    assert.notEqual(rings(), before, "Nobody sees to the timer");
  });
}

test("a parker is not released while it polls its event loop", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const poll = parker.parkAsync({ timeout: 0 });
  assert.throws(() => parker.release(), { code: "in-use" });
  assert.equal(await poll, "timed-out");
  parker.release();
});
