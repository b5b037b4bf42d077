// Builds the native baselines of the benches, park.c and epoll.c. Runs on Deno,
// Bun and Node.

import { compileC } from "../../scripts/cc.ts";
import { inRoot } from "../../scripts/paths.ts";

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
  const output = inRoot(`build/native/${name}`);
  const problem = await compileC({
    source: inRoot(`bench/native/${name}.c`),
    headers: [inRoot("bench/native/measure.h")],
    output,
  });
  if (problem === undefined) return output;
  console.error(`No native ${name}: ${problem}`);
  return undefined;
}
