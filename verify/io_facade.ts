// How threads wait for descriptors: src/io/ as bodies of threads, call by call.

import { CONFLICT, STALE } from "../src/core/core.generated.ts";
import { maskOf } from "../src/io/ready.ts";
import type { Steps } from "../loom/src/scenario.ts";
import { park } from "./facade.ts";
import { type Loop, loopOf, parkAsync, sleepOnAsync } from "./loop_facade.ts";
import type { Local, Place } from "./world.ts";

/** To read. */
export const READ = 0;
/** To write. */
export const WRITE = 1;

/** Bits of what a registration is ready for. */
const BITS = 0xffff;

/** What a wait waits for. */
export interface Waited {
  readonly place: Place;
  readonly way: number;
}

/** What a wait comes to: what it is ready for, with its turn, or why not. */
export type Outcome =
  | number
  | "released"
  | "in use"
  | "timed-out"
  | "shutdown";

/** Whether a wait has found that it is ready. */
export function isReady(outcome: unknown): boolean {
  return typeof outcome === "number" && (outcome & BITS) !== 0;
}

// ==== src/io/waits.ts ====

/** `look()`: 0 if it is not ready. */
function* look(me: Local, { place, way }: Waited): Steps<number | "released"> {
  const { address, claim } = place;
  const word = yield* me.t.call("registrationReady", address, claim);
  if (word === -1) return "released";
  return (word & maskOf(way)) !== 0 ? word : 0;
}

/** `#arm()`: 0 if nobody else waits, and it was not deregistered. */
function* begin(
  { t }: Local,
  parker: Place,
  { place, way }: Waited,
): Steps<0 | "released" | "in use"> {
  const { address, claim } = parker;
  const code = yield* t.call(
    "registrationWait",
    place.address,
    place.claim,
    way,
    address,
    claim,
  );
  if (code === STALE) return "released";
  return code === CONFLICT ? "in use" : 0;
}

/** `disarm()`. */
function* disarm(
  { t }: Local,
  { address, claim }: Place,
  { place, way }: Waited,
): Steps<void> {
  yield* t.call(
    "registrationLeave",
    place.address,
    place.claim,
    way,
    address,
    claim,
  );
}

/** `arm()`: what ends the wait already; 0 if nothing does. */
function* arm(me: Local, parker: Place, waited: Waited): Steps<Outcome> {
  const found = yield* look(me, waited);
  if (found !== 0) return found;
  const refused = yield* begin(me, parker, waited);
  if (refused !== 0) return refused;
  return yield* look(me, waited);
}

/** Those who wait in the event loop of one thread, and what came of it. */
export class Waits {
  readonly outcomes: Outcome[] = [];
  readonly #me: Local;
  readonly #parker: Place;
  readonly #queues: Set<Waited> = new Set();

  constructor(me: Local, parker: Place) {
    this.#me = me;
    this.#parker = parker;
  }

  /** A wait that the core knew of when the scenario began. */
  adopt(waited: Waited): void {
    this.#queues.add(waited);
  }

  get isPending(): boolean {
    return this.#queues.size > 0;
  }

  /** `wait()`. */
  *wait(waited: Waited): Steps<void> {
    const found = yield* look(this.#me, waited);
    if (found !== 0) return void this.outcomes.push(found);
    const refused = yield* begin(this.#me, this.#parker, waited);
    if (refused !== 0) return void this.outcomes.push(refused);
    this.#queues.add(waited);
    yield* this.#settle(waited);
  }

  *#settle(waited: Waited): Steps<void> {
    const outcome = yield* look(this.#me, waited);
    if (outcome === 0) return;
    this.#queues.delete(waited);
    yield* disarm(this.#me, this.#parker, waited);
    this.outcomes.push(outcome);
  }

  /** `settle()`. */
  *settle(): Steps<void> {
    if (!this.isPending) return;
    const { t, world } = this.#me;
    const hint = yield* t.call("parkerHint", this.#parker.address);
    if (hint === 0) return;
    if (hint < 0) return yield* this.#settleAll();
    const { first, bytes } = world.regions.registrations;
    const address = first + (hint - 1) * bytes;
    for (const waited of [...this.#queues]) {
      if (waited.place.address === address) yield* this.#settle(waited);
    }
  }

  *#settleAll(): Steps<void> {
    for (const waited of [...this.#queues]) yield* this.#settle(waited);
  }
}

// ==== src/io/watch.ts ====

/** Blocks until it is ready, or until then. */
export function* block(
  me: Local,
  parker: Place,
  waited: Waited,
  deadline = Infinity,
): Steps<Outcome> {
  const outcome = yield* blockArmed(me, parker, waited, deadline);
  yield* disarm(me, parker, waited);
  return outcome;
}

function* blockArmed(
  me: Local,
  parker: Place,
  waited: Waited,
  deadline: number,
): Steps<Outcome> {
  for (;;) {
    const found = yield* arm(me, parker, waited);
    if (found !== 0) return found;
    if (yield* me.t.call("shutdownBegun")) return "shutdown";
    if (me.clock.left(deadline) === 0) return "timed-out";
    if ((yield* park(me, parker, deadline)) === "shutdown") return "shutdown";
  }
}

// ==== src/io/thread_watch.ts ====

/** Waits in the event loop until all are ready. Returns what came of them. */
export function* waitInLoop(
  me: Local,
  loop: Loop,
  parker: Place,
  ...all: readonly Waited[]
): Steps<readonly Outcome[]> {
  const waits = new Waits(me, parker);
  for (const waited of all) yield* waits.wait(waited);
  return yield* settleAll(me, loop, parker, waits);
}

/** The same, of a thread that slept in its event loop when it all began. */
export function* sleepInLoop(
  me: Local,
  parker: Place,
  ...all: readonly Waited[]
): Steps<readonly Outcome[]> {
  const waits = new Waits(me, parker);
  for (const waited of all) waits.adopt(waited);
  const loop = loopOf(parker);
  yield* sleepOnAsync(me, loop, parker);
  yield* waits.settle();
  return yield* settleAll(me, loop, parker, waits);
}

function* settleAll(
  me: Local,
  loop: Loop,
  parker: Place,
  waits: Waits,
): Steps<readonly Outcome[]> {
  while (waits.isPending) {
    const result = yield* parkAsync(me, loop, parker);
    if (result === "shutdown") return [...waits.outcomes, "shutdown"];
    yield* waits.settle();
  }
  return waits.outcomes;
}

// ==== src/io/registration.ts ====

/** What was seen is used up, unless there was an event since. */
export function* clear(
  me: Local,
  { address, claim }: Place,
  used: number,
): Steps<void> {
  yield* me.t.call("registrationClear", address, claim, used);
}
