// The glue of the facade as bodies of threads: what src/ does around the core,
// call by call. Each function names the file that it mirrors.
//
// Left out is what no other thread can see: checks of arguments, hooks, the
// time that a park took, and what only an object knows of itself.
//
// Here is what blocks; loop_facade.ts has the event loop, sync_facade.ts the locks.

import {
  AGAIN,
  CONFLICT,
  DRIVER,
  ENDED,
  HAND_OFF,
  PARKED_CONDVAR,
  RING,
  SLEEP,
  STALE,
  TIMED_OUT,
  TIMER_ENDED,
  UNPARKED,
  WAKE,
} from "../src/core/core.generated.ts";
import type { ParkResult } from "../src/park/result.ts";
import type { Steps } from "../loom/src/scenario.ts";
import {
  buryTeller,
  closeLast,
  ringSelector,
  shutSelector,
  sleepInSelector,
  wakeOwner,
} from "./selector.ts";
import { BELL, type Local, type Place } from "./world.ts";

/** What `Atomics.wait()` and the core's wait return when the time has passed. */
export const WAIT_TIMED_OUT = 2;
/** As many timers as the core collects at once. */
const BATCH = 32;
/** What the bell's word holds while its owner sleeps. */
const ASLEEP = 1;

// ==== src/core/local.ts ====

/** Does what an unpark asks for. */
export function* deliver(
  me: Local,
  code: number,
  address: number,
): Steps<void> {
  if (code === RING) yield* ringDriver(me);
  else if (code === WAKE) yield* me.t.notify(address);
}

/** Wakes a sleeper that the core summoned, if the host is to wake it. */
export function* wakeSummoned(me: Local, address: number): Steps<void> {
  if (address === 0) return;
  me.t.assert(me.isHostWait, "the core asks a host that does not wait");
  yield* me.t.notify(address);
}

/** Hands a driver without an owner to a sleeper, if the core leaves it to us. */
export function* handOff(me: Local): Steps<void> {
  if (me.isHostWait) yield* wakeSummoned(me, yield* me.t.call("driverHandOff"));
}

/** Wakes whoever sleeps, where waking is the host's. */
export function* wakeAll(me: Local): Steps<void> {
  const { t, world, isHostWait, hasSelector } = me;
  if (hasSelector) yield* wakeOwner(me);
  if (!isHostWait) return;
  yield* t.notify(BELL);
  const { first, bytes } = world.regions.parkers;
  for (let index = 0; index < (yield* t.call("parkersUsed")); index++) {
    yield* t.notify(first + index * bytes);
  }
}

/** Does the rest for a thread that has died. `isLast` is what the core returned. */
export function* bury(me: Local, isLast: number): Steps<void> {
  if (isLast) yield* closeLast(me);
  if (me.hasSelector) yield* buryTeller(me);
  if (yield* me.t.call("shutdownBegun")) {
    yield* me.t.call("timersClose", me.thread);
    yield* endParks(me);
  }
  yield* wakeAll(me);
  yield* handOff(me);
}

// ==== src/park/unparker.ts ====

/** Makes a token available. Returns whether there is still a parker. */
export function* unpark(me: Local, place: Place): Steps<boolean> {
  const { address, claim } = place;
  const code = yield* me.t.call("parkerUnpark", address, claim);
  yield* deliver(me, code, address);
  return code !== STALE;
}

// ==== src/park/result.ts ====

export function toResult(me: Local, code: number): ParkResult | undefined {
  me.t.assert(code !== STALE, "a park of a parker that was released");
  me.t.assert(code !== CONFLICT, "a park of a parker that is parked");
  switch (code) {
    case UNPARKED:
      return "unparked";
    case TIMED_OUT:
      return "timed-out";
    case DRIVER:
      return "driver";
    case ENDED:
      return "shutdown";
  }
  return undefined;
}

/** An error ended the park, which says nothing of a token: it stays there. */
export function* keepToken(me: Local, place: Place, end: number): Steps<void> {
  if (end === UNPARKED) yield* unpark(me, place);
}

// ==== src/drivers/time.ts ====

/** The driver's `park()`: until the bell rings, or until then. */
function* sleepInDriver(me: Local, due: number): Steps {
  if (me.hasSelector) return yield* sleepInSelector(me, due);
  yield* sleepOnBell(me, due);
  return 0;
}

function* sleepOnBell(me: Local, due: number): Steps<void> {
  const { t, clock } = me;
  const left = clock.left(due);
  if (!me.isHostWait) {
    yield* t.call("bellSleep", left);
    clock.slept(due);
    return;
  }
  if (left > 0 && (yield* t.call("bellCommit"))) {
    const ended = yield* t.wait(BELL, ASLEEP, left !== Infinity);
    if (ended === WAIT_TIMED_OUT) clock.timedOut(due);
  }
  yield* t.call("bellHear");
}

/** The driver's `unpark()`. */
function* ringDriver(me: Local): Steps<void> {
  if (!me.hasDriver) return;
  if (me.hasSelector) return yield* ringSelector(me);
  if ((yield* me.t.call("bellRing")) === WAKE) yield* me.t.notify(BELL);
}

// ==== src/park/turn.ts ====

/** Fires everybody's timers that are due. Returns how many. */
export function* fireTimers(me: Local): Steps {
  const { t, clock, thread } = me;
  if (!(yield* t.call("timersArmed"))) return 0;
  let total = 0;
  for (;;) {
    const fired = yield* t.call("timersCollect", clock.now, thread);
    for (let place = 0; place < fired; place++) {
      const code = yield* t.call("timersDeliver", place);
      yield* deliver(me, code, yield* t.call("timersTarget", place));
    }
    total += fired;
    if (fired < BATCH) return total;
  }
}

/** Sleeps in the driver until there is a reason to leave it. */
function* takeTurns(me: Local, parker: number, deadline: number): Steps {
  const { t, clock, thread } = me;
  for (;;) {
    const due = (yield* t.call("timersArmed"))
      ? Math.min(yield* t.call("timersPrepare", thread), deadline)
      : deadline;
    const events = yield* sleepInDriver(me, due);
    const served = events + (yield* fireTimers(me));
    yield* t.call("parkerAddTurn", parker);
    if (served > 0 || (yield* t.call("parkerIsNotified", parker))) {
      return served;
    }
    if (yield* t.call("shutdownBegun")) return served;
    if (deadline !== Infinity && clock.isPast(deadline)) return served;
  }
}

// ==== src/park/blocking_park.ts, and park() and parkDeadline() of parker.ts ====

/** Blocks the thread until the token is available, or until the deadline. */
export function* park(
  me: Local,
  place: Place,
  deadline = Infinity,
): Steps<ParkResult> {
  const { address, claim } = place;
  const taken = yield* me.t.call("parkerTake", address, claim);
  if (taken === UNPARKED) return "unparked";
  return yield* parkBlocking(me, place, deadline);
}

/** As `park()`, again and again until it has the token, or for ever. */
export function* parkUntilToken(me: Local, place: Place): Steps<ParkResult> {
  for (;;) {
    const result = yield* park(me, place);
    if (result !== "driver") return result;
  }
}

/**
 * The rest of a park, of a thread that was asleep on its own word when the
 * scenario began: until it has its token, or until the deadline.
 */
export function* sleepOn(
  me: Local,
  place: Place,
  deadline = Infinity,
): Steps<ParkResult> {
  const end = yield* sleepInHost(me, place, deadline);
  yield* handOff(me);
  const result = toResult(me, end);
  if (result === "unparked" || result === "shutdown") return result;
  if (me.clock.left(deadline) === 0) return "timed-out";
  const rest = yield* parkBlocking(me, place, deadline);
  return rest === "driver" && deadline === Infinity
    ? yield* parkUntilToken(me, place)
    : rest;
}

/** Parks, the token having been looked for. */
export function* parkBlocking(
  me: Local,
  place: Place,
  deadline: number,
): Steps<ParkResult> {
  for (;;) {
    const code = yield* parkOnce(me, place, deadline);
    const end = code === DRIVER
      ? yield* parkInDriver(me, place, deadline)
      : code;
    const result = toResult(me, end);
    if (result !== undefined && result !== "timed-out") return result;
    if (me.clock.left(deadline) === 0) return "timed-out";
  }
}

function* parkOnce(me: Local, place: Place, deadline: number): Steps {
  if (me.isHostWait) return yield* parkInHost(me, place, deadline);
  const { address, claim } = place;
  const left = me.clock.left(deadline);
  const code = yield* me.t.call("parkerPark", address, claim, left);
  if (code === TIMED_OUT) me.clock.timedOut(deadline);
  if (code === AGAIN) me.clock.woken(deadline);
  return code;
}

/** Drives for all, when nobody else does, until there is a token, or the end. */
export function* standBy(me: Local, place: Place): Steps<ParkResult> {
  const { t, isHostWait } = me;
  const { address, claim } = place;
  for (;;) {
    let code = isHostWait
      ? yield* t.call("parkerCommitStandBy", address, claim)
      : yield* t.call("parkerStandBy", address, claim);
    if (isHostWait) code = yield* sleepCommitted(me, place, Infinity, code);
    const end = code === DRIVER
      ? yield* parkInDriver(me, place, Infinity)
      : code;
    const result = toResult(me, end);
    if (result === "unparked" || result === "shutdown") return result;
  }
}

/** Polls the driver once, if it is free. Does not touch the token. */
export function* pollDriver(me: Local, place: Place): Steps<ParkResult> {
  const { t, hasDriver } = me;
  const { address } = place;
  if (yield* t.call("shutdownBegun")) return "shutdown";
  if (!hasDriver || !(yield* t.call("driverTake", address))) return "timed-out";
  const served = yield* takeTurns(me, address, -Infinity);
  yield* wakeSummoned(me, yield* t.call("driverLeave"));
  return served > 0 ? "driver" : "timed-out";
}

/** Sleeps in the driver, which this thread holds, and leaves it. */
function* parkInDriver(me: Local, place: Place, deadline: number): Steps {
  const served = yield* takeTurns(me, place.address, deadline);
  return yield* leaveDriver(me, place, deadline, served);
}

function* leaveDriver(
  me: Local,
  { address, claim }: Place,
  deadline: number,
  served: number,
): Steps {
  const timedOut = Number(me.clock.left(deadline) === 0);
  const end = yield* me.t.call("parkerLeave", address, claim, served, timedOut);
  yield* handOff(me);
  return end;
}

/** A park whose driver throws as soon as it is to sleep. */
export function* parkInBrokenDriver(
  me: Local,
  place: Place,
): Steps<ParkResult | "error"> {
  const code = yield* parkOnce(me, place, Infinity);
  if (code !== DRIVER) return toResult(me, code) ?? "error";
  const end = yield* leaveDriver(me, place, Infinity, 0);
  yield* keepToken(me, place, end);
  return "error";
}

/** The core's `park()`, with the host's futex in place of its wait. */
function* parkInHost(me: Local, place: Place, deadline: number): Steps {
  const { address, claim } = place;
  const code = yield* me.t.call("parkerCommit", address, claim);
  return yield* sleepCommitted(me, place, deadline, code);
}

/** Sleeps, if that is what the core says. */
function* sleepCommitted(
  me: Local,
  place: Place,
  deadline: number,
  code: number,
): Steps {
  if (code === DRIVER) return code;
  const end = code === SLEEP ? yield* sleepInHost(me, place, deadline) : code;
  yield* handOff(me);
  return end;
}

/** Sleeps on the state word, to which the parker is committed. */
function* sleepInHost(
  me: Local,
  { address, claim }: Place,
  deadline: number,
): Steps {
  const { t, clock } = me;
  const isTimed = clock.left(deadline) !== Infinity;
  const parked = claim | PARKED_CONDVAR;
  let timedOut = false;
  do {
    timedOut = (yield* t.wait(address, parked, isTimed)) === WAIT_TIMED_OUT;
  } while (!isTimed && !(yield* t.call("parkerIsWoken", address, claim)));
  if (timedOut) clock.timedOut(deadline);
  else clock.woken(deadline);
  return yield* t.call("parkerEndSleep", address, claim, Number(timedOut));
}

// ==== src/time/timer.ts ====

/** Arms a timer for a deadline. Returns whether the runtime lets it. */
export function* schedule(
  me: Local,
  { address, claim }: Place,
  deadline: number,
): Steps<"armed" | "released" | "shutdown"> {
  const { t, thread } = me;
  const code = yield* t.call("timerArm", address, claim, deadline, thread);
  if (code === STALE) return "released";
  if (code === TIMER_ENDED) return "shutdown";
  if (code === RING) yield* ringDriver(me);
  if (code === HAND_OFF) {
    yield* wakeSummoned(me, yield* t.call("driverHandOff"));
  }
  return "armed";
}

/** Disarms a timer. Returns whether it was armed, or -1 if it is stale. */
export function* cancel(me: Local, { address, claim }: Place): Steps {
  return yield* me.t.call("timerCancel", address, claim, me.thread);
}

/** Gives a timer back. Returns whether the claim was in force. */
export function* releaseTimer(me: Local, { address, claim }: Place): Steps {
  return yield* me.t.call("timerRelease", address, claim, me.thread);
}

// ==== shutdown() of src/runtime.ts ====

/** Shuts the runtime down for all threads. */
export function* shutdown(me: Local): Steps<void> {
  const { t, thread } = me;
  if (yield* t.call("shutdownBegin", thread)) yield* endParks(me);
}

function* endParks(me: Local): Steps<void> {
  const { t, world } = me;
  const { first, bytes } = world.regions.parkers;
  for (let index = 0; index < (yield* t.call("parkersUsed")); index++) {
    const address = first + index * bytes;
    const claim = yield* t.call("parkerBase", address);
    if (!(yield* t.call("parkerIsClaimed", address, claim))) continue;
    yield* unpark(me, { address, claim });
  }
  yield* me.hasSelector ? shutSelector(me) : ringDriver(me);
}
