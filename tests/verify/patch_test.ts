import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPatch } from "../../verify/patch.ts";

const SOURCE = "a\nb\nc\nd\ne\n";
const HEAD = "diff --git a/x.ts b/x.ts\n--- a/x.ts\n+++ b/x.ts\n";

function apply(hunks: string, source = SOURCE): string | undefined {
  return applyPatch(HEAD + hunks, () => source).get("x.ts");
}

test("applyPatch() replaces, inserts and deletes", () => {
  assert.equal(apply("@@ -2 +2 @@\n-b\n+B\n"), "a\nB\nc\nd\ne\n");
  assert.equal(apply("@@ -1,2 +1,3 @@\n a\n+x\n b\n"), "a\nx\nb\nc\nd\ne\n");
  assert.equal(apply("@@ -4,2 +4,1 @@\n-d\n e\n"), "a\nb\nc\ne\n");
});

test("applyPatch() applies several hunks, of several files", () => {
  const other = HEAD.replaceAll("x.ts", "y.ts");
  const hunks = "@@ -1 +1 @@\n-a\n+A\n@@ -5 +5 @@ f()\n-e\n+E\n";
  const patch = `What it is.\n\n${HEAD}${hunks}${other}@@ -3 +3 @@\n-c\n+C\n`;
  const patched = applyPatch(patch, () => SOURCE);
  assert.equal(patched.get("x.ts"), "A\nb\nc\nd\nE\n");
  assert.equal(patched.get("y.ts"), "a\nb\nC\nd\ne\n");
});

test("applyPatch() takes lines that look like a file's name for lines", () => {
  assert.equal(apply("@@ -1 +1 @@\n--- a\n+++ b\n", "-- a\n"), "++ b\n");
});

test("applyPatch() finds a hunk that has moved", () => {
  assert.equal(apply("@@ -2 +2 @@\n-b\n+B\n", `0\n1\n${SOURCE}`)?.at(6), "B");
});

test("applyPatch() refuses what does not fit in exactly one place", () => {
  assert.throws(() => apply("@@ -2 +2 @@\n-x\n+B\n"), /in 0 places/);
  assert.throws(() => apply("@@ -1,2 +1 @@\n a\n-c\n"), /in 0 places/);
  assert.throws(() => apply("@@ -1 +1 @@\n-a\n+A\n", "a\na\n"), /in 2 places/);
});

test("applyPatch() refuses what is no diff", () => {
  assert.throws(() => applyPatch("", () => SOURCE), /at line/);
  assert.throws(() => apply(""), /at line/);
  assert.throws(() => apply("@@ -1,2 +1,2 @@\n a\n"), /at line 6/);
  assert.throws(() => apply("@@ -1 +1 @@\n-a\n+A\nb\n"), /at line 7/);
  assert.throws(
    () => applyPatch(HEAD.replace("+++ b/x.ts", "+++ b/y.ts"), () => SOURCE),
    /at line 3/,
  );
});
