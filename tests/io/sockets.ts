// Pairs of sockets, and the functions of C that the tests of io/ call.

import { readdirSync } from "node:fs";
import process from "node:process";
import { currentHost } from "../../src/compose.ts";
import type { CLibrary } from "../../src/ffi.ts";
import { LIBC } from "../hosts/libc.ts";

const FUNCTIONS = {
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  write: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** What would block. */
export const EAGAIN = 11;

const ffi = currentHost().ffi();

/** Why these tests cannot run here; false if they can. */
export const NEEDS: string | false = typeof ffi === "string"
  ? `needs ${ffi}`
  : process.platform !== "linux" && "only on Linux";

let opened: CLibrary<typeof FUNCTIONS> | undefined;

/** The functions, on a thread that can call them. */
export function libc(): CLibrary<typeof FUNCTIONS> {
  if (typeof ffi === "string") throw new Error(ffi);
  return opened ??= ffi.open(LIBC, FUNCTIONS);
}

/** Two ends of a non-blocking stream. */
export function socketPair(): readonly [number, number] {
  const fds = new Int32Array(new ArrayBuffer(8));
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (libc().call.socketpair(AF_UNIX, type, 0, fds) < 0) {
    throw new Error(`socketpair: ${libc().errno()}`);
  }
  return [fds[0]!, fds[1]!];
}

/** Reads what there is: the bytes, null at the end, undefined if none is there. */
export function readNow(fd: number): Uint8Array | null | undefined {
  const bytes = new Uint8Array(new ArrayBuffer(4096));
  const count = libc().call.read(fd, bytes, bytes.length);
  if (count === 0) return null;
  if (count > 0) return bytes.subarray(0, count);
  const errno = libc().errno();
  if (errno === EAGAIN) return undefined;
  throw new Error(`read: ${errno}`);
}

/** Writes so many bytes of this value, which there is room for. */
export function writeNow(fd: number, value: number, count = 1): void {
  const bytes = new Uint8Array(new ArrayBuffer(count)).fill(value);
  const written = libc().call.write(fd, bytes, count);
  if (written !== count) throw new Error(`write: ${written}`);
}

/** Closes them. */
export function closeAll(...fds: readonly number[]): void {
  for (const fd of fds) libc().call.close(fd);
}

/** Descriptors of this process. */
export function openFds(): number {
  return readdirSync("/proc/self/fd").length;
}
