// Runs the tests under each runtime, and counts.
//
//   deno task test [--runtime deno|bun|node|node24]... [--filter text]
//
// `--filter` keeps the test files whose path contains the text. Without it and
// without `--runtime`, the scenarios of the model checker are run too. The last
// line printed is the sum: `N passed, N failed`. The files in tests/web/ are run
// on Node alone. On Linux the kqueue of tests/native/ is built first.

import process from "node:process";
import { parseArgs } from "node:util";
import { kqueueEnvironment } from "./kqueue.ts";
import { filesBelow } from "./paths.ts";
import { run, runMain } from "./processes.ts";
import { type RuntimeBinary, runtimeNamed, RUNTIMES } from "./runtimes.ts";
import {
  type Counts,
  describe,
  judge,
  readCounts,
  readLoom,
  readSkips,
  sum,
} from "./summaries.ts";

/** Milliseconds for all tests on one runtime. */
const TIMEOUT = 15 * 60_000;

/** Tests that start a browser, and other runtimes: Node drives them. */
const WEB = "tests/web/";

/**
 * What Node's older version is not asked again: the engine is the same, and so
 * are the tools.
 */
const NEWEST_ONLY = /^tests\/(?:loom|scripts|stress|verify)\//;

function filesFor(
  { name }: RuntimeBinary,
  files: readonly string[],
): readonly string[] {
  return files.filter((file) => {
    if (file.startsWith(WEB)) return name === "node";
    return name !== "node24" || !NEWEST_ONLY.test(file);
  });
}

async function testOn(
  runtime: RuntimeBinary,
  files: readonly string[],
  env: Record<string, string>,
): Promise<Counts> {
  const version = await runtime.version().catch(() => "(not installed)");
  const args = runtime.testArgs(files);
  const outcome = await run(runtime.path, args, { timeout: TIMEOUT, env });
  const found = readCounts(runtime.name, outcome.output);
  const counts = judge(found, outcome.code);
  if (counts.failed > 0) {
    console.log(outcome.output);
    if (found === undefined) console.log(`${runtime.name}: no summary`);
  }
  const seconds = outcome.seconds.toFixed(1);
  console.log(
    `${runtime.name} ${version}: ${describe(counts)} (${seconds} s)`,
  );
  for (const skip of readSkips(outcome.output)) console.log(`  ${skip}`);
  return counts;
}

/** Explores the scenarios of the core. It is the same on each runtime. */
async function testInterleavings(): Promise<Counts> {
  const { path, scriptArgs } = runtimeNamed("node");
  const args = [...scriptArgs, "verify/main.ts"];
  const outcome = await run(path, args, { timeout: TIMEOUT });
  const counts = judge(readLoom(outcome.output), outcome.code);
  if (counts.failed > 0) console.log(outcome.output);
  const seconds = outcome.seconds.toFixed(1);
  console.log(`loom: ${describe(counts)} (${seconds} s)`);
  return counts;
}

function chosen(names: readonly string[] | undefined): RuntimeBinary[] {
  const unknown = names?.find((name) =>
    !RUNTIMES.some((runtime) => runtime.name === name)
  );
  if (unknown !== undefined) {
    const known = RUNTIMES.map(({ name }) => name).join(", ");
    throw new RangeError(
      `Cannot test on ${unknown}: the runtimes are ${known}`,
    );
  }
  return RUNTIMES.filter(({ name }) => names?.includes(name) ?? true);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runtime: { type: "string", multiple: true },
      filter: { type: "string", default: "" },
    },
  });
  const runtimes = chosen(values.runtime);
  const files = filesBelow("tests", "_test.ts")
    .filter((file) => file.includes(values.filter));
  if (files.length === 0) console.log("No test file matches");
  const env = await kqueueEnvironment();
  const all: Counts[] = [];
  // One after another: tests measure time, and must not take it from others.
  for (const runtime of runtimes) {
    const chosenFiles = filesFor(runtime, files);
    if (chosenFiles.length === 0) continue;
    all.push(await testOn(runtime, chosenFiles, env));
  }
  if (values.runtime === undefined && values.filter === "") {
    all.push(await testInterleavings());
  }
  const total = judge(sum(all), 0);
  console.log(describe(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

if (import.meta.main) await runMain(main);
