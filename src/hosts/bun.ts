// Bun: threads through `node:worker_threads`, and the kernel's futex through
// `bun:ffi`, since Bun's own wait makes three times the context switches.
// https://bun.com/docs/api/ffi

import type { Futex, Host, Serializer } from "../host.ts";
import { bunFfi } from "./bun_ffi.ts";
import { workerThreadsHost } from "./shared.ts";

// https://man7.org/linux/man-pages/man2/futex.2.html
const FUTEX_WAIT_PRIVATE = 128;
const FUTEX_WAKE_PRIVATE = 129;
const SYS_FUTEX: Record<string, number | undefined> = { x64: 202, arm64: 98 };
const ALL = 0x7fffffff;
const TIMESPEC_BYTES = 16;

interface BunFfi {
  dlopen(library: string, symbols: Record<string, object>): {
    symbols: { syscall(...args: (number | null)[]): number };
  };
  ptr(view: ArrayBufferView): number;
}

/** https://bun.com/reference/bun/jsc */
interface BunJsc {
  serialize(value: unknown, options: { binaryType: "nodebuffer" }): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}

interface BunGlobals {
  process: {
    platform: string;
    arch: string;
    getBuiltinModule(id: "bun:ffi"): BunFfi | undefined;
    getBuiltinModule(id: "bun:jsc"): BunJsc | undefined;
  };
}

/** System calls on the words of a memory, which lies at one address for all. */
class LinuxFutex implements Futex {
  readonly #syscall: (...args: (number | null)[]) => number;
  readonly #number: number;
  readonly #base: number;
  readonly #timespec = new BigInt64Array(TIMESPEC_BYTES / 8);
  readonly #timespecPtr: number;

  constructor(ffi: BunFfi, number: number, buffer: ArrayBufferLike) {
    const word = {
      returns: "i64_fast",
      args: ["i64", "ptr", "i32", "i32", "ptr"],
    };
    this.#syscall = ffi.dlopen("libc.so.6", { syscall: word }).symbols.syscall;
    this.#number = number;
    this.#base = ffi.ptr(new Uint8Array(buffer));
    this.#timespecPtr = ffi.ptr(this.#timespec);
  }

  wait(address: number, expected: number, timeout: number): boolean {
    const until = timeout === Infinity
      ? undefined
      : performance.now() + timeout;
    if (until !== undefined) {
      const ns = BigInt(Math.ceil(Math.min(timeout, 1e12) * 1e6));
      this.#timespec[0] = ns / 1_000_000_000n;
      this.#timespec[1] = ns % 1_000_000_000n;
    }
    this.#syscall(
      this.#number,
      this.#base + address,
      FUTEX_WAIT_PRIVATE,
      expected,
      until === undefined ? null : this.#timespecPtr,
    );
    return until !== undefined && performance.now() >= until;
  }

  wake(address: number): void {
    const at = this.#base + address;
    this.#syscall(this.#number, at, FUTEX_WAKE_PRIVATE, ALL, null);
  }
}

function futex(buffer: ArrayBufferLike): Futex | string {
  const { process } = globalThis as unknown as BunGlobals;
  const number = SYS_FUTEX[process.arch];
  if (process.platform !== "linux" || number === undefined) {
    return "Linux on x64 or arm64";
  }
  const ffi = process.getBuiltinModule("bun:ffi");
  return ffi ? new LinuxFutex(ffi, number, buffer) : "bun:ffi";
}

/** What its `node:v8` is made of, which takes nine times as long. */
function serializer(): Serializer | undefined {
  const { process } = globalThis as unknown as BunGlobals;
  const jsc = process.getBuiltinModule("bun:jsc");
  if (!jsc) return undefined;
  return {
    serialize: (value) => jsc.serialize(value, { binaryType: "nodebuffer" }),
    deserialize: (bytes) => jsc.deserialize(bytes),
  };
}

/** Bun 1.4 and later. */
export const bunHost: Host = workerThreadsHost(
  "bun",
  bunFfi,
  futex,
  serializer,
);
