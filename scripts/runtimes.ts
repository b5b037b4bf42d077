// The runtimes that tests, benches and examples run on: where npm put their
// binaries, and how each is told to run a script or a list of test files.

import process from "node:process";
import { inRoot } from "./paths.ts";
import { runOrThrow } from "./processes.ts";

export type RuntimeName = "deno" | "bun" | "node" | "node24";

/** A JavaScript runtime, as a program to start. */
export interface RuntimeBinary {
  readonly name: RuntimeName;
  /** Absolute path. Never looked up in PATH. */
  readonly path: string;
  /** Arguments that come before the path of a script. */
  readonly scriptArgs: readonly string[];
  /** Arguments that run these test files, given from the root. */
  testArgs(files: readonly string[]): string[];
  /** For example `26.10.0`. */
  version(): Promise<string>;
}

/** Milliseconds after which a test that hangs has failed. */
const TEST_TIMEOUT = 120_000;

const EXE = process.platform === "win32" ? ".exe" : "";

/** The runtimes, in the order in which results are reported. */
export const RUNTIMES: readonly RuntimeBinary[] = [
  runtime("deno", `node_modules/deno/deno${EXE}`, ["run", "-A"], (files) => [
    ...["test", "-A", "--no-check"],
    ...files,
  ]),
  // The package names its binary `bun.exe` on every system.
  runtime("bun", "node_modules/bun/bin/bun.exe", ["run"], (files) => [
    ...["test", "--timeout", `${TEST_TIMEOUT}`],
    // Without the `./` bun takes the path for a filter.
    ...files.map((file) => `./${file}`),
  ]),
  runtime("node", `node_modules/node/bin/node${EXE}`, [], nodeTestArgs),
  runtime("node24", `node_modules/node24/bin/node${EXE}`, [], nodeTestArgs),
];

/** The runtime of this name. */
export function runtimeNamed(name: RuntimeName): RuntimeBinary {
  return RUNTIMES.find((runtime) => runtime.name === name)!;
}

function nodeTestArgs(files: readonly string[]): string[] {
  const timeout = `--test-timeout=${TEST_TIMEOUT}`;
  return ["--test", "--test-reporter=spec", timeout, ...files];
}

function runtime(
  name: RuntimeName,
  binary: string,
  scriptArgs: readonly string[],
  testArgs: (files: readonly string[]) => string[],
): RuntimeBinary {
  const path = inRoot(binary);
  const version = async () => {
    const output = await runOrThrow(path, ["--version"]);
    return /\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? output.trim();
  };
  return { name, path, scriptArgs, testArgs, version };
}
