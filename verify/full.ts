// The long set: larger scenarios and spurious wakes, both explorers against each
// other, more random programs against brute force, and all mutants.
//
//   npm run loom:full

import process from "node:process";
import { inRoot } from "../scripts/paths.ts";
import { run } from "../scripts/processes.ts";

/** What is run by this very runtime, and prints how it went. */
interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Two lanes, for two processors: each one step after the other. */
const LANES: readonly (readonly Step[])[] = [
  [{ name: "scenarios", args: ["verify/main.ts", "--full"] }],
  [
    { name: "mutants", args: ["verify/hunt.ts"] },
    { name: "crosscheck", args: ["verify/crosscheck.ts", "--seconds", "3"] },
    {
      name: "selfcheck",
      args: ["--test", "--test-reporter=spec", "tests/loom/selfcheck_test.ts"],
      env: { LAYBY_STRESS: "10" },
    },
  ],
];

/** Milliseconds for a step. */
const TIMEOUT = 15 * 60_000;

/** Runs a lane. Returns what failed in it. */
async function runLane(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, args, env } of steps) {
    const options = { cwd: inRoot("."), timeout: TIMEOUT, env: env ?? {} };
    const outcome = await run(process.execPath, [...args], options);
    console.log(`==== ${name}: ${outcome.seconds.toFixed(0)} s`);
    console.log(outcome.output.trimEnd());
    if (outcome.code !== 0) failed.push(name);
  }
  return failed;
}

const began = performance.now();
const failed = (await Promise.all(LANES.map(runLane))).flat();
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const outcome = failed.length === 0 ? "ok" : `failed: ${failed.join(", ")}`;
console.log(`loom:full: ${outcome} (${seconds} s)`);
process.exitCode = failed.length === 0 ? 0 : 1;
