// One binary, run natively and rewritten in three ways: the calls of all four
// must return the same, and leave the same in memory.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Site } from "../../loom/src/types.ts";
import { asyncify } from "../../loom/src/wasm/asyncify.ts";
import { rewrite } from "../../loom/src/wasm/rewrite.ts";
import { DirectMemory, type Hooks, PAGE } from "./direct_hooks.ts";

export type Value = number | bigint;

/** An instance of a binary, over a memory of its own. */
export interface Subject {
  readonly title: string;
  readonly bytes: Uint8Array;
  /** Calls an export. Returns "trap" if it traps. */
  call(name: string, ...args: Value[]): unknown;
  readonly exports: WebAssembly.Exports;
  /** What the hooks were called for. Not of the native one. */
  readonly log?: string[];
}

/** All that is instantiated of one binary. */
export interface Subjects {
  readonly native: Subject;
  readonly rewritten: readonly Subject[];
  readonly sites: readonly Site[];
}

/** Pages that the program does not see, for what asyncify writes. */
const EXTRA_PAGES = 1;
const VISIBLE_PAGES = 1;

type Function = (...args: Value[]) => unknown;

export async function instantiateAll(
  wasm: Uint8Array<ArrayBuffer>,
): Promise<Subjects> {
  const { wasm: rewritten, sites } = rewrite(wasm);
  const bytes = Uint8Array.from(rewritten);
  assert.ok(WebAssembly.validate(bytes), "the rewritten binary is valid");
  const asyncified = Uint8Array.from(await asyncify(bytes));
  return {
    native: native(wasm),
    rewritten: [
      direct("rewritten", bytes, sites),
      direct("asyncified", asyncified, sites),
      unwinding(asyncified, sites),
    ],
    sites,
  };
}

/** Calls an export of each, and compares the results and the memories. */
export function callAll(
  { native, rewritten }: Subjects,
  name: string,
  ...args: Value[]
): unknown {
  const expected = native.call(name, ...args);
  const what = `${name}(${args.join(", ")})`;
  for (const subject of rewritten) {
    const title = `${what} ${subject.title}`;
    assert.deepEqual(subject.call(name, ...args), expected, title);
    assert.ok(isEqual(native.bytes, subject.bytes), `${title}: memory`);
  }
  return expected;
}

/** Writes the same into each of the memories. */
export function writeAll(
  { native, rewritten }: Subjects,
  at: number,
  bytes: ArrayLike<number>,
): void {
  for (const subject of [native, ...rewritten]) subject.bytes.set(bytes, at);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function native(wasm: Uint8Array<ArrayBuffer>): Subject {
  const memory = new WebAssembly.Memory({
    initial: VISIBLE_PAGES,
    maximum: 4,
    shared: true,
  });
  const { exports } = instantiate(wasm, { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  const call = caller(exports);
  return { title: "native", bytes, call, exports };
}

function instantiate(wasm: Uint8Array<ArrayBuffer>, imports: object) {
  const module = new WebAssembly.Module(wasm);
  return new WebAssembly.Instance(module, imports as WebAssembly.Imports);
}

function caller(exports: WebAssembly.Exports): Subject["call"] {
  return (name, ...args) => {
    try {
      return (exports[name] as Function)(...args);
    } catch {
      return "trap";
    }
  };
}

function direct(
  title: string,
  wasm: Uint8Array<ArrayBuffer>,
  sites: readonly Site[],
): Subject {
  const memory = new WebAssembly.Memory({ initial: VISIBLE_PAGES });
  const behind = new DirectMemory(memory, sites, VISIBLE_PAGES);
  const { exports } = instantiate(wasm, {
    env: { memory },
    loom: behind.hooks(),
  });
  const bytes = new Uint8Array(memory.buffer);
  return { title, bytes, call: caller(exports), exports, log: behind.log };
}

/** Leaves each hook before it does anything, and comes back to do it. */
function unwinding(
  wasm: Uint8Array<ArrayBuffer>,
  sites: readonly Site[],
): Subject {
  const initial = VISIBLE_PAGES + EXTRA_PAGES;
  const memory = new WebAssembly.Memory({ initial });
  const behind = new DirectMemory(memory, sites, VISIBLE_PAGES);
  const stack = VISIBLE_PAGES * PAGE;
  const words = new Uint32Array(memory.buffer, stack, 2);
  let left: (() => Value | void) | undefined;
  const hooks = Object.fromEntries(
    Object.entries(behind.hooks()).map(([name, hook]) => [
      name,
      (...args: Value[]) => {
        if (left) {
          const perform = left;
          left = undefined;
          asyncifyCall("stop_rewind");
          return perform();
        }
        left = () => hook(...args);
        words.set([stack + 8, stack + PAGE]);
        asyncifyCall("start_unwind", stack);
        return name.startsWith("i64") ? 0n : 0;
      },
    ]),
  ) as Hooks;
  const { exports } = instantiate(wasm, { env: { memory }, loom: hooks });
  const asyncifyCall = (name: string, ...args: Value[]) =>
    (exports[`asyncify_${name}`] as Function)(...args);
  const once = caller(exports);
  const call: Subject["call"] = (name, ...args) => {
    let result = once(name, ...args);
    while (left) {
      asyncifyCall("stop_unwind");
      asyncifyCall("start_rewind", stack);
      result = once(name, ...args);
    }
    return result;
  };
  const bytes = new Uint8Array(memory.buffer, 0, stack);
  const title = "asyncified and unwound";
  return { title, bytes, call, exports, log: behind.log };
}
