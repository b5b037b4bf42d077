// Builds the native baseline of the benches, park.c, with the machine's C
// compiler. Runs on Deno, Bun and Node.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";

const source = pathOf("./park.c");
const folder = pathOf("../../build/native");
const binary = `${folder}/park`;

/**
 * Compiles `park.c` to `build/native/park` if that is missing or older.
 *
 * @returns The path of the program, or `undefined` if this machine cannot build
 * it; the reason is then on stderr.
 */
export async function nativeParker(): Promise<string | undefined> {
  const built = statSync(binary, { throwIfNoEntry: false });
  if (built !== undefined && built.mtimeMs >= statSync(source).mtimeMs) {
    return binary;
  }

  mkdirSync(folder, { recursive: true });
  // Built aside and moved, so that no one runs half a program.
  const scratch = mkdtempSync(`${folder}/cc-`);
  try {
    const problem = await compile(`${scratch}/park`);
    if (problem !== undefined) {
      console.error(`No native parker: ${problem}`);
      return undefined;
    }
    renameSync(`${scratch}/park`, binary);
    return binary;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Resolves to what went wrong, or to `undefined` if nothing did. */
function compile(output: string): Promise<string | undefined> {
  const flags = ["-O2", "-pthread", "-o", output];
  return new Promise((resolve) => {
    execFile("cc", [...flags, source], (error, _stdout, stderr) => {
      if (error === null) {
        resolve(undefined);
      } else if (error.code === "ENOENT") {
        resolve("there is no C compiler (cc) on PATH");
      } else {
        resolve(`cc cannot compile park.c: ${stderr.trim() || error.message}`);
      }
    });
  });
}

function pathOf(relative: string): string {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname);
}
