// A program of its own, for ffi_test.ts: what it prints last is the result.
//
//   ffi_script.ts import | ask | open

import process from "node:process";

/** What the host says: "ffi" if it has one. */
async function ask(): Promise<string> {
  const { currentHost } = await import("../../src/compose.ts");
  const ffi = currentHost().ffi();
  return typeof ffi === "string" ? ffi : "ffi";
}

const COMMANDS: Record<string, () => unknown> = {
  /** Imports, and ends. */
  import: async () =>
    Object.keys(await import("../../mod.ts")).includes("Runtime"),

  ask,

  /** Calls a function. */
  open: async () => {
    const { openLibc } = await import("./libc.ts");
    return openLibc().call.abs(-1);
  },
};

const result = await COMMANDS[process.argv[2]!]!();
console.log(JSON.stringify(result));
