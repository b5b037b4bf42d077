// Whether a thread looks for work before it sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { currentHost } from "../../src/compose.ts";
import { openCoreYield } from "../../src/pool/core_yield.ts";
import { type LookTimes, NO_LOOK, Spin } from "../../src/pool/spin.ts";

const TIMES = { least: 0.05, most: 0.3 };

function spinFor(times: LookTimes, parallelism = 2): Spin {
  const { name, ffi } = currentHost();
  return new Spin({ name, ffi, parallelism }, times);
}

/** Finds something with the look of this number. Returns how many there were. */
function looksOf(spin: Spin, finds: number): number {
  let looks = 0;
  assert.equal(spin.search(() => ++looks === finds), looks === finds);
  return looks;
}

test("a search ends with the look that finds something", () => {
  assert.equal(looksOf(spinFor(TIMES), 3), 3);
});

test("a search in vain looks, and ends", () => {
  assert(looksOf(spinFor(TIMES), Infinity) > 0);
});

test("after a sleep that no search would have spared there is none", () => {
  const spin = spinFor(TIMES);
  spin.slept(0, 1_000);
  assert.equal(looksOf(spin, 1), 0);
  spin.slept(0, 0);
  assert.equal(looksOf(spin, 1), 1);
});

test("a thread that something else waits for looks for the least", () => {
  let looks = 0;
  const look = () => ++looks > 1_000;
  assert.equal(spinFor({ least: 0, most: 1e6 }).search(look, true), false);
  assert.equal(spinFor({ least: 0, most: 1e6 }).search(look), true);
});

test("a thread that is not to look does not, and asks for no C", () => {
  assert.equal(looksOf(spinFor(NO_LOOK), 1), 0);
  const ffi = () => assert.fail("it asked");
  const spin = new Spin({ name: "bun", ffi, parallelism: 1 }, NO_LOOK);
  assert.equal(looksOf(spin, 1), 0);
});

test("on one core a thread looks if it can let others have the core", () => {
  const canYield = openCoreYield(currentHost()) !== undefined;
  assert.equal(looksOf(spinFor(TIMES, 1), 1), canYield ? 1 : 0);
});
