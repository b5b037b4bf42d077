// A program of its own, for ffi_test.ts: what it prints last is the result.
//
//   ffi_script.ts import | ask | open | hot | threads

import process from "node:process";

const BODIES = new URL("./ffi_bodies.ts", import.meta.url);

/** Calls after which V8 has compiled all that it compiles. */
const HOT = 1_000_000;

/** Threads, two at a time, that call and end while their code is compiled. */
const THREADS = 40;

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

  /** Ends threads while V8 compiles what they call. Returns how many. */
  threads: async () => {
    const { Runtime } = await import("../../mod.ts");
    const { outcome, run, sharedWords } = await import("../threads.ts");
    using runtime = Runtime.create();
    let ended = 0;
    while (ended < THREADS) {
      const args = { error: "EBADF", times: 20_000, begun: sharedWords(1) };
      const pair = [1, 2].map(() =>
        outcome(run(runtime, BODIES, "fail", args))
      );
      ended += (await Promise.all(pair)).length;
    }
    return ended;
  },
};

const result = await COMMANDS[process.argv[2]!]!();
console.log(JSON.stringify(result));
