// What is passed that is wrong, which error that is to give, and that nothing is
// broken after it.

import assert from "node:assert/strict";
import type { LaybyErrorCode, Parker, Runtime } from "../../mod.ts";

/** The codes that only pools throw: tests/pool/ provokes those. */
export type PoolCode =
  | "crash-loop"
  | "queue-full"
  | "system"
  | "task-module"
  | "timed-out"
  | "uncloneable"
  | "unknown-task"
  | "worker-crashed";

/** All others. */
export type Code =
  | Exclude<LaybyErrorCode, PoolCode>
  | "invalid-type"
  | "out-of-range";

/** The class of each of those. */
export const CLASSES: Record<Code, string> = {
  "cannot-block": "CannotBlockError",
  "exhausted": "ExhaustedError",
  "foreign-handle": "ForeignHandleError",
  "in-use": "InUseError",
  "invalid-layout": "LayoutError",
  "invalid-type": "ArgumentTypeError",
  "not-owner": "NotOwnerError",
  "out-of-range": "ArgumentRangeError",
  "released": "ReleasedError",
  "shutdown": "ShutdownError",
  "stale-handle": "StaleHandleError",
  "two-owners": "TwoOwnersError",
  "unsupported": "UnsupportedError",
  "unwakeable": "UnwakeableError",
};

/** What an error of this code is to look like. */
export function error(code: Code, message: RegExp) {
  return { name: CLASSES[code], code, message };
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  return `${typeof value} ${String(value)}`;
}

/** Asserts that each of the values is refused with this error. */
export function assertRefused(
  call: (value: never) => unknown,
  values: readonly unknown[],
  expected: ReturnType<typeof error>,
): void {
  for (const value of values) {
    assert.throws(() => {
      call(value as never);
      throw new Error(`It took ${show(value)}`);
    }, expected);
  }
}

/** Asserts that each of the values has a promise rejected with this error. */
export async function assertRejected(
  call: (value: never) => Promise<unknown>,
  values: readonly unknown[],
  expected: ReturnType<typeof error>,
): Promise<void> {
  for (const value of values) {
    await assert.rejects(async () => {
      await call(value as never);
      throw new Error(`It took ${show(value)}`);
    }, expected);
  }
}

/** Asserts that the parker does what parkers do. */
export function assertParks(runtime: Runtime, parker: Parker): void {
  assert.equal(runtime.unparker(parker.handle).unpark(), true);
  assert.equal(parker.park(), "unparked");
  assert.equal(parker.parkTimeout(0.1), "timed-out");
}

/** Asserts that the runtime does what runtimes do. */
export function assertRuns(runtime: Runtime): void {
  using parker = runtime.parker();
  assertParks(runtime, parker);
  using timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now());
  // Its own timer: it has the token, and has served the driver for it.
  assert.equal(parker.park(), "unparked");
  using mutex = runtime.mutex();
  {
    using _guard = mutex.lock();
    using condvar = runtime.condvar();
    condvar.notifyAll();
    assert.equal(condvar.waitTimeout(mutex, 0), false);
  }
  assert.ok(mutex.tryLock());
  mutex.unlock();
}

export const NO_NUMBERS = [
  null,
  "",
  "1",
  true,
  {},
  [1],
  1n,
  Symbol("1"),
  () => 1,
];
export const NO_OBJECTS = [
  null,
  0,
  "",
  "{}",
  true,
  [],
  1n,
  Symbol("{}"),
  () => ({}),
];
export const NO_FUNCTIONS = [null, 0, "", "f", true, {}, [], 1n, Symbol("f")];
export const NO_STRINGS = [
  null,
  0,
  true,
  {},
  [],
  1n,
  Symbol("time"),
  () => "time",
];
export const NEGATIVE = [
  -1,
  -1e-9,
  -1e300,
  -Infinity,
  -Number.MAX_SAFE_INTEGER,
];

/** Every use of a parker, but for its release. */
export const USES: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(0)": (parker) => parker.parkTimeout(0),
  "parkTimeout(1)": (parker) => parker.parkTimeout(1),
  "parkTimeout(Infinity)": (parker) => parker.parkTimeout(Infinity),
  "parkDeadline(0)": (parker) => parker.parkDeadline(0),
  "parkDeadline(Infinity)": (parker) => parker.parkDeadline(Infinity),
  "parkAsync()": (parker) => parker.parkAsync(),
  "parkAsync(0)": (parker) => parker.parkAsync({ timeout: 0 }),
  "parkAsync(1)": (parker) => parker.parkAsync({ timeout: 1 }),
  "detach()": (parker) => parker.detach(),
};

/** Asserts that every use is refused, at once or by a promise. */
export async function assertUnusable(
  parker: Parker,
  uses: Record<string, (parker: Parker) => unknown>,
  expected: ReturnType<typeof error>,
): Promise<void> {
  for (const [name, use] of Object.entries(uses)) {
    await assert.rejects(async () => await use(parker), expected, name);
  }
}
