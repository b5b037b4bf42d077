// File descriptors for tests: made, filled and emptied through C.

import process from "node:process";
import { currentHost } from "../../src/compose.ts";
import type { CLibrary } from "../../src/ffi.ts";

const LIBRARIES = ["libc.so.6", "libc.so", "libc.so.7", "libSystem.B.dylib"];

const FUNCTIONS = {
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "i64", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  write: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const AF_UNIX = 1;
// Non-blocking: of Linux.
const SOCK_STREAM = 1 | 0o4000;
const MSG_OOB = 1;

/** What the host lacks for it, as a reason to skip; false if nothing. */
export function withoutFfi(): string | false {
  const ffi = currentHost().ffi();
  return typeof ffi === "string" && `needs ${ffi}`;
}

/** The C library, on a thread that can call it. */
export function libc(): CLibrary<typeof FUNCTIONS> {
  const ffi = currentHost().ffi();
  if (typeof ffi === "string") throw new Error(ffi);
  return ffi.open(LIBRARIES, FUNCTIONS);
}

/** The two ends of something, which are closed with it. */
export interface Ends extends Disposable {
  readonly near: number;
  readonly far: number;
  /** Closes one of them, if it is not. */
  close(fd: number): void;
}

function endsOf(pair: Int32Array): Ends {
  const open = new Set(pair);
  const close = (fd: number) => {
    if (open.delete(fd)) libc().call.close(fd);
  };
  return {
    near: pair[0]!,
    far: pair[1]!,
    close,
    [Symbol.dispose]: () => [...open].forEach(close),
  };
}

/** A pipe: `near` is to be read from, `far` to be written to. */
export function pipe(): Ends {
  const pair = new Int32Array(2);
  if (libc().call.pipe2(pair, 0o4000) < 0) throw new Error("No pipe");
  return endsOf(pair);
}

/** Two sockets that are connected. */
export function sockets(): Ends {
  const pair = new Int32Array(2);
  if (libc().call.socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
    throw new Error("No sockets");
  }
  return endsOf(pair);
}

/** Writes so many bytes. */
export function fill(fd: number, bytes = 1): void {
  const written = libc().call.write(fd, new Uint8Array(bytes), bytes);
  if (written !== bytes) throw new Error(`Wrote ${written} of ${bytes}`);
}

/** Sends a byte out of band. */
export function fillUrgently(fd: number): void {
  if (libc().call.send(fd, new Uint8Array(1), 1, MSG_OOB) !== 1) {
    throw new Error("Sent nothing");
  }
}

/** Reads at most so many bytes, and returns how many there were. */
export function drain(fd: number, bytes = 64): number {
  return libc().call.read(fd, new Uint8Array(bytes), bytes);
}

/** Nothing more is written to this end. */
export function endWrites(fd: number): void {
  const SHUT_WR = 1;
  libc().call.shutdown(fd, SHUT_WR);
}

/** Whether this is Linux, where `/proc` tells of a process. */
export const IS_LINUX: boolean = process.platform === "linux";
