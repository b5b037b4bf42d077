import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime } from "../mod.ts";
import {
  EMPTY,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
} from "../src/core/core.generated.ts";
import { coreOf, TRACED } from "./cores.ts";
import { checkTrace, unparksOf } from "./trace_checker.ts";

const STATES = [EMPTY, PARKED_CONDVAR, PARKED_DRIVER, NOTIFIED];
const LEGAL = ["30", "01", "10", "02", "20", "03", "33", "13", "23"];
const TRACE_OFFSET = 192;

/** A parker that has slept and woken in a few ways, and a way to forge. */
function history() {
  const runtime = Runtime.create({ module: TRACED });
  const core = coreOf(runtime);
  const { words } = core;
  const parker = runtime.parker();
  const { handle } = parker;
  const unparker = runtime.unparker(handle);
  parker.parkTimeout(0.01);
  unparker.unpark();
  unparker.unpark();
  parker.park();
  const forge = (from: number, to: number, times: number) =>
    Atomics.add(
      words,
      ((handle.address + TRACE_OFFSET) >> 2) + 4 * from + to,
      times,
    );
  const check = () => checkTrace(runtime, [handle]);
  return { core, forge, check, parker, unparker, handle };
}

test("checkTrace() accepts what a parker does", () => {
  const { check, core, parker, unparker, handle } = history();
  check();
  unparker.unpark();
  check();
  assert.equal(unparksOf(core, handle), 3);
  parker.park();
  check();
});

test("checkTrace() accepts a token that went with its claim", () => {
  const { check, parker, unparker } = history();
  unparker.unpark();
  parker.release();
  check();
});

test("checkTrace() fails on a core that counts nothing", () => {
  const runtime = Runtime.create();
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  assert.throws(() => checkTrace(runtime, [parker.handle]), /NOTIFIED/);
});

for (const from of STATES) {
  for (const to of STATES) {
    if (LEGAL.includes(`${from}${to}`)) continue;
    test(`checkTrace() fails on a forged ${from} -> ${to}`, () => {
      const { check, forge } = history();
      forge(from, to, 1);
      assert.throws(check, / happened 1 times/);
    });
  }
}

for (const [from, to] of LEGAL.map((cell) => [...cell].map(Number))) {
  // A token over a token changes nothing: one more of them is no leak.
  if (from === to) continue;
  for (const times of [1, -1]) {
    test(`checkTrace() fails on ${times} more ${from} -> ${to}`, () => {
      const { check, forge } = history();
      forge(from!, to!, times);
      assert.throws(check, / was entered .* times and left /);
    });
  }
}

test("checkTrace() fails on a lost token that no release explains", () => {
  const { check, forge, parker } = history();
  parker.release();
  forge(EMPTY, NOTIFIED, 1);
  // One may have gone with the claim; two cannot.
  check();
  forge(EMPTY, NOTIFIED, 1);
  assert.throws(check, /NOTIFIED was entered .* after 1 releases/);
});

test("checkTrace() fails on a state word that the matrix does not lead to", () => {
  const { check, core, handle } = history();
  Atomics.or(core.words, handle.address >> 2, PARKED_DRIVER);
  assert.throws(check, /and the parker is PARKED_DRIVER/);
});
