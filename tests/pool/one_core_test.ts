// All threads of a pool on one core, where one that looks for work is in the way of
// the one that brings it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { runProgram } from "./pools.ts";

const SCRIPT = new URL("./one_core_script.ts", import.meta.url);

/** Why this cannot be tried here; false if it can. */
function missing(): string | false {
  try {
    execFileSync("taskset", ["-c", "0", "true"], { stdio: "ignore" });
    return false;
  } catch {
    return "there is no taskset that binds to core 0";
  }
}

test("a pool works on one core", { skip: missing() }, async () => {
  const { code, output } = await runProgram(SCRIPT, [], 0);
  assert.equal(output.trim(), "equal");
  assert.equal(code, 0);
});
