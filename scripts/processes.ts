// Runs other programs, and keeps what they print.

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";
import { ROOT } from "./paths.ts";

/** How a program ended, and what it printed on both streams, in order. */
export interface Outcome {
  code: number;
  output: string;
  seconds: number;
}

export interface RunOptions {
  /** The repository's root if not given. */
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Ends the program after so many milliseconds. */
  timeout?: number;
}

/** Runs a program to its end. A program that cannot be started has code 127. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: environment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  const chunks: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  return new Promise((resolve) => {
    const end = (code: number, note: string) => {
      const output = new TextDecoder().decode(Buffer.concat(chunks)) + note;
      const seconds = (performance.now() - started) / 1000;
      resolve({ code, output, seconds });
    };
    child.once("error", (error) => end(127, `${error.message}\n`));
    child.once("close", (code, signal) => {
      end(code ?? 1, signal === null ? "" : `\n${command}: ${signal}\n`);
    });
  });
}

/** The environment of a program whose output is read, and not looked at. */
function environment(added: Record<string, string> = {}) {
  const { FORCE_COLOR: _color, RUST_BACKTRACE: _trace, ...inherited } =
    process.env;
  return { ...inherited, NO_COLOR: "1", ...added };
}

/** Runs a program and returns its output. Throws if it fails. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${output}`);
}

/** Runs a script's `main`. What it throws is said, and fails the process. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
