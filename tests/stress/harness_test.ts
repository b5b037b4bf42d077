import assert from "node:assert/strict";
import { test } from "node:test";
import { PARKED_CONDVAR } from "../../src/core/core.generated.ts";
import { coreOf } from "../cores.ts";
import { untilParked } from "../threads.ts";
import { type Run, stressOn, VARIANTS } from "./harness.ts";
import { Random } from "./random.ts";

const BODIES = new URL("./harness_bodies.ts", import.meta.url);

async function failureOf(
  body: (run: Run) => Promise<void>,
  stallMs = 300,
): Promise<string> {
  const settings = { stallMs, print: () => {} };
  const failed = stressOn("a test", VARIANTS[0]!, BODIES, body, settings);
  const error = await failed.then(() => undefined, (error) => error);
  assert.ok(error instanceof Error, "It did not fail");
  return error.message;
}

/** In which threads have started, however busy the machine. */
const STARTED_MS = 3000;

test("a lost wake-up fails with the seed and a dump", async () => {
  const message = await failureOf(async (run) => {
    const parkers = run.parkers(2);
    parkers.forEach((parker) => run.spawn("forget", { parker }));
    for (const parker of parkers) await untilParked(run.runtime, parker);
    await run.join();
  });
  assert.match(message, /LAYBY_SEED=-?\d+\nStuck/);
  assert.match(message, /driver lock [12]\nbell ASLEEP\n0 timers armed/);
  assert.match(message, /parker at \d+: generation 1, PARKED_DRIVER, 0 rings/);
  assert.match(message, /parker at \d+: generation 1, PARKED_CONDVAR, 0 rings/);
  assert.match(message, /"parks":1,"unparks":0/);
});

test("a thread that throws fails the run, though others hang", async () => {
  const message = await failureOf(async (run) => {
    run.spawn("forget", { parker: run.parkers(1)[0]! });
    run.spawn("fail", {});
    await run.join();
  }, STARTED_MS);
  assert.match(message, /A thread failed/);
});

test("a condition that never holds fails the run", async () => {
  const message = await failureOf((run) => run.until(() => false));
  assert.match(message, /Stuck/);
});

test("a parker left asleep fails the run", async () => {
  const message = await failureOf((run) => {
    const { exports } = coreOf(run.runtime);
    const { address, claim } = run.parkers(1)[0]!;
    // A commit that nobody ends.
    exports.driverTake(address);
    exports.parkerCommit(address, claim);
    return Promise.resolve();
  });
  assert.match(message, /parker at 6144\n/);
  assert.match(message, /PARKED_CONDVAR/);
});

test("a summons that nobody heard fails the run", async () => {
  const message = await failureOf((run) => {
    const { words } = coreOf(run.runtime);
    const { address } = run.parkers(1)[0]!;
    const SUMMONED = 4;
    Atomics.or(words, address >> 2, SUMMONED);
    return Promise.resolve();
  });
  assert.match(message, /is summoned, or/);
});

test("a driver that nobody left fails the run", async () => {
  const message = await failureOf((run) => {
    coreOf(run.runtime).exports.driverTake(run.parkers(1)[0]!.address);
    return Promise.resolve();
  });
  assert.match(message, /The driver has an owner/);
});

test("a sleep that no counter explains fails the run", async () => {
  const message = await failureOf((run) => {
    const { words } = coreOf(run.runtime);
    const { address } = run.parkers(1)[0]!;
    const COUNTERS_OFFSET = 128;
    new BigInt64Array(words.buffer)[(address + COUNTERS_OFFSET) / 8] = 1n;
    return Promise.resolve();
  });
  assert.match(message, /"parks":1,"unparks":0/);
});

test("a state word that never was is no pass", async () => {
  const message = await failureOf((run) => {
    const { words } = coreOf(run.runtime);
    const { address } = run.parkers(1)[0]!;
    Atomics.or(words, address >> 2, PARKED_CONDVAR);
    return Promise.resolve();
  });
  assert.match(message, /and the parker is PARKED_CONDVAR/);
});

test("a seed makes the same choices again", () => {
  const choices = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 1000 }, () => random.index(1000));
  };
  assert.deepEqual(choices(7), choices(7));
  assert.notDeepEqual(choices(7), choices(8));
  // What others print for Mulberry32 and seed 0: 0.26642920868471265 x 2^32.
  assert.equal(new Random(0).next(), 1144304738);
  const mean = choices(7).reduce((sum, choice) => sum + choice) / 1000;
  assert.ok(Math.abs(mean - 499.5) < 50, `${mean}`);
});
