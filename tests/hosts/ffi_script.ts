// A program of its own, for ffi_test.ts: what it prints last is the result.
//
//   ffi_script.ts import | ask | open | hot

import process from "node:process";

/** Calls after which V8 has compiled all that it compiles. */
const HOT = 1_000_000;

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

  /** Calls a function of a wide type until it has long been compiled. */
  hot: async () => {
    const { openLibc } = await import("./libc.ts");
    const { labs } = openLibc().call;
    const add = (sum: number, value: number) => sum + labs(value);
    let sum = 0;
    for (let value = 0; value < HOT; value++) sum = add(sum, value & 1);
    return sum;
  },
};

const result = await COMMANDS[process.argv[2]!]!();
console.log(JSON.stringify(result));
