// Whether a thread looks for work before it sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Spin } from "../../src/pool/spin.ts";

const TIMES = { least: 0.05, most: 0.3 };

/** Finds something with the look of this number. Returns how many there were. */
function looksOf(spin: Spin, finds: number): number {
  let looks = 0;
  assert.equal(spin.search(() => ++looks === finds), looks === finds);
  return looks;
}

test("a search ends with the look that finds something", () => {
  assert.equal(looksOf(new Spin(TIMES), 3), 3);
});

test("a search in vain looks, and ends", () => {
  assert(looksOf(new Spin(TIMES), Infinity) > 0);
});

test("after a sleep that no search would have spared there is none", () => {
  const spin = new Spin(TIMES);
  spin.slept(0, 1_000);
  assert.equal(looksOf(spin, 1), 0);
  spin.slept(0, 0);
  assert.equal(looksOf(spin, 1), 1);
});

test("a thread that something else waits for looks for the least", () => {
  let looks = 0;
  const look = () => ++looks > 1_000;
  assert.equal(new Spin({ least: 0, most: 1e6 }).search(look, true), false);
  assert.equal(new Spin({ least: 0, most: 1e6 }).search(look), true);
});

test("where there is no core for it there is no search", () => {
  assert.equal(looksOf(new Spin({ least: 0, most: 0 }), 1), 0);
});
