// Options that are none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParkerOptions, Runtime } from "../../mod.ts";
import {
  assertParks,
  assertRefused,
  assertRejected,
  assertRuns,
  error,
  NO_FUNCTIONS,
  NO_OBJECTS,
  NO_STRINGS,
} from "./expected.ts";

test("options must be objects", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const expected = error(
    "invalid-type",
    /options must be an object: current value is ./,
  );
  assertRefused((it) => Runtime.create(it), NO_OBJECTS, expected);
  assertRefused(
    (it) => Runtime.attach(runtime.handle, it),
    NO_OBJECTS,
    expected,
  );
  assertRefused((it) => runtime.parker(it), NO_OBJECTS, expected);
  const handle = parker.detach();
  assertRefused((it) => runtime.adopt(handle, it), NO_OBJECTS, expected);
  // A refused adoption has not happened.
  const adopted = runtime.adopt(handle);
  await assertRejected((it) => adopted.parkAsync(it), NO_OBJECTS, expected);
  assertParks(runtime, adopted);
});

test("Runtime.create() takes a driver by its name", () => {
  const call = (driver: "time") => Runtime.create({ driver });
  const message =
    /driver must be "time" or "event-loop" or "epoll" or "kqueue": current value is ./;
  assertRefused(call, NO_STRINGS, error("invalid-type", message));
  assertRefused(
    call,
    ["", "Time", "Epoll", "toString", "0"],
    error("out-of-range", message),
  );
});

test("Runtime.create() takes a wait by its name", () => {
  const call = (wait: "wasm") => Runtime.create({ wait });
  const message = /wait must be "wasm" or "futex": current value is ./;
  assertRefused(call, NO_STRINGS, error("invalid-type", message));
  assertRefused(
    call,
    ["", "WASM", "spin", "toString", "0"],
    error("out-of-range", message),
  );
});

test("Runtime.create() takes blocking as a boolean", () => {
  const values = [null, 0, 1, "", "false", {}, [], 1n, Symbol("true"), NaN];
  const expected = error(
    "invalid-type",
    /blocking must be a boolean: current value is ./,
  );
  assertRefused(
    (blocking) => Runtime.create({ blocking }),
    values,
    expected,
  );
  using runtime = Runtime.create();
  assertRefused(
    (blocking) => Runtime.attach(runtime.handle, { blocking }),
    values,
    expected,
  );
  assertRuns(runtime);
});

test("Runtime.create() takes a module that is a module", () => {
  assertRefused(
    (module) => Runtime.create({ module }),
    [...NO_OBJECTS, {}, new Uint8Array(8)],
    error("invalid-type", /module must be a WebAssembly\.Module/),
  );
});

test("Runtime.create() with wait: futex works or says what it needs", () => {
  let runtime: Runtime;
  try {
    runtime = Runtime.create({ wait: "futex" });
  } catch (thrown) {
    assert.throws(
      () => {
        throw thrown;
      },
      error("unsupported", /^Cannot wait in a "futex" as it needs ./),
    );
    return;
  }
  using it = runtime;
  assertRuns(it);
});

for (const hook of ["beforePark", "afterUnpark"] as const) {
  test(`Runtime.parker() takes ${hook} as a function`, () => {
    using runtime = Runtime.create({ parkers: 2 });
    const expected = error(
      "invalid-type",
      new RegExp(`${hook} must be a function: current value is .`),
    );
    assertRefused(
      (value) => runtime.parker({ [hook]: value }),
      NO_FUNCTIONS,
      expected,
    );
    const handle = runtime.parker().detach();
    assertRefused(
      (value) => runtime.adopt(handle, { [hook]: value }),
      NO_FUNCTIONS,
      expected,
    );
    // Nothing was claimed on the way.
    const none: ParkerOptions = { [hook]: undefined };
    assertParks(runtime, runtime.adopt(handle, none));
    assertParks(runtime, runtime.parker(none));
  });
}

test("Parker.parkAsync() takes a signal that is an AbortSignal", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  await assertRejected(
    (signal) => parker.parkAsync({ signal }),
    [...NO_OBJECTS, {}, new AbortController(), new EventTarget()],
    error("invalid-type", /signal must be an AbortSignal/),
  );
  assertParks(runtime, parker);
});
