// A few functions of the C library of Linux, called as directly as each runtime
// allows.

import process from "node:process";
import { Unavailable } from "../unavailable.ts";

/** Where bytes are, as this runtime tells a C function. */
export type Address = unknown;

/** Bytes that C may read and write. They stay where they are while it is held. */
export interface Room {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: Address;
}

/** Functions of libc. They return -1 if they fail. */
export interface Libc {
  /** The address of bytes that were not made by `new Uint8Array`. */
  addressOf(bytes: Uint8Array<ArrayBuffer>): Address;
  eventfd(count: number, flags: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, op: number, fd: number, event: Address): number;
  epoll_wait(epoll: number, to: Address, room: number, ms: number): number;
  read(fd: number, to: Address, room: number): number;
  write(fd: number, from: Address, length: number): number;
  close(fd: number): number;
  clock_gettime(clock: number, time: Address): number;
  socketpair(domain: number, type: number, of: number, fds: Address): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, name: Address, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, name: Address, length: Address): number;
  connect(fd: number, name: Address, length: number): number;
  accept4(fd: number, name: null, length: null, flags: number): number;
  setsockopt(
    fd: number,
    level: number,
    option: number,
    value: Address,
    length: number,
  ): number;
}

type Functions = Omit<Libc, "addressOf">;

const LIBRARY = "libc.so.6";
const POINTER = "pointer";

// Lengths are `size_t`, for which a runtime may want a `bigint`. None is here
// that does not fit into 32 bits.
const PARAMETERS: Readonly<Record<keyof Functions, readonly string[]>> = {
  eventfd: ["u32", "i32"],
  epoll_create1: ["i32"],
  epoll_ctl: ["i32", "i32", "i32", POINTER],
  epoll_wait: ["i32", POINTER, "i32", "i32"],
  read: ["i32", POINTER, "u32"],
  write: ["i32", POINTER, "u32"],
  close: ["i32"],
  clock_gettime: ["i32", POINTER],
  socketpair: ["i32", "i32", "i32", POINTER],
  socket: ["i32", "i32", "i32"],
  bind: ["i32", POINTER, "u32"],
  listen: ["i32", "i32"],
  getsockname: ["i32", POINTER, POINTER],
  connect: ["i32", POINTER, "u32"],
  accept4: ["i32", POINTER, POINTER, "i32"],
  setsockopt: ["i32", "i32", "i32", POINTER, "u32"],
};

interface DenoFfi {
  dlopen(library: string, symbols: object): { symbols: Functions };
  UnsafePointer: { of(bytes: Uint8Array<ArrayBuffer>): Address };
}

interface BunFfi {
  dlopen(library: string, symbols: object): { symbols: Functions };
  ptr(bytes: Uint8Array<ArrayBuffer>): Address;
}

interface NodeFfi {
  dlopen(library: string, symbols: object): { functions: Functions };
  getRawPointer(bytes: Uint8Array<ArrayBuffer>): Address;
}

interface Globals {
  Deno?: DenoFfi;
  process: {
    getBuiltinModule(id: "bun:ffi"): BunFfi | undefined;
    getBuiltinModule(id: "node:ffi"): NodeFfi | undefined;
  };
}

/**
 * Opens libc for this thread.
 *
 * @throws {Unavailable} If the runtime cannot, or the system is another.
 */
export function openLibc(): Libc {
  if (process.platform !== "linux") throw new Unavailable("this is no Linux");
  const { Deno: deno, process: { getBuiltinModule } } =
    globalThis as unknown as Globals;
  if (deno !== undefined) {
    const { symbols } = deno.dlopen(LIBRARY, symbolsOf("parameters", "result"));
    return { ...symbols, addressOf: (bytes) => deno.UnsafePointer.of(bytes) };
  }
  if (process.versions.bun !== undefined) {
    const bun = getBuiltinModule("bun:ffi")!;
    const { symbols } = bun.dlopen(LIBRARY, symbolsOf("args", "returns"));
    return { ...symbols, addressOf: (bytes) => bun.ptr(bytes) };
  }
  const node = getBuiltinModule("node:ffi");
  if (node === undefined) {
    throw new Unavailable(`Node ${process.versions.node} has no node:ffi`);
  }
  const { functions } = node.dlopen(LIBRARY, symbolsOf("arguments", "return"));
  return { ...functions, addressOf: (bytes) => node.getRawPointer(bytes) };
}

/** So many bytes, zeroed. */
export function newRoom(libc: Libc, length: number): Room {
  // Few bytes that have no buffer of their own are in V8's heap, and move.
  const bytes = new Uint8Array(new ArrayBuffer(length));
  return { bytes, address: libc.addressOf(bytes) };
}

/** The bytes of an `int` with this value. */
export function intRoom(libc: Libc, value: number): Room {
  const room = newRoom(libc, 4);
  new Int32Array(room.bytes.buffer)[0] = value;
  return room;
}

/** What to look for, in the words of a runtime. */
function symbolsOf(parameters: string, result: string): object {
  const symbols = Object.entries(PARAMETERS).map(([name, types]) => [
    name,
    { [parameters]: types, [result]: "i32" },
  ]);
  return Object.fromEntries(symbols);
}
