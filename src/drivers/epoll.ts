// Linux: epoll, with an eventfd as its bell.
// https://man7.org/linux/man-pages/man7/epoll.7.html

import {
  ERROR,
  PRIORITY,
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../core/core.generated.ts";
import { SystemError, UnsupportedError } from "../errors.ts";
import type { CLibrary, Ffi } from "../ffi.ts";
import type { RegistrationPlace } from "../driver.ts";
import {
  READ,
  type Selector,
  type TakeEvent,
  URGENT,
  WRITE,
} from "./selector.ts";

const LIBRARIES = ["libc.so.6", "libc.so"];

const FUNCTIONS = {
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  eventfd_write: { parameters: ["i32", "i64"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** From Linux 5.11 and glibc 2.35 on: a timeout in nanoseconds. */
const PRECISE = {
  epoll_pwait2: {
    parameters: ["i32", "buffer", "i32", "buffer", "buffer"],
    result: "i32",
  },
} as const;

const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const ADD = 1;
const DELETE = 2;
const MODIFY = 3;

const IN = 1;
const PRI = 2;
const OUT = 4;
const ERR = 8;
const HUP = 16;
const RDHUP = 0x2000;
const EDGE = 0x80000000;

const EINTR = 4;
const ENOSYS = 38;
const EBADF = 9;
const EPERM = 1;
const EEXIST = 17;

/** As many as Tokio fetches in a turn. */
const MOST = 1024;
const NS_PER_MS = 1e6;
const NS_PER_S = 1_000_000_000n;
/** Longest timeout that epoll takes: 2^31 - 1 ms. */
const LONGEST_MS = 0x7fffffff;

type Libc = CLibrary<typeof FUNCTIONS>;

/** Why a descriptor is refused, for those that users meet. */
const REASONS: Readonly<Record<number, string>> = {
  [EBADF]: "it is not an open file descriptor",
  [EPERM]: "it is a file that is always ready, such as one on a disk",
  [EEXIST]: "it is registered already: deregister it first, or dup() it",
};

/** A selector of Linux, for the thread that made it. */
export class Epoll implements Selector {
  readonly name = "epoll";
  readonly #ffi: Ffi;
  readonly #selector: number;
  readonly #bell: number;
  #libc: Libc | undefined;
  #precise: CLibrary<typeof PRECISE> | undefined | null = undefined;
  /** Where the user's data lies in an event, and how far events are apart. */
  readonly #dataAt: number;
  readonly #stride: number;
  readonly #events: DataView<ArrayBuffer>;
  readonly #event = new DataView(new ArrayBuffer(16));
  readonly #timespec = new BigInt64Array(new ArrayBuffer(16));

  /** Opens the descriptors that all threads share. */
  static open(ffi: Ffi): { selector: number; bell: number } {
    if (ffi.platform !== "linux") {
      throw new UnsupportedError('sleep in "epoll"', 'Linux: use "kqueue"');
    }
    const libc = ffi.open(LIBRARIES, FUNCTIONS);
    const action = "create a runtime";
    const selector = libc.call.epoll_create1(CLOEXEC);
    if (selector < 0) {
      throw new SystemError(action, "epoll_create1", libc.errno());
    }
    const bell = libc.call.eventfd(0, CLOEXEC | NONBLOCK);
    if (bell < 0) {
      const error = new SystemError(action, "eventfd", libc.errno());
      libc.call.close(selector);
      throw error;
    }
    new Epoll(ffi, selector, bell).#addBell();
    return { selector, bell };
  }

  /** A thread's way to descriptors that are open. */
  constructor(ffi: Ffi, selector: number, bell: number) {
    this.#ffi = ffi;
    this.#selector = selector;
    this.#bell = bell;
    // struct epoll_event is packed on x86-64, and nowhere else.
    const isPacked = ffi.arch === "x64";
    this.#dataAt = isPacked ? 4 : 8;
    this.#stride = isPacked ? 12 : 16;
    this.#events = new DataView(new ArrayBuffer(this.#stride * MOST));
  }

  get #calls(): Libc["call"] {
    return (this.#libc ??= this.#ffi.open(LIBRARIES, FUNCTIONS)).call;
  }

  get #errno(): number {
    return this.#libc!.errno();
  }

  /** Edge-triggered, and never drained: each write is an event of its own. */
  #addBell(): void {
    this.#control(ADD, this.#bell, IN | EDGE, 0, 0);
  }

  #control(
    operation: number,
    fd: number,
    events: number,
    address: number,
    claim: number,
  ): number {
    this.#event.setUint32(0, events >>> 0, true);
    this.#event.setUint32(this.#dataAt, address, true);
    this.#event.setInt32(this.#dataAt + 4, claim, true);
    const { epoll_ctl } = this.#calls;
    return epoll_ctl(this.#selector, operation, fd, this.#event) < 0
      ? this.#errno
      : 0;
  }

  add(
    fd: number,
    interest: number,
    { address, claim }: RegistrationPlace,
  ): void {
    const errno = this.#control(ADD, fd, eventsOf(interest), address, claim);
    if (errno === 0) return;
    const action = `register file descriptor ${fd}`;
    throw new SystemError(action, "epoll_ctl", errno, REASONS[errno]);
  }

  renew(
    fd: number,
    interest: number,
    { address, claim }: RegistrationPlace,
  ): void {
    // One that was closed meanwhile is not there any more.
    this.#control(MODIFY, fd, eventsOf(interest), address, claim);
  }

  remove(fd: number): void {
    this.#control(DELETE, fd, 0, 0, 0);
  }

  wait(timeout: number, take: TakeEvent): void {
    const count = this.#wait(timeout);
    if (count < 0) {
      const errno = this.#errno;
      if (errno === EINTR) return;
      throw new SystemError("sleep in the driver", "epoll_wait", errno);
    }
    const events = this.#events;
    for (let place = 0, at = 0; place < count; place++, at += this.#stride) {
      const data = at + this.#dataAt;
      const address = events.getUint32(data, true);
      const claim = events.getInt32(data + 4, true);
      take(address, claim, readyOf(events.getUint32(at, true)));
    }
  }

  #wait(timeout: number): number {
    const { epoll_wait } = this.#calls;
    const events = this.#events;
    if (timeout > 0 && timeout < 1) {
      const count = this.#waitPrecisely(timeout);
      if (count !== undefined) return count;
    }
    // Up, and not down: a wait of less than a millisecond is no poll.
    const ms = timeout === Infinity
      ? -1
      : Math.min(Math.ceil(timeout), LONGEST_MS);
    return epoll_wait(this.#selector, events, MOST, ms);
  }

  /** Undefined if there is no such call. */
  #waitPrecisely(timeout: number): number | undefined {
    this.#precise ??= this.#openPrecise();
    if (!this.#precise) return undefined;
    const ns = BigInt(Math.ceil(timeout * NS_PER_MS));
    this.#timespec[0] = ns / NS_PER_S;
    this.#timespec[1] = ns % NS_PER_S;
    const { epoll_pwait2 } = this.#precise.call;
    const [selector, timespec] = [this.#selector, this.#timespec];
    const count = epoll_pwait2(selector, this.#events, MOST, timespec, null);
    if (count >= 0 || this.#errno !== ENOSYS) return count;
    this.#precise = null;
    return undefined;
  }

  #openPrecise(): CLibrary<typeof PRECISE> | null {
    try {
      return this.#ffi.open(LIBRARIES, PRECISE);
    } catch (error) {
      if (error instanceof UnsupportedError) return null;
      throw error;
    }
  }

  ring(): void {
    this.#calls.eventfd_write(this.#bell, 1);
  }

  closeFd(fd: number): void {
    this.#calls.close(fd);
  }

  close(): void {
    this.#calls.close(this.#selector);
    this.#calls.close(this.#bell);
  }
}

function eventsOf(interest: number): number {
  let events = EDGE;
  if (interest & READ) events |= IN | RDHUP;
  if (interest & WRITE) events |= OUT;
  if (interest & URGENT) events |= PRI;
  return events;
}

/** As mio reads them, src/sys/unix/selector/epoll.rs. */
function readyOf(events: number): number {
  let ready = 0;
  if (events & (IN | PRI)) ready |= READABLE;
  if (events & OUT) ready |= WRITABLE;
  if (events & HUP || (events & IN && events & RDHUP)) ready |= READ_CLOSED;
  if (events & HUP || (events & OUT && events & ERR) || events === ERR) {
    ready |= WRITE_CLOSED;
  }
  if (events & PRI) ready |= PRIORITY;
  if (events & ERR) ready |= ERROR;
  return ready;
}
