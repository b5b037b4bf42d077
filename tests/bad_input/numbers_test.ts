// Timeouts, deadlines and capacities that are none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime, type RuntimeOptions } from "../../mod.ts";
import {
  assertParks,
  assertRefused,
  assertRejected,
  assertRuns,
  error,
  NEGATIVE,
  NO_NUMBERS,
} from "./expected.ts";

/** Asserts that what is no number is refused. */
function assertTakesNumber(call: (it: number) => unknown, name: string): void {
  const message = `${name} must be a number: current value is `;
  assertRefused(
    call,
    [undefined, ...NO_NUMBERS],
    error("invalid-type", new RegExp(`${message}.`)),
  );
  assertRefused(
    call,
    [NaN],
    error("out-of-range", new RegExp(`${message}NaN`)),
  );
}

/** Asserts that what is no timeout is refused. */
function assertTakesTimeout(call: (timeout: number) => unknown): void {
  assertTakesNumber(call, "timeout");
  assertRefused(
    call,
    NEGATIVE,
    error("out-of-range", /timeout must be >= 0 ms: current value is -/),
  );
}

test("what is refused is told as one writes it", () => {
  const parker = Runtime.create().parker();
  const shown: [unknown, string][] = [
    [1n, "1n"],
    ["1", '"1"'],
    [() => {}, "a function"],
    [Object.create(null), "an object"],
  ];
  for (const [value, text] of shown) {
    assert.throws(() => parker.parkTimeout(value as number), {
      message:
        `Cannot park as timeout must be a number: current value is ${text}`,
    });
  }
});

test("Parker.parkTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (timeout: number) => parker.parkTimeout(timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 1e-300, 0.001]) {
    assert.equal(call(timeout), "timed-out", `${timeout}`);
  }
  assertParks(runtime, parker);
});

test("Parker.parkDeadline() takes any number but NaN", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (deadline: number) => parker.parkDeadline(deadline);
  assertTakesNumber(call, "deadline");
  for (const deadline of [0, -0, 5e-324, 1, ...NEGATIVE]) {
    assert.equal(call(deadline), "timed-out", `${deadline}`);
  }
  assertParks(runtime, parker);
});

test("Parker.parkAsync() takes a timeout of 0 or more", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (timeout: number) => parker.parkAsync({ timeout });
  await assertRejected(
    call,
    NO_NUMBERS,
    error("invalid-type", /timeout must be a number: current value is ./),
  );
  await assertRejected(
    call,
    [NaN],
    error("out-of-range", /timeout must be a number: current value is NaN/),
  );
  await assertRejected(
    call,
    NEGATIVE,
    error("out-of-range", /timeout must be >= 0 ms: current value is -/),
  );
  for (const timeout of [0, -0, 5e-324, 1e-300, 0.001]) {
    assert.equal(await call(timeout), "timed-out", `${timeout}`);
  }
  const huge = [1e300, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity];
  for (const timeout of [...huge, undefined]) {
    const parked = parker.parkAsync({ timeout } as { timeout: number });
    runtime.unparker(parker.handle).unpark();
    assert.equal(await parked, "unparked", `${timeout}`);
  }
  assertParks(runtime, parker);
});

test("Timer.schedule() takes a finite deadline", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const call = (deadline: number) => timer.schedule(deadline);
  assertTakesNumber(call, "deadline");
  assertRefused(
    call,
    [Infinity, -Infinity],
    error("out-of-range", /must be finite.+cancel\(\) the timer instead/),
  );
  assert.equal(timer.state, "idle");
  for (const deadline of [0, -0, 5e-324, -1, -1e300, -Number.MAX_VALUE]) {
    call(deadline);
    assert.equal(parker.park(), "unparked", `${deadline}`);
    assert.equal(timer.state, "fired", `${deadline}`);
  }
  for (const deadline of [2 ** 53, 1e15, 1e18, 1e300, Number.MAX_VALUE]) {
    call(deadline);
    assert.equal(parker.parkTimeout(1), "timed-out", `${deadline}`);
    assert.equal(timer.state, "armed", `${deadline}`);
    assert.equal(timer.cancel(), true, `${deadline}`);
  }
  assertRuns(runtime);
});

test("Mutex.lockTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const call = (timeout: number) => mutex.lockTimeout(timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 1, 1e300, Infinity]) {
    assert.ok(call(timeout), `${timeout}`);
    mutex.unlock();
  }
  assertRuns(runtime);
});

test("Condvar.waitTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  mutex.lock();
  const call = (timeout: number) => condvar.waitTimeout(mutex, timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 0.01]) call(timeout);
  // It is still held, and nobody waits.
  mutex.unlock();
  condvar.release();
  assertRuns(runtime);
});

const CAPACITIES = [
  { name: "parkers", low: 1, high: 16_384 },
  { name: "locks", low: 0, high: 65_536 },
  { name: "timers", low: 0, high: 16_777_216 },
];

for (const { name, low, high } of CAPACITIES) {
  test(`Runtime.create() takes ${low} to ${high} ${name}`, () => {
    const call = (count: number) => Runtime.create({ [name]: count });
    assertRefused(
      call,
      NO_NUMBERS,
      error(
        "invalid-type",
        new RegExp(`${name} must be a number: current value is .`),
      ),
    );
    assertRefused(
      call,
      [NaN],
      error(
        "out-of-range",
        new RegExp(`${name} must be a number: current value is NaN`),
      ),
    );
    assertRefused(
      call,
      [
        ...[low - 1, low + 0.5, high + 1, high - 0.5, 2 ** 32 + low],
        ...[1e300, Number.MAX_SAFE_INTEGER, Infinity, 5e-324, ...NEGATIVE],
      ],
      error(
        "out-of-range",
        new RegExp(
          `${name} must be a whole number from ${low} to ${high}: ` +
            "current value is .",
        ),
      ),
    );
    using least = call(low);
    assertParks(least, least.parker());
    using standard = Runtime.create(
      { [name]: undefined } as unknown as RuntimeOptions,
    );
    assertRuns(standard);
  });
}

test("Runtime.create() takes 0 written as -0", () => {
  using runtime = Runtime.create({ locks: -0, timers: -0 });
  assertParks(runtime, runtime.parker());
});

test("Runtime.create() makes the largest runtime that it takes", () => {
  using runtime = Runtime.create({
    parkers: 16_384,
    locks: 65_536,
    timers: 16_777_216,
  });
  assertRuns(runtime);
});
