// Threads that park in one runtime after another, each of which is shut down
// while they do.

import assert from "node:assert/strict";
import {
  type Parker,
  type ParkerHandle,
  Runtime,
  type RuntimeHandle,
  ShutdownError,
  type Timer,
} from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { type End, Sleeper, type Ways } from "./parks.ts";
import { Random } from "./random.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What the threads tell the main thread, for each runtime. */
export const BOOK = {
  /** Counts what threads have done: enough, and the runtime is shut down. */
  steps: 0,
  /** Threads that have found the runtime shut down, and have checked it. */
  ended: 1,
  words: 2,
} as const;

interface Victim extends Orders {
  readonly runtimes: readonly RuntimeHandle[];
  /** For each runtime the parkers to adopt, and to unpark. */
  readonly parkers: readonly (readonly ParkerHandle[])[];
  readonly place: number;
  readonly ways: Ways;
  readonly book: Words;
  /** After so many steps this thread shuts the runtime down; or not at all. */
  readonly fatal: number;
}

/** Milliseconds until a timer is due, at most. */
const SOON = 0.5;

async function suffer(_: Runtime, args: Victim): Promise<void> {
  const random = new Random(args.seed);
  for (let round = 0; round < args.runtimes.length; round++) {
    const runtime = Runtime.attach(args.runtimes[round]!);
    await sufferOnce(runtime, args, round, random);
    Atomics.add(args.book, round * BOOK.words + BOOK.ended, 1);
  }
}

/** Parks and unparks others, until a park says that it is over. */
async function sufferOnce(
  runtime: Runtime,
  { parkers, place, ways, book, fatal, progress, thread }: Victim,
  round: number,
  random: Random,
): Promise<void> {
  const all = parkers[round]!;
  const sleeper = new Sleeper(runtime, runtime.adopt(all[place]!), random);
  const unparkers = all.map((handle) => runtime.unparker(handle));
  const timer = runtime.isShutdown ? undefined : claimTimer(runtime, sleeper);
  for (;;) {
    if (random.oneIn(4)) arm(runtime, timer, random);
    if (!random.oneIn(3)) random.pick(unparkers).unpark();
    const steps = Atomics.add(book, round * BOOK.words + BOOK.steps, 1);
    if (steps >= fatal) runtime.shutdown();
    Atomics.add(progress, thread, 1);
    const wasOver = runtime.isShutdown;
    const sleep = sleeper.sleep(ways);
    const end = typeof sleep === "string" ? sleep : await sleep;
    if (end === "shutdown") break;
    // A park that was aborted before it began says so, and nothing else.
    if (end !== "aborted") assert.ok(!wasOver, `${end} after shutdown`);
  }
  assert.ok(runtime.isShutdown, "A park ended with a shutdown that was none");
  await assertOver(runtime, sleeper.parker, timer);
}

function claimTimer(runtime: Runtime, sleeper: Sleeper): Timer | undefined {
  return unlessOver(() => runtime.timer(sleeper.parker.handle));
}

function arm(runtime: Runtime, timer: Timer | undefined, random: Random): void {
  unlessOver(() => timer?.schedule(runtime.now() + random.below(SOON)));
}

/** What an operation returns, unless the runtime is shut down meanwhile. */
function unlessOver<T>(operation: () => T): T | undefined {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ShutdownError) return undefined;
    throw error;
  }
}

/** Asserts that every park there is returns at once, and why. */
async function assertOver(
  runtime: Runtime,
  parker: Parker,
  timer: Timer | undefined,
): Promise<void> {
  const { signal } = new AbortController();
  const ends: (() => End | Promise<End>)[] = [
    () => parker.park(),
    () => parker.parkTimeout(1000),
    () => parker.parkTimeout(0),
    () => parker.parkDeadline(runtime.now() + 1000),
    () => parker.parkAsync(),
    () => parker.parkAsync({ timeout: 1000, signal }),
    () => parker.parkAsync({ timeout: 0 }),
  ];
  for (const end of ends) assert.equal(await end(), "shutdown", `${end}`);
  if (timer) {
    const soon = runtime.now() + 1;
    assert.throws(() => timer.schedule(soon), ShutdownError);
  }
  assert.throws(() => runtime.parker(), ShutdownError);
}

export default bodies({ suffer });
