// The long set: larger scenarios and spurious wakes, both explorers against each
// other, more random programs against brute force, and all mutants.
//
//   npm run loom:full

import { spawnSync } from "node:child_process";
import process from "node:process";
import { inRoot } from "../scripts/paths.ts";

/** What is run, each by this very runtime. */
const STEPS: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}[] = [
  { name: "scenarios", args: ["verify/main.ts", "--full"] },
  { name: "crosscheck", args: ["verify/crosscheck.ts", "--seconds", "5"] },
  {
    name: "selfcheck",
    args: ["--test", "--test-reporter=spec", "tests/loom/selfcheck_test.ts"],
    env: { LAYBY_STRESS: "10" },
  },
  { name: "mutants", args: ["verify/hunt.ts"] },
];

const began = performance.now();
const failed = STEPS.filter(({ name, args, env }) => {
  console.log(`==== ${name}`);
  const { status } = spawnSync(process.execPath, args, {
    cwd: inRoot("."),
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  return status !== 0;
}).map(({ name }) => name);

const seconds = ((performance.now() - began) / 1000).toFixed(0);
const outcome = failed.length === 0 ? "ok" : `failed: ${failed.join(", ")}`;
console.log(`loom:full: ${outcome} (${seconds} s)`);
process.exitCode = failed.length === 0 ? 0 : 1;
