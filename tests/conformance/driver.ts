// What every driver does: the contract of src/driver.ts, as tests that are run
// against each of them.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Runtime, Thread } from "../../mod.ts";
import type { Driver } from "../../src/driver.ts";
import { publish, run, sharedWords } from "../threads.ts";
import type { RescueArgs, RingArgs } from "./driver_bodies.ts";

/**
 * How another thread comes to the same driver: it calls what a module exports
 * by this name with its runtime and `args`, and gets the driver.
 */
export interface Remote {
  readonly module: string;
  readonly name: string;
  readonly args: unknown;
}

/** A driver under test. */
export interface Subject {
  readonly driver: Driver;
  /** The runtime that the driver belongs to. */
  readonly runtime: Runtime;
  readonly remote: Remote;
  /** Milliseconds after which a ring has been lost. */
  readonly patience: number;
}

/** Makes a driver that nobody has used. */
export type MakeDriver = () => Subject;

/** So much is enough, on the busiest of machines. */
export const PATIENCE = 5000;
/** Milliseconds that a timed wait may end early by: on Node, see facts.md. */
const SLACK = 1;

const BODIES = new URL("./driver_bodies.ts", import.meta.url);

/** Parks, and returns for how long. */
async function parkFor(driver: Driver, timeout: number): Promise<number> {
  // A driver's sleep keeps no process alive. Whoever parks does.
  const keepAlive = setInterval(() => {}, PATIENCE);
  const began = performance.now();
  const served = await driver.park(timeout);
  const slept = performance.now() - began;
  clearInterval(keepAlive);
  assert.ok(Number.isInteger(served) && served >= 0, `served ${served}`);
  return slept;
}

/** Sleeps so long that only a ring ends it early. */
async function assertWoken({ driver, patience }: Subject): Promise<void> {
  const slept = await parkFor(driver, 2 * patience);
  assert.ok(slept < patience, `No ring was heard for ${slept} ms`);
}

/** Sleeps for ever, again and again. If it has to be saved, that has failed. */
async function assertWokenForEver(
  subject: Subject,
  rounds: number,
  ring: (round: number) => void,
): Promise<void> {
  const { driver, runtime, remote, patience } = subject;
  const words = sharedWords(2);
  const args: RescueArgs = { remote, words, patience };
  const rescue = run(runtime, BODIES, "rescue", args);
  for (let round = 1; round <= rounds; round++) {
    ring(round);
    await parkFor(driver, Infinity);
    publish(words, 0, round);
  }
  publish(words, 0, -1);
  await rescue.exited;
  assert.equal(Atomics.load(words, 1), 0, "Rings that were not heard");
}

async function assertSleeps(driver: Driver, timeout: number): Promise<void> {
  const slept = await parkFor(driver, timeout);
  assert.ok(slept >= timeout - SLACK, `${slept} ms in place of ${timeout}`);
}

/** Rings from threads of their own. */
class Ringers {
  readonly #words = sharedWords(2);
  readonly #threads: Thread[];

  constructor({ runtime, remote }: Subject, how: string, threads: number) {
    const args: RingArgs = { remote, words: this.#words };
    this.#threads = Array.from(
      { length: threads },
      () => run(runtime, BODIES, how, args),
    );
  }

  /** How many rings there have been. */
  get rings(): number {
    return Atomics.load(this.#words, 1);
  }

  /** Has them ring for the nth time. */
  ask(n: number): void {
    publish(this.#words, 0, n);
  }

  async end(): Promise<void> {
    publish(this.#words, 0, -1);
    await Promise.all(this.#threads.map(({ result }) => result));
    await Promise.all(this.#threads.map(({ exited }) => exited));
  }
}

const ROUNDS = 100;
const RINGERS = 3;
const RINGS = 20_000;

/** The cases of the suite, by what they say of a driver. */
export const DRIVER_CASES: Readonly<
  Record<string, (subject: Subject) => Promise<void>>
> = {
  async "park() blocks if it says so, and else returns a promise"({ driver }) {
    const found = driver.park(0);
    assert.equal(typeof found, driver.blocks ? "number" : "object");
    assert.equal(typeof await found, "number");
  },

  async "a ring before park() ends it at once"(subject) {
    subject.driver.unpark();
    await assertWoken(subject);
  },

  async "a ring before park() ends one that is for ever"(subject) {
    await assertWokenForEver(subject, 3, () => subject.driver.unpark());
  },

  async "rings that nobody has heard count as one"(subject) {
    const { driver } = subject;
    for (let ring = 0; ring < 5; ring++) driver.unpark();
    await assertWoken(subject);
    await assertSleeps(driver, 20);
  },

  async "a park of no time hears a ring"({ driver }) {
    driver.unpark();
    await parkFor(driver, 0);
    await assertSleeps(driver, 20);
  },

  async "a park of no time returns at once"({ driver }) {
    let slept = 0;
    for (let park = 0; park < ROUNDS; park++) slept += await parkFor(driver, 0);
    assert.ok(slept < ROUNDS, `${slept / ROUNDS} ms a park`);
  },

  async "a timeout is never early, and not for ever"(subject) {
    const { driver, patience } = subject;
    for (const timeout of [2, 5.5, 20, 20, 5.5, 2]) {
      const slept = await parkFor(driver, timeout);
      assert.ok(slept >= timeout - SLACK, `${slept} ms in place of ${timeout}`);
      assert.ok(slept < patience, `${slept} ms in place of ${timeout}`);
    }
  },

  async "a timeout below a millisecond does not return at once"({ driver }) {
    const timeout = 0.4;
    const sleeps: number[] = [];
    for (let park = 0; park < 20; park++) {
      sleeps.push(await parkFor(driver, timeout));
    }
    // Rounded down, a wait becomes a busy loop until the time is there.
    const median = sleeps.sort((a, b) => a - b)[sleeps.length / 2]!;
    assert.ok(median > timeout / 2, `${median} ms in place of ${timeout}`);
  },

  async "a ring from another thread ends a sleep"(subject) {
    const ringers = new Ringers(subject, "ringWhenAsked", 1);
    for (let round = 1; round <= ROUNDS; round++) {
      // Before, in or after the way to sleep: the ring comes at any time.
      ringers.ask(round);
      // A park may return early, for a ring of the round before that it had
      // heard already: only the ring of this round ends the round.
      do await assertWoken(subject); while (ringers.rings < round);
    }
    await ringers.end();
    assert.equal(ringers.rings, ROUNDS);
  },

  async "a ring from another thread ends a sleep that is for ever"(subject) {
    const ringers = new Ringers(subject, "ringWhenAsked", 1);
    await assertWokenForEver(subject, ROUNDS, (round) => ringers.ask(round));
    await ringers.end();
  },

  async "no ring of many threads is lost"(subject) {
    const ringers = new Ringers(subject, "ringAway", RINGERS);
    ringers.ask(RINGS);
    // Each looks, and sleeps only if not all have rung: the last ring comes
    // after the look, and must end the sleep.
    while (ringers.rings < RINGERS * RINGS) await assertWoken(subject);
    await ringers.end();
  },

  async "a ring sets nobody's token"({ driver, runtime }) {
    using parker = runtime.parker();
    driver.unpark();
    await parkFor(driver, 0);
    assert.notEqual(parker.parkTimeout(0.01), "unparked");
  },

  async "shutdown() ends the sleep that goes on"(subject) {
    const ringers = new Ringers(subject, "shutdownWhenAsked", 1);
    ringers.ask(1);
    await assertWoken(subject);
    await ringers.end();
  },

  async "shutdown() before the sleep begins ends it"(subject) {
    // The owner has looked at the flag, and has not called park() yet.
    subject.driver.shutdown();
    await assertWoken(subject);
  },

  async "a ring after shutdown() does no harm"(subject) {
    const { driver } = subject;
    driver.shutdown();
    driver.unpark();
    driver.unpark();
    await parkFor(driver, 0);
    driver.shutdown();
    driver.unpark();
    await assertWoken(subject);
  },

  async "a sleep takes no processor time"({ driver }) {
    const length = 300;
    const before = process.cpuUsage();
    await assertSleeps(driver, length);
    const { user, system } = process.cpuUsage(before);
    const busy = (user + system) / 1000;
    // Garbage collectors and compilers have threads of their own.
    assert.ok(busy < length / 2, `busy for ${busy} ms of ${length}`);
  },
};

/** Registers the suite for a driver. */
export function driverTests(name: string, makeDriver: MakeDriver): void {
  for (const [what, check] of Object.entries(DRIVER_CASES)) {
    test(`${name}: ${what}`, async () => {
      const subject = makeDriver();
      try {
        await check(subject);
      } finally {
        subject.runtime.shutdown();
      }
    });
  }
}
