// The functions of Linux's C library that the tests call.

import { currentHost } from "../../src/compose.ts";
import type { CLibrary } from "../../src/ffi.ts";

export const LIBC: readonly string[] = ["libc.so.6", "libc.so"];

// https://man7.org/linux/man-pages/man2/syscalls.2.html
export const FUNCTIONS = {
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  write: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  mmap: {
    parameters: ["address", "i64", "i32", "i32", "i32", "i64"],
    result: "address",
  },
  munmap: { parameters: ["address", "i64"], result: "i32" },
  memcpy: { parameters: ["address", "buffer", "i64"], result: "address" },
  free: { parameters: ["address"], result: "void" },
  labs: { parameters: ["i64"], result: "i64" },
  abs: { parameters: ["i32"], result: "i32" },
  htonl: { parameters: ["u32"], result: "u32" },
} as const;

export const EFD_NONBLOCK = 0x800;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;
export const EBADF = 9;
export const EAGAIN = 11;
export const EINVAL = 22;

/** Opens it, on a thread that can. */
export function openLibc(): CLibrary<typeof FUNCTIONS> {
  const ffi = currentHost().ffi();
  if (typeof ffi === "string") throw new Error(ffi);
  return ffi.open(LIBC, FUNCTIONS);
}

/** Eight bytes that hold a number. */
export function eight(value: number): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.of(BigInt(value));
}
