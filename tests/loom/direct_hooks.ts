// The plainest implementation of the hooks: each is done at once.

import type { Site } from "../../loom/src/types.ts";
import type { Hook } from "../../loom/src/wasm/hooks.ts";

export const PAGE = 65536;
type Value = number | bigint;
export type Hooks = Record<Hook, (...args: Value[]) => Value | void>;

const TIMED_OUT = 2;
const NOT_EQUAL = 1;

/** What a read-modify-write leaves in memory. */
const COMBINE: Record<string, (old: bigint, value: bigint) => bigint> = {
  add: (old, value) => old + value,
  sub: (old, value) => old - value,
  and: (old, value) => old & value,
  or: (old, value) => old | value,
  xor: (old, value) => old ^ value,
  xchg: (_, value) => value,
};

/** A memory as a program sees it, and a record of what was done with it. */
export class DirectMemory {
  readonly memory: WebAssembly.Memory;
  readonly #sites: readonly Site[];
  #pages: number;
  /** The instructions so far, as they ran. */
  readonly log: string[] = [];

  constructor(
    memory: WebAssembly.Memory,
    sites: readonly Site[],
    pages: number,
  ) {
    this.memory = memory;
    this.#sites = sites;
    this.#pages = pages;
  }

  hooks(): Hooks {
    const load = (addr: Value, site: Value) => this.#load(addr, site);
    const store = (addr: Value, value: Value, site: Value) =>
      void this.#rmw(addr, site, () => BigInt(value));
    const rmw = (addr: Value, value: Value, site: Value) =>
      this.#rmw(
        addr,
        site,
        (old, { rmw }) => COMBINE[rmw!]!(old, BigInt(value)),
      );
    const cmpxchg = (addr: Value, from: Value, to: Value, site: Value) =>
      this.#rmw(addr, site, (old, { bytes }) => {
        const expected = BigInt.asUintN(bytes * 8, BigInt(from));
        return old === expected ? BigInt(to) : old;
      });
    const wait = (addr: Value, expected: Value, timed: Value, site: Value) =>
      this.#wait(addr, expected, timed, site);
    return {
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
      notify: (addr, _, site) => (this.#enter(addr, site), 0),
      fence: (site) => void this.log.push(this.#site(site).op),
      touch: (addr, site) => (this.#enter(addr, site), addr),
      range: (start, length, site) =>
        void this.log.push(
          `${this.#site(site).op} ${Number(start) >>> 0} ${
            Number(length) >>> 0
          }`,
        ),
      size: () => this.#pages,
      grow: (pages) => this.#grow(Number(pages) >>> 0),
    };
  }

  #site(id: Value): Site {
    return this.#sites[Number(id)]!;
  }

  /** The byte that an access begins at, and the site; traps like a native one. */
  #enter(addr: Value, id: Value): { at: number; site: Site } {
    const site = this.#site(id);
    const at = (Number(addr) >>> 0) + site.offset;
    const isPlain = site.kind.startsWith("plain");
    if (at + site.bytes > this.#pages * PAGE) throw new Error("out of bounds");
    if (!isPlain && at % site.bytes) throw new Error("unaligned");
    this.log.push(site.op);
    return { at, site };
  }

  #load(addr: Value, id: Value): Value {
    const { at, site } = this.#enter(addr, id);
    return this.#read(at, site);
  }

  #rmw(addr: Value, id: Value, next: (old: bigint, site: Site) => bigint) {
    const { at, site } = this.#enter(addr, id);
    const old = this.#read(at, site);
    this.#write(
      at,
      site,
      next(BigInt.asUintN(site.bytes * 8, BigInt(old)), site),
    );
    return old;
  }

  #wait(addr: Value, expected: Value, timed: Value, id: Value): number {
    const { at, site } = this.#enter(addr, id);
    this.log.push(timed ? "timed" : "untimed");
    if (this.#read(at, site) !== expected) return NOT_EQUAL;
    if (timed) return TIMED_OUT;
    throw new Error("asleep");
  }

  #read(at: number, { bytes, wide }: Site): Value {
    const memory = new Uint8Array(this.memory.buffer);
    let value = 0n;
    for (let byte = bytes - 1; byte >= 0; byte--) {
      value = value << 8n | BigInt(memory[at + byte]!);
    }
    return wide ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value));
  }

  #write(at: number, { bytes }: Site, value: bigint): void {
    const memory = new Uint8Array(this.memory.buffer);
    for (let byte = 0; byte < bytes; byte++) {
      memory[at + byte] = Number(value >> BigInt(byte * 8) & 0xffn);
    }
  }

  #grow(pages: number): number {
    const before = this.#pages;
    if (before + pages > 4) return -1;
    this.#pages += pages;
    return before;
  }
}
