// What C has for pipes and sockets: functions, and numbers that each system
// chose for itself. Tried on Linux; FreeBSD's are read out of its headers.

import { SystemError, UnsupportedError } from "../errors.ts";
import type { CLibrary, Ffi } from "../ffi.ts";
import type { Local } from "../core/local.ts";

/** https://man7.org/linux/man-pages/man7/socket.7.html */
const FUNCTIONS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  send: { parameters: ["i32", "buffer", "i64", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "i64", "i32"], result: "i32" },
  sendto: {
    parameters: ["i32", "buffer", "i64", "i32", "buffer", "u32"],
    result: "i32",
  },
  recvfrom: {
    parameters: ["i32", "buffer", "i64", "i32", "buffer", "buffer"],
    result: "i32",
  },
  read: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  write: { parameters: ["i32", "buffer", "i64"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** The functions. */
export type Libc = CLibrary<typeof FUNCTIONS>;

/** What a system calls things. */
interface Numbers {
  readonly libraries: readonly string[];
  /** Whether an address begins with its length, before a family of a byte. */
  readonly hasLength: boolean;
  readonly INET6: number;
  /** Close on exec, and non-blocking: of a socket, and of a file. */
  readonly SOCK_FLAGS: number;
  readonly O_FLAGS: number;
  readonly O_CLOEXEC: number;
  readonly SOL_SOCKET: number;
  readonly REUSEADDR: number;
  readonly REUSEPORT: number;
  readonly ERROR: number;
  readonly DONTWAIT: number;
  readonly NOSIGNAL: number;
}

/** Those on which all agree. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

const SYSTEMS: Readonly<Record<string, Numbers | undefined>> = {
  linux: {
    libraries: ["libc.so.6", "libc.so"],
    hasLength: false,
    INET6: 10,
    SOCK_FLAGS: 0o2004000,
    O_FLAGS: 0o2004000,
    O_CLOEXEC: 0o2000000,
    SOL_SOCKET: 1,
    REUSEADDR: 2,
    REUSEPORT: 15,
    ERROR: 4,
    DONTWAIT: 0x40,
    NOSIGNAL: 0x4000,
  },
  freebsd: {
    libraries: ["libc.so.7"],
    hasLength: true,
    INET6: 28,
    SOCK_FLAGS: 0x30000000,
    O_FLAGS: 0x100004,
    O_CLOEXEC: 0x100000,
    SOL_SOCKET: 0xffff,
    REUSEADDR: 4,
    REUSEPORT: 0x200,
    ERROR: 0x1007,
    DONTWAIT: 0x80,
    NOSIGNAL: 0x20000,
  },
};

/** C's `int`, for options and lengths. */
export function newInt(value: number): Int32Array<ArrayBuffer> {
  return new Int32Array(new ArrayBuffer(4)).fill(value);
}

/** An option of a socket that is off at first. */
export type SocketOption = "REUSEADDR" | "REUSEPORT";

/** What this thread calls. */
export class System {
  readonly libc: Libc;
  readonly numbers: Numbers;
  /** To send and receive: blocks never, and raises no signal. */
  readonly flags: number;

  constructor(ffi: Ffi, numbers: Numbers) {
    this.libc = ffi.open(numbers.libraries, FUNCTIONS);
    this.numbers = numbers;
    this.flags = numbers.DONTWAIT | numbers.NOSIGNAL;
  }

  /** The last call's failure. */
  failure(action: string, syscall: string): SystemError {
    return new SystemError(action, syscall, this.libc.errno());
  }

  /** Returns what a call did that does not block, or throws its failure. */
  check(action: string, syscall: string, result: number): number {
    if (result < 0) throw this.failure(action, syscall);
    return result;
  }

  /** Does what is left to do with a new descriptor, closed if that fails. */
  orClose<T>(fd: number, rest: () => T): T {
    try {
      return rest();
    } catch (error) {
      this.libc.call.close(fd);
      throw error;
    }
  }

  /** Sets an option of a socket to 1. Returns what C does. */
  turnOn(fd: number, option: SocketOption): number {
    const { SOL_SOCKET, [option]: name } = this.numbers;
    return this.libc.call.setsockopt(fd, SOL_SOCKET, name, newInt(1), 4);
  }

  /** Has a TCP socket send at once what it is given. */
  setNoDelay(fd: number, isOn: boolean): number {
    const value = newInt(isOn ? 1 : 0);
    const { setsockopt } = this.libc.call;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value, 4);
  }

  /** The errno that a socket has for whoever asks; 0 if none. */
  errorOf(fd: number): number {
    const { SOL_SOCKET, ERROR } = this.numbers;
    const value = newInt(0);
    this.libc.call.getsockopt(fd, SOL_SOCKET, ERROR, value, newInt(4));
    return value[0]!;
  }
}

/** A thread has one. */
let opened: System | undefined;

/**
 * What this thread calls.
 *
 * @throws {UnsupportedError} If it can call none, or the system lacks some.
 */
export function systemOf({ host }: Local, action: string): System {
  if (opened) return opened;
  const ffi = host.ffi();
  if (typeof ffi === "string") throw new UnsupportedError(action, ffi);
  const numbers = SYSTEMS[ffi.platform];
  if (!numbers) throw new UnsupportedError(action, "Linux or FreeBSD");
  return opened = new System(ffi, numbers);
}
