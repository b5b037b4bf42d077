// A program of its own, for host_test.ts: what it prints last is the result.
//
//   host_script.ts import | park | fallback | bare | uncompiled | unwaiting |
//                  interpreted | hold | thread | unref

import { setTimeout as setNodeTimeout } from "node:timers";
import process from "node:process";
import type { LaybyError, Runtime } from "../../mod.ts";
import { LAYOUT_VERSION } from "../../src/core/core.generated.ts";

/** The least that is a module. */
const EMPTY_WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const BODIES = new URL("./host_bodies.ts", import.meta.url);

/** Milliseconds: a process that is not kept alive has long ended. */
const LATER = 100;

/** Does it later, without keeping the process alive. */
function later(action: () => void): void {
  setNodeTimeout(action, LATER).unref();
}

/** Takes globals away, as if the host had none. Bun does not let go of `Bun`. */
function lose(...names: string[]): void {
  for (const name of names) Reflect.deleteProperty(globalThis, name);
}

/** What it throws. */
function codeOf(call: () => unknown): string {
  try {
    return `${call()}`;
  } catch (error) {
    const { code, name, message } = error as LaybyError;
    return code ?? `${name}: ${message}`;
  }
}

async function create(): Promise<Runtime> {
  const { Runtime } = await import("../../mod.ts");
  return Runtime.create({ parkers: 2, locks: 1, timers: 1 });
}

/** Everything that takes one thread. */
async function park(): Promise<string[]> {
  using runtime = await create();
  const parker = runtime.parker();
  const results: string[] = [runtime.host];
  runtime.unparker(parker.handle).unpark();
  results.push(parker.park());
  results.push(parker.parkTimeout(1));
  results.push(await parker.parkAsync({ timeout: 1 }));
  results.push(await parker.parkAsync({ timeout: 0 }));
  const timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now() + 1);
  results.push(parker.park());
  timer.schedule(runtime.now() + 1);
  results.push(await parker.parkAsync());
  const mutex = runtime.mutex();
  mutex.lock().unlock();
  runtime.shutdown();
  results.push(parker.park());
  return results;
}

const COMMANDS: Record<string, () => unknown> = {
  /** Imports, and ends. */
  import: async () =>
    Object.keys(await import("../../mod.ts")).includes("Runtime"),

  park,

  /** A host that is none of the three. */
  fallback: async () => {
    lose("Deno", "Bun", "process");
    // Such a host has no process that ends when there is nothing left to do.
    const alive = setInterval(() => {}, LATER);
    const results = await park();
    using runtime = await create();
    results.push(codeOf(() => runtime.spawn(BODIES)));
    clearInterval(alive);
    return results;
  },

  /** A host that shares no memory, and has next to nothing. */
  bare: async () => {
    const module = new WebAssembly.Module(EMPTY_WASM);
    lose("Deno", "Bun", "process", "navigator", "SharedArrayBuffer");
    const { fallbackHost } = await import("../../src/hosts/fallback.ts");
    const { Runtime } = await import("../../mod.ts");
    const memory = new WebAssembly.Memory({
      initial: 1,
      maximum: 1,
      shared: true,
    });
    const handle = { layby: LAYOUT_VERSION, module, memory };
    return [
      fallbackHost.parallelism,
      fallbackHost.mayBlock,
      codeOf(() => Runtime.create()),
      codeOf(() => Runtime.attach(handle)),
    ];
  },

  /** A host that compiles nothing at run time, such as workerd. */
  uncompiled: async () => {
    const { Runtime } = await import("../../mod.ts");
    const { CompileError } = WebAssembly;
    Reflect.set(WebAssembly, "Module", function () {
      throw new CompileError("Wasm code generation disallowed by embedder");
    });
    return codeOf(() => Runtime.create());
  },

  /** A host whose event loop cannot wait. */
  unwaiting: async () => {
    Reflect.deleteProperty(Atomics, "waitAsync");
    using runtime = await create();
    const parker = runtime.parker();
    const message = await parker.parkAsync({ timeout: 1 }).catch(
      (error: LaybyError) => `${error.code}: ${error.message}`,
    );
    return [message, parker.parkTimeout(1)];
  },

  /** A host without WebAssembly. */
  interpreted: async () => {
    lose("WebAssembly");
    const { Runtime } = await import("../../mod.ts");
    return codeOf(() => Runtime.create());
  },

  /** Holds twice, and drops as often. */
  hold: () => {
    return new Promise((resolve) => {
      import("../../src/compose.ts").then(({ currentHost }) => {
        const { keepAlive } = currentHost();
        keepAlive.hold();
        keepAlive.hold();
        later(() => {
          keepAlive.drop();
          later(() => {
            resolve("held");
            keepAlive.drop();
          });
        });
      });
    });
  },

  /** Has nothing to do but to wait for a thread. */
  thread: async () => {
    const runtime = await create();
    const thread = runtime.spawn(BODIES, LATER);
    thread.unref();
    thread.ref();
    return thread.result;
  },

  /** Does not wait for a thread. */
  unref: async () => {
    const runtime = await create();
    const thread = runtime.spawn(BODIES, 1e9);
    thread.unref();
    return "gone";
  },
};

const result = await COMMANDS[process.argv[2]!]!();
console.log(JSON.stringify(result));
