// Whether a thread that looks for work lets others have its core.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { currentHost } from "../../src/compose.ts";
import { openCoreYield } from "../../src/pool/core_yield.ts";
import { Sharing } from "../../src/pool/sharing.ts";

const { name, ffi } = currentHost();
const canYield = openCoreYield({ name, ffi }) !== undefined;
const MANY = 16;
const BRIEF = 0.005;
const LONG = 1;

/** On one core, or on more. */
function sharingOn(parallelism: number): Sharing {
  return new Sharing({ name, ffi, parallelism });
}

/** Searches in vain, after brief sleeps: then it sees to how it gives way. */
function despair(sharing: Sharing): void {
  for (let search = 0; search < MANY; search++) {
    sharing.slept(BRIEF);
    sharing.begin();
    sharing.missed();
  }
}

/** Has searches find something when the thread gave way for the first time. */
function help(sharing: Sharing): void {
  for (let search = 0; search < MANY; search++) {
    sharing.begin();
    sharing.giveWay(BRIEF);
    sharing.found(0, BRIEF);
  }
}

test("C's sched_yield() is called where that can be", () => {
  const isThere = name !== "node" && typeof ffi() !== "string" &&
    process.platform === "linux";
  const yieldCore = openCoreYield({ name, ffi });
  assert.equal(yieldCore !== undefined, isThere);
  for (let count = 0; count < 1_000; count++) yieldCore?.();
});

test("on one core a thread gives way at once, or does not look", () => {
  const sharing = sharingOn(1);
  assert.equal(sharing.prepare(), canYield);
  if (canYield) assert.equal(sharing.begin(), 1);
});

test("a thread learns that it helps to give way, and that it does not", () => {
  const sharing = sharingOn(2);
  assert.equal(sharing.prepare(), true);
  assert.equal(sharing.begin(), MANY);
  despair(sharing);
  help(sharing);
  assert.equal(sharing.begin(), canYield ? 1 : MANY);
  // One search in some is a trial. Something came from another core.
  let searches = 0;
  while (sharing.begin() === 1) assert.ok(++searches <= MANY);
  sharing.found(3, 0);
  assert.equal(sharing.begin(), MANY);
});

test("what was there already, or came later, does not teach to give way", () => {
  for (const [look, passed] of [[0, 0], [1, BRIEF]] as const) {
    const sharing = sharingOn(2);
    despair(sharing);
    for (let search = 0; search < 2 * MANY; search++) {
      assert.equal(sharing.begin(), MANY);
      sharing.giveWay(BRIEF);
      sharing.found(look, passed);
    }
  }
});

test("there is no trial after a sleep that another core has ended", () => {
  const sharing = sharingOn(2);
  despair(sharing);
  sharing.slept(LONG);
  help(sharing);
  assert.equal(sharing.begin(), MANY);
});
