// Builds the native baselines of the benches, park.c and epoll.c, with the
// machine's C compiler. Runs on Deno, Bun and Node.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";

const HEADER = pathOf("./measure.h");
const folder = pathOf("../../build/native");

/**
 * Compiles `park.c` to `build/native/park` if that is missing or older.
 *
 * @returns The path of the program, or `undefined` if this machine cannot build
 * it; the reason is then on stderr.
 */
export function nativeParker(): Promise<string | undefined> {
  return build("park");
}

/** The same of `epoll.c`. */
export function nativeEpoll(): Promise<string | undefined> {
  return build("epoll");
}

async function build(name: string): Promise<string | undefined> {
  const source = pathOf(`./${name}.c`);
  const binary = `${folder}/${name}`;
  const built = statSync(binary, { throwIfNoEntry: false });
  if (
    built !== undefined &&
    [source, HEADER].every((path) => statSync(path).mtimeMs <= built.mtimeMs)
  ) return binary;

  mkdirSync(folder, { recursive: true });
  // Built aside and moved, so that no one runs half a program.
  const scratch = mkdtempSync(`${folder}/cc-`);
  try {
    const problem = await compile(source, `${scratch}/${name}`);
    if (problem !== undefined) {
      console.error(`No native ${name}: ${problem}`);
      return undefined;
    }
    renameSync(`${scratch}/${name}`, binary);
    return binary;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Resolves to what went wrong, or to `undefined` if nothing did. */
function compile(source: string, output: string): Promise<string | undefined> {
  const flags = ["-O2", "-pthread", "-o", output];
  return new Promise((resolve) => {
    execFile("cc", [...flags, source], (error, _stdout, stderr) => {
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

function pathOf(relative: string): string {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname);
}
