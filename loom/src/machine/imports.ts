// What the rewritten program imports: every instruction that touches memory.

import type { Program, Site } from "../types.ts";
import {
  ADD,
  AND,
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  OR,
  PLAIN_LOAD,
  PLAIN_STORE,
  STORE,
  SUB,
  WAIT,
  XCHG,
  XOR,
} from "./operation.ts";
import type { Thread } from "./thread.ts";

/** What the machine does with an instruction. */
export interface Instructions {
  /** An atomic one, which the thread's operation says. */
  perform(thread: Thread): number | bigint;
  /** A plain one: before the program does it itself. */
  touch(
    thread: Thread,
    code: number,
    site: number,
    address: number,
    bytes: number,
  ): void;
  /** `memory.size`, in pages. */
  size(): number;
  /** `memory.grow`. */
  grow(pages: number): number;
}

const RMW = { add: ADD, sub: SUB, and: AND, or: OR, xor: XOR, xchg: XCHG };

/** The imports of one thread's instance. */
export function importsOf(
  { sites, memory }: Program,
  raw: WebAssembly.Memory,
  thread: Thread,
  machine: Instructions,
): WebAssembly.Imports {
  const { operation } = thread;
  const codes = sites.map((site) => site.rmw ? RMW[site.rmw] : FENCE);

  function perform(
    code: number,
    id: number,
    address: number,
    first: number | bigint,
    second: number | bigint,
    timed: boolean,
  ): number | bigint {
    if (thread.isRewinding) return thread.arrive();
    const { offset, bytes, wide } = sites[id]!;
    const at = (address >>> 0) + offset;
    operation.set(code, id, at, bytes, wide, first, second, timed);
    return machine.perform(thread);
  }

  function touch(code: number, id: number, start: number, bytes: number): void {
    if (thread.isRewinding) {
      thread.arrive();
      return;
    }
    machine.touch(thread, code, id, start, bytes);
  }

  const isStore = ({ kind, op }: Site): boolean =>
    kind === "plain store" || kind === "fill" || op.endsWith("(to)");
  const plain = sites.map((site) => isStore(site) ? PLAIN_STORE : PLAIN_LOAD);
  const load = (address: number, id: number) =>
    perform(LOAD, id, address, 0, 0, false);
  const store = (address: number, value: number | bigint, id: number) => {
    perform(STORE, id, address, value, 0, false);
  };
  const rmw = (address: number, value: number | bigint, id: number) =>
    perform(codes[id]!, id, address, value, 0, false);
  const cmpxchg = (
    address: number,
    expected: number | bigint,
    replacement: number | bigint,
    id: number,
  ) => perform(CMPXCHG, id, address, expected, replacement, false);
  const wait = (
    address: number,
    expected: number | bigint,
    timed: number,
    id: number,
  ) => perform(WAIT, id, address, expected, 0, timed !== 0);

  return {
    [memory.module]: { [memory.name]: raw },
    loom: {
      i32_load: load,
      i64_load: load,
      i32_store: store,
      i64_store: store,
      i32_rmw: rmw,
      i64_rmw: rmw,
      i32_cmpxchg: cmpxchg,
      i64_cmpxchg: cmpxchg,
      wait,
      wait64: wait,
      notify: (address: number, count: number, id: number) =>
        perform(NOTIFY, id, address, count, 0, false),
      fence: (id: number) => {
        perform(FENCE, id, 0, 0, 0, false);
      },
      touch: (address: number, id: number) => {
        const { offset, bytes } = sites[id]!;
        touch(plain[id]!, id, (address >>> 0) + offset, bytes);
        return address;
      },
      range: (start: number, length: number, id: number) =>
        touch(plain[id]!, id, start >>> 0, length >>> 0),
      size: () => machine.size(),
      grow: (pages: number) => machine.grow(pages),
    },
  };
}
