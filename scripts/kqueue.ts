// A kqueue for the tests on Linux, which has none.

import { join } from "node:path";
import process from "node:process";
import { currentHost } from "../src/compose.ts";
import { compileC } from "./cc.ts";
import { inRoot } from "./paths.ts";

/** Where it is built, by the name that src/drivers/kqueue.ts opens. */
const FOLDER = inRoot("build/tests");
const LIBRARY = "libkqueue.so.0";

/**
 * What to add to the environment of the tests for them to have a kqueue: nothing
 * if this system has one, or libkqueue. If it cannot be built, the reason is
 * printed.
 */
export async function kqueueEnvironment(): Promise<Record<string, string>> {
  if (process.platform !== "linux" || hasLibkqueue()) return {};
  const problem = await compileC({
    source: inRoot("tests/native/kqueue.c"),
    output: join(FOLDER, LIBRARY),
    // Threads that end close it, and what it knows has to stay.
    flags: [
      ...["-std=gnu11", "-Wall", "-Wextra", "-shared", "-fPIC"],
      ...["-fvisibility=hidden", "-Wl,-z,nodelete"],
    ],
  });
  if (problem !== undefined) {
    console.log(`The tests of kqueue are skipped: ${problem}`);
    return {};
  }
  // Whoever has named folders had better see theirs first.
  const { LD_LIBRARY_PATH: before } = process.env;
  return { LD_LIBRARY_PATH: before ? `${before}:${FOLDER}` : FOLDER };
}

function hasLibkqueue(): boolean {
  const ffi = currentHost().ffi();
  if (typeof ffi === "string") return false;
  try {
    ffi.open([LIBRARY, "libkqueue.so"], {});
    return true;
  } catch {
    return false;
  }
}
