import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describe,
  judge,
  readCounts,
  readLoom,
  readSkips,
  sum,
} from "../../scripts/summaries.ts";

const NODE = [
  "✔ a (1.2ms)",
  "ℹ tests 6",
  "ℹ suites 0",
  "ℹ pass 3",
  "ℹ fail 1",
  "ℹ cancelled 1",
  "ℹ skipped 1",
  "ℹ todo 1",
  "ℹ duration_ms 263.862848",
].join("\n");

const BUN = [
  "(fail) d [1.46ms]",
  "",
  " 2 pass",
  " 1 skip",
  " 1 todo",
  " 1 fail",
  " 1 error",
  "Ran 5 tests across 1 file. [61.00ms]",
].join("\n");

test("readSkips() reads the reasons that node tells", () => {
  const output = [
    "﹣ a browser (0.5ms) # chromium is not installed",
    "﹣ another (1ms) # SKIP",
    "✔ a (1.2ms)",
  ].join("\n");
  assert.deepEqual(readSkips(output), [
    "a browser: chromium is not installed",
  ]);
});

test("readCounts() reads the summary of deno", () => {
  const failed = "\nFAILED | 2 passed (1 step) | 1 failed | 2 ignored (16ms)\n";
  assert.deepEqual(readCounts("deno", failed), {
    passed: 2,
    failed: 1,
    skipped: 2,
  });
  assert.deepEqual(readCounts("deno", "ok | 3 passed | 0 failed (1s)"), {
    passed: 3,
    failed: 0,
    skipped: 0,
  });
});

test("readCounts() reads the summary of bun", () => {
  assert.deepEqual(readCounts("bun", BUN), {
    passed: 2,
    failed: 2,
    skipped: 2,
  });
});

test("readCounts() reads the summary of node", () => {
  const counts = { passed: 3, failed: 2, skipped: 2 };
  assert.deepEqual(readCounts("node", NODE), counts);
  assert.deepEqual(readCounts("node24", NODE), counts);
});

test("readCounts() finds nothing in the output of a crash", () => {
  for (const runtime of ["deno", "bun", "node", "node24"] as const) {
    assert.equal(readCounts(runtime, "Segmentation fault\n 3 pass"), undefined);
  }
});

test("readLoom() reads the summary of the model checker", () => {
  const line = "loom: 172 scenarios, 7 executions, 9 states, 2 failed, 1.5 s";
  const counts = { passed: 170, failed: 2, skipped: 0 };
  assert.deepEqual(readLoom(`ok  a scenario\n${line}\n`), counts);
  assert.equal(readLoom("loom: 3 scenarios"), undefined);
});

test("judge() fails a run without a summary, a test or a good exit", () => {
  const none = { passed: 0, failed: 0, skipped: 0 };
  const good = { passed: 2, failed: 0, skipped: 1 };
  assert.deepEqual(judge(undefined, 0), { ...none, failed: 1 });
  assert.deepEqual(judge(none, 0), { ...none, failed: 1 });
  assert.deepEqual(judge(good, 1), { ...good, failed: 1 });
  assert.deepEqual(judge(good, 0), good);
  assert.deepEqual(judge({ ...good, failed: 3 }, 1), { ...good, failed: 3 });
});

test("sum() adds up, and describe() says it", () => {
  const total = sum([
    { passed: 2, failed: 0, skipped: 1 },
    { passed: 3, failed: 1, skipped: 0 },
  ]);
  assert.equal(describe(total), "5 passed, 1 failed, 1 skipped");
  assert.equal(describe({ ...total, skipped: 0 }), "5 passed, 1 failed");
});
