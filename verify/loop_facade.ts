// The glue of the facade's event loop as bodies of threads: see facade.ts.

import { DRIVER, UNPARKED } from "../src/core/core.generated.ts";
import type { ParkResult } from "../src/park/result.ts";
import type { Steps } from "../loom/src/scenario.ts";
import {
  fireTimers,
  handOff,
  keepToken,
  toResult,
  WAIT_TIMED_OUT,
  wakeSummoned,
} from "./facade.ts";
import type { Local, Place } from "./world.ts";

/** Where the doorbell is in a parker's record. */
const DOORBELL = 4;

// ==== src/park/async_park.ts, and parkAsync() of parker.ts ====

/** The event-loop driver of one parker: see src/drivers/event_loop.ts. */
export interface Loop {
  readonly doorbell: number;
  heard: number;
}

/** Opens the driver on a parker's doorbell. */
export function* openLoop(me: Local, { address }: Place): Steps<Loop> {
  const doorbell = yield* me.t.call("parkerDoorbell", address);
  return { doorbell, heard: yield* me.t.load(doorbell) };
}

/** The driver of a loop that was parked when the scenario began. */
export function loopOf({ address }: Place): Loop {
  return { doorbell: address + DOORBELL, heard: 0 };
}

/** Sleeps until the doorbell rings, or until then. */
function* sleepInLoop(me: Local, loop: Loop, due: number): Steps<void> {
  const { t, clock } = me;
  const left = clock.left(due);
  const rings = yield* t.load(loop.doorbell);
  if (rings === loop.heard && left > 0) {
    const ended = yield* t.wait(loop.doorbell, rings, left !== Infinity);
    if (ended === WAIT_TIMED_OUT) clock.timedOut(due);
  }
  loop.heard = yield* t.load(loop.doorbell);
}

/** The event-loop driver's `unpark()`. */
export function* ringLoop(me: Local, doorbell: number): Steps<void> {
  yield* me.t.add(doorbell, 1);
  yield* me.t.notify(doorbell);
}

/** How long an asynchronous park waits, and what aborts it. */
export interface ParkAsyncPlan {
  readonly deadline?: number;
  /** A word that is 1 when the park is aborted. */
  readonly signal?: number;
}

/** Parks the event loop. */
export function* parkAsync(
  me: Local,
  loop: Loop,
  place: Place,
  plan: ParkAsyncPlan = {},
): Steps<ParkResult | "aborted"> {
  const { t } = me;
  const { address, claim } = place;
  const taken = yield* t.call("parkerTake", address, claim);
  if (taken === UNPARKED) return "unparked";
  const code = yield* t.call("parkerCommitLoop", address, claim);
  if (code !== DRIVER) return toResult(me, code)!;
  return yield* sleepOnAsync(me, loop, place, plan);
}

/** A park of an event loop that has committed to it. */
export function* sleepOnAsync(
  me: Local,
  loop: Loop,
  place: Place,
  plan: ParkAsyncPlan = {},
): Steps<ParkResult | "aborted"> {
  const { t, clock } = me;
  const { address, claim } = place;
  const { deadline = Infinity } = plan;
  const served = yield* sleepAsync(me, loop, address, plan);
  const timedOut = Number(clock.isPast(deadline));
  const end = yield* t.call(
    "parkerLeaveLoop",
    address,
    claim,
    served,
    timedOut,
  );
  yield* handOff(me);
  const result = toResult(me, end);
  if (result === undefined || result === "timed-out") {
    if (plan.signal && (yield* t.load(plan.signal))) return "aborted";
  }
  return result ?? "shutdown";
}

/** A park of an event loop whose driver throws while it keeps the runtime's. */
export function* parkInBrokenLoop(
  me: Local,
  place: Place,
): Steps<ParkResult | "error"> {
  const { t, thread } = me;
  const { address, claim } = place;
  const code = yield* t.call("parkerCommitLoop", address, claim);
  if (code !== DRIVER) return toResult(me, code)!;
  const isKept = yield* t.call("driverKeep", address);
  if (isKept) yield* t.call("timersPrepare", thread);
  const end = yield* t.call("parkerLeaveLoop", address, claim, 0, 0);
  yield* handOff(me);
  yield* keepToken(me, place, end);
  return "error";
}

function* sleepAsync(
  me: Local,
  loop: Loop,
  address: number,
  { deadline = Infinity, signal }: ParkAsyncPlan,
): Steps {
  const { t, clock, thread } = me;
  for (;;) {
    if (yield* t.call("parkerIsNotified", address)) return 0;
    if (yield* t.call("shutdownBegun")) return 0;
    if (signal && (yield* t.load(signal))) return 0;
    if (clock.isPast(deadline)) return 0;
    const due = (yield* t.call("driverKeep", address))
      ? Math.min(yield* t.call("timersPrepare", thread), deadline)
      : deadline;
    yield* sleepInLoop(me, loop, due);
    const served = yield* turnOfKeeper(me, address);
    if (served > 0) return served;
  }
}

/** Fires timers, if this event loop still keeps the driver. */
function* turnOfKeeper(me: Local, address: number): Steps {
  const { t } = me;
  if (!(yield* t.call("driverHold", address))) return 0;
  yield* t.call("parkerAddTurn", address);
  const served = yield* fireTimers(me);
  yield* wakeSummoned(me, yield* t.call("driverYield"));
  return served;
}

/** Grants the event loop one turn, and polls the driver if it is free. */
export function* pollInLoop(me: Local, { address }: Place): Steps<ParkResult> {
  const { t } = me;
  if (yield* t.call("shutdownBegun")) return "shutdown";
  if (!(yield* t.call("driverKeep", address))) return "timed-out";
  const served = yield* turnOfKeeper(me, address);
  yield* wakeSummoned(me, yield* t.call("driverHandOff"));
  return served > 0 ? "driver" : "timed-out";
}
