// Threads that sleep until their timers fire, and threads that meddle with
// everybody's timers.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime, TimerHandle } from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { type End, Sleeper, type Ways } from "./parks.ts";
import { Random } from "./random.ts";
import { torment } from "./torment.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What is counted of each timer that many threads use. */
export const LEDGER = {
  /** Times it was armed. */
  armed: 0,
  /** Times it was cancelled while armed. */
  cancelled: 1,
  /** Times it was armed when it seemed to be armed: it may have fired. */
  replaced: 2,
  entries: 3,
} as const;

interface Alarmed extends Orders {
  readonly parker: ParkerHandle;
  readonly ways: Ways;
  readonly rounds: number;
}

interface Meddler extends Orders {
  readonly parker: ParkerHandle;
  readonly ways: Ways;
  readonly steps: number;
  readonly timers: readonly TimerHandle[];
  /** For each timer 1 while a thread uses it. */
  readonly busy: Words;
  /** For each timer what is in `LEDGER`. */
  readonly ledger: Words;
  readonly deadlines: Float64Array<SharedArrayBuffer>;
  /** Counts the threads that are done with the timers. */
  readonly finished: Words;
}

interface Leaver extends Orders {
  readonly parkers: readonly ParkerHandle[];
  /** Which of the parkers is its own. */
  readonly place: number;
  readonly ways: Ways;
  readonly rounds: number;
  /** Counts the threads that are through with a round. */
  readonly through: Words;
}

interface Server extends Orders {
  readonly parker: ParkerHandle;
  /** Its first word is not 0 when it is to end. */
  readonly end: Words;
}

/** Milliseconds until a timer is due. */
const SOON = 1;
const FAR = 60_000;
/** How long a thread waits before it falls asleep: some microseconds. */
const SPINS = 200;
/** Milliseconds by which the clocks of two threads may differ. */
const SKEW = 0.05;

function assertNotEarly(runtime: Runtime, deadline: number): void {
  const early = deadline - runtime.now();
  assert.ok(early <= SKEW, `A timer fired ${early} ms early`);
}

/** Sleeps until its own timer fires, again and again. */
async function alarmed(runtime: Runtime, args: Alarmed): Promise<void> {
  const { ways, rounds, parker, progress, thread } = args;
  const random = new Random(args.seed);
  const sleeper = new Sleeper(runtime, runtime.adopt(parker), random);
  const timer = runtime.timer(parker);
  for (let round = 0; round < rounds; round++) {
    const deadline = runtime.now() + random.below(SOON);
    if (random.oneIn(3)) timer.schedule(runtime.now() + FAR);
    timer.schedule(deadline);
    if (random.oneIn(4) && timer.cancel()) {
      assert.equal(timer.state, "idle");
      continue;
    }
    const sleep = sleeper.untilUnparked(ways);
    assert.equal(typeof sleep === "string" ? sleep : await sleep, "unparked");
    assert.equal(timer.state, "fired", "A token came from nowhere");
    assertNotEarly(runtime, deadline);
    Atomics.add(progress, thread, 1);
  }
  timer.release();
  assert.notEqual(sleeper.parker.parkTimeout(0.1), "unparked", "One too many");
  sleeper.parker.release();
}

/** Arms, arms anew and cancels timers that other threads use too. */
async function meddle(runtime: Runtime, args: Meddler): Promise<void> {
  const { ways, steps, busy, ledger, deadlines, progress, thread } = args;
  const random = new Random(args.seed);
  const sleeper = new Sleeper(runtime, runtime.adopt(args.parker), random);
  const timers = args.timers.map((handle) => runtime.attachTimer(handle));
  const alarm = runtime.timer(args.parker);
  const count = (index: number, entry: number) =>
    Atomics.add(ledger, index * LEDGER.entries + entry, 1);

  const cancel = (index: number) => {
    if (timers[index]!.cancel()) count(index, LEDGER.cancelled);
  };
  const arm = (index: number, deadline: number) => {
    const timer = timers[index]!;
    // Of every other timer it is known to the one how often it fires.
    if (index % 2 === 0) cancel(index);
    else if (timer.state === "armed") count(index, LEDGER.replaced);
    deadlines[index] = deadline;
    timer.schedule(deadline);
    count(index, LEDGER.armed);
  };
  const use = (index: number, then: () => void) => {
    if (Atomics.compareExchange(busy, index, 0, 1) !== 0) return;
    if (timers[index]!.state === "fired") {
      assertNotEarly(runtime, deadlines[index]!);
    }
    then();
    Atomics.store(busy, index, 0);
  };

  for (let step = 0; step < steps; step++) {
    const index = random.index(timers.length);
    const deadline = runtime.now() + random.below(random.pick([SOON, FAR]));
    use(index, () => random.oneIn(3) ? cancel(index) : arm(index, deadline));
    Atomics.add(progress, thread, 1);
    if (!random.oneIn(16)) continue;
    alarm.schedule(runtime.now() + random.below(SOON / 4));
    const sleep = sleeper.untilUnparked(ways);
    assert.equal(typeof sleep === "string" ? sleep : await sleep, "unparked");
    assert.equal(alarm.state, "fired");
  }
  alarm.release();
  // From here on all threads sleep, and one of them has to see to the timers.
  for (let index = 0; index < timers.length; index++) {
    const deadline = runtime.now() + SOON + random.below(SOON);
    use(index, () => arm(index, deadline));
  }
  Atomics.add(args.finished, 0, 1);
  assert.equal(await sleeper.untilUnparked(ways), "unparked");
  sleeper.parker.release();
}

/**
 * Sleeps until its timer fires or another excuses it, and does not park again
 * until all are through: whoever leaves the driver has to leave it to another.
 */
async function leave(runtime: Runtime, args: Leaver): Promise<void> {
  const { parkers, place, ways, rounds, through, progress, thread } = args;
  const random = new Random(args.seed);
  const own = parkers[place]!;
  const sleeper = new Sleeper(runtime, runtime.adopt(own), random);
  const timer = runtime.timer(own);
  const unparkers = parkers.map((parker) => runtime.unparker(parker));
  for (let round = 1; round <= rounds; round++) {
    timer.schedule(runtime.now() + random.below(SOON));
    // Excuses another, which may have the driver, while this one falls asleep.
    if (random.oneIn(2)) random.pick(unparkers).unpark();
    for (let spin = random.index(SPINS); spin > 0; spin--) timer.state;
    const sleep = sleeper.untilUnparked(ways);
    assert.equal(typeof sleep === "string" ? sleep : await sleep, "unparked");
    timer.cancel();
    // Excuses another, which it may have called to the driver.
    if (random.oneIn(4)) random.pick(unparkers).unpark();
    Atomics.add(progress, thread, 1);
    const count = Atomics.add(through, 0, 1) + 1;
    if (count === round * parkers.length) Atomics.notify(through, 0);
    else waitUntil(runtime, through, round * parkers.length);
  }
  timer.release();
  sleeper.parker.release();
}

/** Blocks until the word has counted so far. */
function waitUntil(runtime: Runtime, words: Words, count: number): void {
  for (;;) {
    const seen = Atomics.load(words, 0);
    if (seen >= count) return;
    // Not for ever: another thread may have failed.
    assert.ok(!runtime.isShutdown);
    Atomics.wait(words, 0, seen, 1000);
  }
}

/** Serves the driver from its event loop, where no blocking park does. */
async function serve(runtime: Runtime, args: Server): Promise<void> {
  const parker = runtime.adopt(args.parker);
  while (Atomics.load(args.end, 0) === 0) {
    const end: End = await parker.parkAsync();
    assert.notEqual(end, "shutdown");
  }
  parker.release();
}

export default bodies({ alarmed, meddle, leave, serve, torment });
