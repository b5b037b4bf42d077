// Runs every check but the tests, and says at the end which failed.
//
//   deno task check

import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { inRoot } from "./paths.ts";
import { run } from "./processes.ts";
import { runtimeNamed } from "./runtimes.ts";

/** A check: a program that fails if something is wrong. */
interface Step {
  name: string;
  command: string;
  args: string[];
}

const CHECKED = [
  ...["mod.ts", "task.ts", "src", "loom", "verify"],
  ...["scripts", "bench", "tests"],
  ...readdirSync(inRoot("examples")).map((name) => `examples/${name}`),
].filter((path) =>
  existsSync(inRoot(path)) && !path.endsWith(".md") && hasPackages(path)
);

/** Whether the packages are installed that a folder wants for itself. */
function hasPackages(path: string): boolean {
  return !existsSync(inRoot(`${path}/package.json`)) ||
    existsSync(inRoot(`${path}/node_modules`));
}

const DENO = runtimeNamed("deno").path;
const NODE = runtimeNamed("node").path;

const STEPS: Step[] = [
  // Before the formatter's, whose advice would be to let it delete them.
  script("check_decorators"),
  deno("fmt", "--check"),
  deno("lint"),
  deno("check", ...CHECKED),
  {
    name: "tsc",
    command: NODE,
    args: [inRoot("node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"],
  },
  deno("doc", "--lint", "mod.ts", "task.ts", "loom/mod.ts"),
  script("check_layers"),
  script("check_atomics"),
  script("build", "--check"),
  deno("publish", "--dry-run", "--allow-dirty"),
  script("check_pack"),
  script("check_http"),
];

function deno(command: string, ...args: string[]): Step {
  const name = ["deno", command, ...args.filter((it) => it.startsWith("-"))];
  return { name: name.join(" "), command: DENO, args: [command, ...args] };
}

function script(name: string, ...args: string[]): Step {
  return {
    name: [name, ...args].join(" "),
    command: DENO,
    args: ["run", "-A", `scripts/${name}.ts`, ...args],
  };
}

// Deno's documenter looks for the files that the types of Node refer to, and
// says of each that it is no package.
const NOISE =
  /^Warning Failed resolving types\..*@types\/node.*\n(?:^ +at .*\n)?/gm;

/** Runs a step and prints a line, and what it said if it failed. */
async function take({ name, command, args }: Step): Promise<boolean> {
  const { code, output, seconds } = await run(command, args);
  const verdict = code === 0 ? "ok" : "FAILED";
  console.log(`${name}: ${verdict} (${seconds.toFixed(1)} s)`);
  if (code !== 0) console.log(`${output.replace(NOISE, "").trimEnd()}\n`);
  return code === 0;
}

async function main(): Promise<void> {
  const failed: string[] = [];
  for (const step of STEPS) {
    if (!await take(step)) failed.push(step.name);
  }
  if (failed.length === 0) return;
  console.log(`failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}

if (import.meta.main) await main();
