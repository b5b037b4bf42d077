// Runs programs on the runtime that runs the test.

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** What the runtime wants before the name of a script. */
export const SCRIPT_ARGS: readonly string[] = "Deno" in globalThis
  ? ["run", "-A"]
  : [];

/** Milliseconds after which a program that hangs has failed. */
export const TIMEOUT = 60_000;

/** How a program ended. What it printed has a character for each byte. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a program on the runtime that runs this test. */
export function start(
  args: readonly string[],
  cwd: string = ROOT,
  env: Record<string, string> = {},
): ChildProcess {
  // The tests may be run by npm themselves.
  const { INIT_CWD: _cwd, ...inherited } = process.env;
  return spawn(process.execPath, [...SCRIPT_ARGS, ...args], {
    cwd,
    env: { ...inherited, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT,
  });
}

/** Collects what a program prints, until it has ended. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.on("data", (chunk: Buffer) => {
      outcome[name] += chunk.toString("latin1");
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...outcome, code }));
  });
}

/** What a program has printed, as Unicode, without the last line's end. */
export function textOf(printed: string): string {
  return Buffer.from(printed, "latin1").toString().replace(/\n$/, "");
}

/** Makes files in a new directory, and removes it when the body is done. */
export async function withFiles(
  files: Record<string, string | Uint8Array>,
  body: (cwd: string) => unknown,
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), "layby-"));
  try {
    const paths = Object.keys(files);
    for (const directory of new Set(paths.map((path) => dirname(path)))) {
      mkdirSync(join(cwd, directory), { recursive: true });
    }
    for (const path of paths) writeFileSync(join(cwd, path), files[path]!);
    await body(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
