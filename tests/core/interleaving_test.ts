// Interleavings, step by step: several instances of the core over one memory,
// each one thread of the story, and all of them in this thread. A step is a
// call of an export: what happens within one is for the model checker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime, ShutdownError } from "../../mod.ts";
import {
  AGAIN,
  ARMED,
  BLOCKING_DRIVER,
  CLOSED,
  CONFLICT,
  DONE,
  DRIVER,
  EMPTY,
  ENDED,
  FIRED,
  HAND_OFF,
  HOST_WAIT,
  IDLE,
  MUTEX,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
  RING,
  SLEEP,
  STALE,
  TIMED_OUT,
  TIMER_ENDED,
  UNPARKED,
  WAKE,
} from "../../src/core/core.generated.ts";
import {
  attachCore,
  compile,
  type Core,
  createCore,
} from "../../src/core/module.ts";
import { outcome, run, until } from "../threads.ts";
import { Actor } from "./actor.ts";

/** The mutex of the timer wheel, as assembly/layout.ts places it. */
const WHEEL_LOCK = 3072 >> 2;
/** Milliseconds on the shared clock when the story begins. */
const START = 1000;
/** How far the timer wheel sees, in milliseconds: six levels of 64 slots. */
const HORIZON = 2 ** 36;

const CAPACITIES = { parkers: 4, locks: 2, timers: 64, registrations: 0 };

function newMemory(flags: number): Core {
  const memory = createCore(compile(), CAPACITIES);
  const { parkers, locks, timers } = CAPACITIES;
  memory.exports.memoryCreate(1, flags, parkers, locks, timers, 0, START);
  return memory;
}

/** Three threads that block, and one with an event loop. */
function actors(flags: number = BLOCKING_DRIVER) {
  const memory = newMemory(flags);
  const a = new Actor(memory);
  const b = new Actor(memory);
  const c = new Actor(memory);
  const loop = new Actor(memory);
  return { a, b, c, loop };
}

// ==== the token ====

test("an unpark between take() and commit() keeps the driver free", () => {
  const { a, b } = actors();
  assert.equal(a.take(), AGAIN);
  assert.equal(b.unpark(a), DONE);
  assert.equal(a.commit(), UNPARKED);
  assert.equal(a.state, EMPTY);
  assert.ok(b.takeDriver());
});

test("an unpark between take() and commit() keeps the owner awake", () => {
  const { a, b } = actors();
  assert.ok(b.takeDriver());
  assert.equal(a.take(), AGAIN);
  assert.equal(b.unpark(a), DONE);
  assert.equal(a.commit(), UNPARKED);
  assert.equal(a.state, EMPTY);
});

test("an unpark between commit() and the wait is not slept through", () => {
  const { a, b } = actors();
  b.takeDriver();
  assert.equal(a.commit(), SLEEP);
  assert.equal(a.isWoken, false);
  assert.equal(b.unpark(a), DONE);
  // The word is no longer what the wait compares it with.
  assert.equal(a.isWoken, true);
  assert.equal(a.endSleep(), UNPARKED);
});

test("an unpark between the timeout and the end of the sleep is taken", () => {
  const { a, b } = actors();
  b.takeDriver();
  a.commit();
  b.unpark(a);
  assert.equal(a.endSleep(true), UNPARKED);
  assert.equal(a.take(), AGAIN);
});

test("a second unpark before the owner runs asks for no second wake", () => {
  const { a, b, c } = actors();
  assert.equal(a.commit(), DRIVER);
  assert.equal(b.unpark(a), RING);
  assert.equal(c.unpark(a), DONE);
  assert.equal(a.leave(), UNPARKED);
  assert.equal(a.take(), AGAIN);
});

test("an unpark between commitLoop() and listening changes the doorbell", () => {
  const { a, b } = actors();
  const heard = a.rings;
  assert.equal(a.commitLoop(), DRIVER);
  assert.equal(b.unpark(a), DONE);
  assert.notEqual(a.rings, heard);
  assert.equal(a.leaveLoop(), UNPARKED);
});

test("a second owner is told, and harms nothing", () => {
  const { a, b } = actors();
  b.takeDriver();
  assert.equal(a.commit(), SLEEP);
  assert.equal(a.commit(), CONFLICT);
  assert.equal(a.state, PARKED_CONDVAR);
  assert.equal(a.release(), CONFLICT);
  assert.equal(b.unpark(a), DONE);
  assert.equal(a.endSleep(), UNPARKED);
});

// ==== the claim ====

test("an unpark after the release changes nothing", () => {
  const { a, b } = actors();
  a.release();
  const word = Atomics.load(a.words, a.address >> 2);
  assert.equal(b.unpark(a), STALE);
  assert.equal(Atomics.load(a.words, a.address >> 2), word);
});

test("an unpark of a claim does not reach the next one of its record", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const a = new Actor(memory);
  const b = new Actor(memory);
  a.release();
  const c = new Actor(memory);
  assert.equal(c.address, a.address);
  b.takeDriver();
  assert.equal(c.commit(), SLEEP);
  assert.equal(b.unpark(a), STALE);
  assert.equal(c.state, PARKED_CONDVAR);
});

test("a token goes with its claim", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const a = new Actor(memory);
  new Actor(memory).unpark(a);
  assert.equal(a.release(), DONE);
  assert.equal(a.release(), STALE);
  const c = new Actor(memory);
  assert.equal(c.address, a.address);
  assert.equal(c.take(), AGAIN);
});

test("a record released by one thread is claimed by another, once", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const threads = [0, 1, 2].map(() => new Actor(memory));
  threads.forEach((actor) => actor.release());
  // Last in, first out; then the one that was never taken; then none.
  const claimed = [0, 1, 2, 3].map(() => new Actor(memory).address);
  const released = threads.map(({ address }) => address);
  assert.deepEqual(claimed.slice(0, 3), released.reverse());
  assert.equal(new Set(claimed).size, 4);
  assert.equal(memory.exports.parkerClaim(1), 0);
});

/** The last generation of a claim that fits, in a word with `bits` below it. */
function lastGeneration(bits: number): number {
  return (-1 << bits) | 0;
}

test("a parker's generation wraps around", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const before = new Actor(memory);
  before.release();
  Atomics.store(memory.words, before.address >> 2, lastGeneration(3) - 8);
  const a = new Actor(memory);
  const b = new Actor(memory);
  assert.equal(a.base, lastGeneration(3));
  assert.equal(b.unpark(before), STALE);
  assert.equal(b.unpark(a), DONE);
  assert.equal(a.take(), UNPARKED);
  assert.equal(a.commit(), DRIVER);
  assert.equal(b.unpark(a), RING);
  assert.equal(a.leave(), UNPARKED);
  assert.equal(a.release(), DONE);
  assert.equal(b.unpark(a), STALE);
  const c = new Actor(memory);
  assert.equal(c.address, a.address);
  assert.equal(c.base, before.base);
  assert.equal(b.unpark(a), STALE);
  assert.equal(c.take(), AGAIN);
});

test("a timer's generation wraps around", () => {
  const { a } = actors();
  const before = a.timer(a);
  before.release();
  Atomics.store(a.words, before.address >> 2, lastGeneration(2) - 4);
  const timer = a.timer(a);
  assert.equal(timer.address, before.address);
  assert.equal(timer.base, lastGeneration(2));
  assert.equal(before.arm(START + 1), STALE);
  assert.equal(timer.arm(START + 1), HAND_OFF);
  assert.equal(before.cancel(), -1);
  assert.equal(timer.cancel(), 1);
  assert.equal(timer.release(), 1);
  assert.equal(timer.arm(START + 1), STALE);
  assert.equal(a.timer(a).base, before.base);
});

test("a lock's generation wraps around", () => {
  const { core, words } = actors().a;
  const address = core.lockClaim(MUTEX);
  const before = core.lockBase(address);
  assert.equal(core.lockRelease(address, before), 1);
  const CLAIM = 2;
  Atomics.store(words, (address >> 2) + CLAIM, lastGeneration(2));
  assert.equal(core.lockClaim(MUTEX), address);
  const claim = core.lockBase(address);
  assert.equal(core.lockIsClaimed(address, claim), 1);
  assert.equal(core.lockIsClaimed(address, before), 0);
  assert.equal(core.lockRelease(address, claim), 1);
  assert.equal(core.lockIsClaimed(address, claim), 0);
});

// ==== the driver changes hands ====

test("who leaves the driver summons a sleeper to its timers", () => {
  const { a, b, c } = actors();
  const timer = c.timer(c);
  assert.equal(a.commit(), DRIVER);
  assert.equal(b.commit(), SLEEP);
  assert.equal(a.prepare(), Infinity);
  assert.equal(timer.arm(START + 5), RING);
  assert.equal(a.leave(), AGAIN);
  assert.equal(b.isSummoned, true);
  assert.equal(b.isWoken, true);
  assert.equal(b.endSleep(), AGAIN);
  assert.equal(b.commit(), DRIVER);
  assert.equal(b.prepare(), START + 5);
});

test("who only polls the driver summons a sleeper too", () => {
  const { a, b } = actors();
  assert.ok(a.takeDriver());
  assert.equal(b.commit(), SLEEP);
  a.timer(a).arm(START + 5);
  a.core.driverLeave();
  assert.equal(b.isSummoned, true);
});

test("a driver without timers is left to nobody", () => {
  const { a, b } = actors();
  a.commit();
  b.commit();
  a.leave();
  assert.equal(b.isSummoned, false);
  assert.equal(b.isWoken, false);
});

test("who takes a token when it is summoned hands the driver on", () => {
  const { a, b, c } = actors();
  a.commit();
  b.commit();
  c.commit();
  a.timer(a).arm(START + 5);
  a.leave();
  assert.deepEqual([b.isSummoned, c.isSummoned], [true, false]);
  assert.equal(a.unpark(b), DONE);
  assert.equal(b.endSleep(), UNPARKED);
  assert.equal(c.isSummoned, true);
});

test("who times out when it is summoned hands the driver on", () => {
  const { a, b, c } = actors();
  a.commit();
  b.commit();
  c.commit();
  a.timer(a).arm(START + 5);
  a.leave();
  assert.deepEqual([b.isSummoned, c.isSummoned], [true, false]);
  assert.equal(b.endSleep(true), TIMED_OUT);
  assert.equal(c.isSummoned, true);
});

test("of two hand-offs each summons another sleeper", () => {
  const { a, b, c } = actors();
  a.commit();
  b.commit();
  c.commit();
  a.timer(a).arm(START + 5);
  a.leave();
  a.core.driverHandOff();
  assert.deepEqual([b.isSummoned, c.isSummoned], [true, true]);
  // One of them comes too late, and sleeps on; it can be summoned again.
  b.endSleep();
  c.endSleep();
  assert.equal(b.commit(), DRIVER);
  assert.equal(c.commit(), SLEEP);
  assert.equal(c.isSummoned, false);
  b.leave();
  assert.equal(c.isSummoned, true);
});

test("a sleeper that was woken is not summoned", () => {
  const { a, b, c } = actors();
  a.commit();
  b.commit();
  c.commit();
  a.timer(a).arm(START + 5);
  assert.equal(a.unpark(b), DONE);
  a.leave();
  assert.deepEqual([b.isSummoned, c.isSummoned], [false, true]);
});

test("a summons outlives an unpark that comes after it, once", () => {
  const { a, b } = actors();
  a.commit();
  b.commit();
  a.timer(a).arm(START + 5);
  a.leave();
  a.unpark(b);
  assert.deepEqual([b.state, b.isSummoned], [NOTIFIED, true]);
  assert.equal(b.endSleep(), UNPARKED);
  assert.deepEqual([b.state, b.isSummoned], [EMPTY, false]);
  assert.equal(b.take(), AGAIN);
});

test("a timer armed when nobody has the driver summons a sleeper", () => {
  const { a, b } = actors();
  a.commit();
  b.commit();
  a.leave();
  assert.equal(a.timer(a).arm(START + 5), HAND_OFF);
  a.core.driverHandOff();
  assert.equal(b.isSummoned, true);
});

test("a timer armed when nobody parks waits for the next park", () => {
  const { a, b } = actors();
  assert.equal(a.timer(a).arm(START + 5), HAND_OFF);
  assert.equal(a.core.driverHandOff(), 0);
  assert.equal(b.commit(), DRIVER);
  assert.equal(b.prepare(), START + 5);
});

test("a ring before the owner sleeps keeps it awake", () => {
  const { a, b } = actors();
  a.commit();
  assert.equal(a.prepare(), Infinity);
  assert.equal(b.timer(b).arm(START + 5), RING);
  assert.equal(b.core.bellRing(), DONE);
  assert.equal(a.core.bellCommit(), 0);
  assert.equal(a.prepare(), START + 5);
  // Heard once, it does not keep the next sleep from beginning.
  assert.equal(a.core.bellCommit(), 1);
});

test("only a deadline before the next one rings", () => {
  const { a, b } = actors();
  const [first, second] = [b.timer(b), b.timer(b)];
  a.commit();
  first.arm(START + 5);
  a.prepare();
  assert.equal(second.arm(START + 6), DONE);
  assert.equal(second.arm(START + 5), DONE);
  assert.equal(second.arm(START + 4), RING);
});

test("a driver left between two batches is handed on", () => {
  const { a, b } = actors();
  a.commit();
  b.commit();
  for (let count = 0; count < 40; count++) a.timer(a).arm(START + 1);
  assert.equal(a.collect(START + 1), 32);
  a.leave(32);
  assert.equal(b.isSummoned, true);
  b.endSleep();
  b.commit();
  assert.ok(b.prepare() <= START + 1);
  assert.equal(b.collect(START + 1), 8);
  assert.equal(b.collect(START + 1), 0);
  assert.equal(b.core.timersArmed(), 0);
});

// ==== event loops and threads that block ====

test("a thread that blocks takes the driver from an event loop", () => {
  const { a, loop } = actors();
  assert.equal(loop.commitLoop(), DRIVER);
  assert.ok(loop.keepDriver());
  loop.timer(loop).arm(START + 5);
  assert.equal(a.commit(), DRIVER);
  // Its timer of the runtime's goes off, but the turn is not its own any more.
  assert.equal(loop.holdDriver(), false);
  assert.equal(loop.keepDriver(), false);
  const rings = loop.rings;
  a.leave();
  assert.notEqual(loop.rings, rings);
  assert.ok(loop.keepDriver());
  assert.equal(loop.prepare(), START + 5);
});

test("an event loop that leaves hands the driver to a thread", () => {
  const { a, b, loop } = actors();
  a.commit();
  b.commit();
  a.leave();
  loop.commitLoop();
  assert.ok(loop.keepDriver());
  const rings = loop.rings;
  assert.equal(a.timer(a).arm(START + 5), DONE);
  assert.notEqual(loop.rings, rings);
  assert.equal(b.isSummoned, false);
  assert.equal(loop.leaveLoop(), AGAIN);
  assert.equal(b.isSummoned, true);
});

test("an event loop that lost the driver does not give it up", () => {
  const { a, b, loop } = actors();
  loop.commitLoop();
  loop.keepDriver();
  a.commit();
  loop.leaveLoop();
  assert.equal(b.takeDriver(), false);
  a.leave();
  assert.equal(b.takeDriver(), true);
});

test("a timer armed while an event loop runs its turn is not forgotten", () => {
  const { a, b, loop } = actors();
  loop.commitLoop();
  assert.ok(loop.keepDriver());
  assert.ok(loop.holdDriver());
  assert.equal(b.commit(), SLEEP);
  assert.equal(loop.collect(START + 1), 0);
  // Between the collection and the end of the turn. The bell wakes nobody.
  assert.equal(a.timer(a).arm(START + 2), RING);
  loop.core.driverLeave();
  assert.equal(b.isSummoned, true);
});

test("a sleeping event loop is rung only if no thread sleeps", () => {
  const { a, b, loop } = actors();
  a.commit();
  loop.commitLoop();
  assert.equal(loop.keepDriver(), false);
  b.commit();
  a.timer(a).arm(START + 5);
  const rings = loop.rings;
  a.leave();
  assert.equal(b.isSummoned, true);
  assert.equal(loop.rings, rings);
  // B has no time: now it is the event loop's turn.
  assert.equal(b.endSleep(true), TIMED_OUT);
  assert.notEqual(loop.rings, rings);
});

test("without a driver that blocks, only event loops are called", () => {
  const { a, b, loop } = actors(0);
  assert.equal(b.commit(), SLEEP);
  loop.commitLoop();
  const rings = loop.rings;
  assert.equal(a.timer(a).arm(START + 5), HAND_OFF);
  a.core.driverHandOff();
  assert.equal(b.isSummoned, false);
  assert.notEqual(loop.rings, rings);
});

// ==== timers ====

test("a timer cancelled after its collection has fired", () => {
  const { a, b } = actors();
  const timer = b.timer(b);
  timer.arm(START + 1);
  a.commit();
  assert.equal(a.collect(START + 2), 1);
  assert.equal(timer.state, FIRED);
  assert.equal(timer.cancel(), 0);
  assert.equal(timer.state, FIRED);
  assert.equal(a.deliver(), DONE);
  assert.equal(b.take(), UNPARKED);
});

test("a timer armed anew between collection and delivery fires twice", () => {
  const { a, b } = actors();
  const timer = b.timer(b);
  timer.arm(START + 1);
  a.commit();
  a.collect(START + 2);
  assert.equal(timer.arm(START + 3), RING);
  assert.equal(timer.state, ARMED);
  a.deliver();
  assert.equal(b.take(), UNPARKED);
  assert.equal(a.collect(START + 3), 1);
  a.deliver();
  assert.equal(b.take(), UNPARKED);
});

test("a timer whose target was released wakes nobody", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const a = new Actor(memory);
  const b = new Actor(memory);
  b.timer(b).arm(START + 1);
  a.commit();
  assert.equal(a.collect(START + 2), 1);
  b.release();
  const c = new Actor(memory);
  assert.equal(c.address, b.address);
  assert.equal(a.deliver(), DONE);
  assert.equal(c.take(), AGAIN);
});

test("a timer released and claimed anew delivers to its old target", () => {
  const { a, b, c } = actors();
  const old = b.timer(b);
  old.arm(START + 1);
  a.commit();
  assert.equal(a.collect(START + 2), 1);
  assert.equal(old.release(), 1);
  const timer = c.timer(c);
  assert.equal(timer.address, old.address);
  assert.equal(timer.state, IDLE);
  a.deliver();
  assert.equal(b.take(), UNPARKED);
  assert.equal(c.take(), AGAIN);
  assert.equal(old.arm(START + 5), STALE);
  assert.equal(timer.state, IDLE);
});

test("a timer fires its own thread, asleep in the driver", () => {
  const { a } = actors();
  a.timer(a).arm(START + 1);
  a.commit();
  assert.equal(a.collect(START + 1), 1);
  assert.equal(a.deliver(), DONE);
  assert.equal(a.leave(1), UNPARKED);
});

test("a timer in front of one beyond the horizon fires in time", () => {
  const { a } = actors();
  a.commit();
  a.collect(START + 10);
  // It waits in the last slot before the wheel has gone round: where now is.
  a.timer(a).arm(START + 2 * HORIZON);
  const near = a.timer(a);
  near.arm(START + HORIZON / 16);
  assert.ok(a.prepare() <= START + HORIZON / 16, "The owner oversleeps");
  a.collect(START + HORIZON / 8);
  assert.equal(near.state, FIRED);
});

test("a timer armed for the past fires at the next turn", () => {
  const { a, b } = actors();
  const timer = b.timer(b);
  a.commit();
  a.timer(a).arm(START + 5);
  assert.equal(a.prepare(), START + 5);
  assert.equal(a.collect(START + 3), 0);
  // What the wheel has passed, and what was before it began.
  for (const past of [START + 2, START - 1000]) {
    assert.equal(timer.arm(past), RING);
    assert.ok(a.prepare() <= START + 3);
    assert.equal(a.collect(START + 3), 1);
    assert.equal(a.deliver(), DONE);
    assert.equal(b.take(), UNPARKED);
    assert.equal(timer.state, FIRED);
    assert.equal(a.prepare(), START + 5);
  }
});

// ==== shutdown ====

test("a shutdown between take() and commit() ends the park", () => {
  const { a, b } = actors();
  assert.equal(a.take(), AGAIN);
  assert.equal(b.core.shutdownBegin(b.thread), 1);
  assert.equal(a.commit(), ENDED);
  b.unpark(a);
  assert.equal(a.take(), ENDED);
  assert.equal(a.commit(), ENDED);
});

test("a token from before a shutdown ends the park as the shutdown does", () => {
  const { a, b } = actors();
  assert.equal(a.commit(), DRIVER);
  assert.equal(b.unpark(a), RING);
  b.core.shutdownBegin(b.thread);
  assert.equal(a.leave(), ENDED);
});

test("a parker claimed behind a shutdown's back does not sleep", () => {
  const memory = newMemory(BLOCKING_DRIVER);
  const a = new Actor(memory);
  a.core.shutdownBegin(a.thread);
  assert.equal(a.core.parkersUsed(), 1);
  assert.equal(new Actor(memory).commit(), ENDED);
  assert.equal(new Actor(memory).commitLoop(), ENDED);
});

test("a shutdown leaves no driver to hand on", () => {
  const { a, b, c } = actors();
  a.commit();
  b.commit();
  c.commit();
  const timer = a.timer(a);
  timer.arm(START + 5);
  a.leave();
  assert.equal(b.isSummoned, true);
  a.core.shutdownBegin(a.thread);
  assert.equal(timer.state, CLOSED);
  for (const each of [a, b, c]) a.unpark(each);
  assert.equal(b.endSleep(), ENDED);
  assert.equal(c.isSummoned, false);
  assert.equal(c.endSleep(), ENDED);
});

test("a shutdown closes what is armed, and leaves what has fired", () => {
  const { a } = actors();
  const [fired, armed, idle] = [a.timer(a), a.timer(a), a.timer(a)];
  fired.arm(START + 1);
  armed.arm(START + 9);
  a.commit();
  assert.equal(a.collect(START + 2), 1);
  assert.equal(a.core.shutdownBegin(a.thread), 1);
  assert.equal(a.core.shutdownBegin(a.thread), 0);
  const states = [fired, armed, idle].map(({ state }) => state);
  assert.deepEqual(states, [FIRED, CLOSED, IDLE]);
  assert.equal(idle.arm(START + 9), TIMER_ENDED);
  assert.equal(armed.cancel(), 0);
  assert.equal(a.prepare(), Infinity);
  assert.equal(a.deliver(), DONE);
});

test("a timer is not armed between a shutdown's flag and its end", async () => {
  const runtime = Runtime.create();
  const timer = runtime.timer(runtime.parker().handle);
  const { words } = attachCore(runtime.handle);
  // Another thread has the wheel's lock, and the shutdown has to wait for it.
  const CONTENDED = 1;
  Atomics.store(words, WHEEL_LOCK, 99 << 1);
  const bodies = new URL("./interleaving_bodies.ts", import.meta.url);
  const thread = run(runtime, bodies, "shutdown");
  await until(() => (Atomics.load(words, WHEEL_LOCK) & CONTENDED) !== 0);
  assert.ok(runtime.isShutdown);
  // It unlocks, and before the shutdown wakes, a third one has the lock.
  Atomics.store(words, WHEEL_LOCK, 0);
  try {
    assert.throws(() => timer.schedule(runtime.now() + 1), ShutdownError);
  } finally {
    Atomics.notify(words, WHEEL_LOCK);
    await outcome(thread);
  }
  assert.notEqual(timer.state, "armed");
});

// ==== where the host sleeps and wakes ====

test("a hand-off is the host's to make, and makes it once", () => {
  const { a, b, c } = actors(BLOCKING_DRIVER | HOST_WAIT);
  a.commit();
  b.commit();
  c.timer(c).arm(START + 5);
  // Whom the core summons by itself, the host does not know of, and does not
  // wake.
  a.leave();
  assert.equal(b.isSummoned, false);
  assert.equal(a.core.driverHandOff(), b.address);
  assert.equal(b.isSummoned, true);
});

test("an unpark asks the host to wake", () => {
  const { a, b } = actors(BLOCKING_DRIVER | HOST_WAIT);
  a.commit();
  b.commit();
  assert.equal(a.unpark(b), WAKE);
  assert.equal(b.endSleep(), UNPARKED);
  assert.equal(a.core.bellCommit(), 1);
  assert.equal(b.core.bellRing(), WAKE);
  assert.equal(b.core.bellRing(), DONE);
  assert.equal(a.state, PARKED_DRIVER);
});
