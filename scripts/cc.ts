// Compiles C with the machine's own compiler. Runs on Deno, Bun and Node.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What to compile, by absolute paths. */
export interface Compilation {
  readonly source: string;
  /** What the source includes, besides the system's. */
  readonly headers?: readonly string[];
  /** The folder of it is made if there is none. */
  readonly output: string;
  /** Besides `-O2 -pthread`. */
  readonly flags?: readonly string[];
}

/**
 * Compiles if the output is missing, or older than what it is made of. Resolves
 * to what went wrong, or to `undefined` if nothing did.
 */
export async function compileC(
  { source, headers = [], output, flags = [] }: Compilation,
): Promise<string | undefined> {
  const built = statSync(output, { throwIfNoEntry: false })?.mtimeMs;
  const parts = [source, ...headers];
  if (
    built !== undefined &&
    parts.every((path) => statSync(path).mtimeMs <= built)
  ) return undefined;

  const folder = dirname(output);
  mkdirSync(folder, { recursive: true });
  // Built aside and moved, so that no one runs half a program.
  const scratch = mkdtempSync(join(folder, "cc-"));
  const half = join(scratch, basename(output));
  try {
    const args = ["-O2", "-pthread", ...flags, "-o", half, source];
    const problem = await runCompiler(args);
    if (problem === undefined) renameSync(half, output);
    return problem;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runCompiler(args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("cc", args, (error, _stdout, stderr) => {
      if (error === null) {
        resolve(undefined);
      } else if (error.code === "ENOENT") {
        resolve("there is no C compiler (cc) on PATH");
      } else {
        resolve(`cc cannot compile it: ${stderr.trim() || error.message}`);
      }
    });
  });
}
