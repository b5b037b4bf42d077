// macOS and FreeBSD: kqueue, which is a bell of its own. On Linux, for tests,
// tests/native/kqueue.c or libkqueue.
// https://man.freebsd.org/cgi/man.cgi?kqueue

import {
  ERROR,
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../core/core.generated.ts";
import type { RegistrationPlace } from "../driver.ts";
import { SystemError, UnsupportedError } from "../errors.ts";
import type { CLibrary, Ffi } from "../ffi.ts";
import {
  FAULT,
  READ,
  type Selector,
  type TakeEvent,
  URGENT,
  WRITE,
} from "./selector.ts";

const FUNCTIONS = {
  kqueue: { parameters: [], result: "i32" },
  kevent: {
    parameters: ["i32", "buffer", "i32", "buffer", "i32", "buffer"],
    result: "i32",
  },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** Where a kqueue is, and how its events look. */
interface Platform {
  readonly libraries: readonly string[];
  /** How far events are apart. What is behind the first 32 bytes stays 0. */
  readonly stride: number;
  /** The number of the filter for events of the user's. */
  readonly user: number;
}

// NetBSD has other numbers for all of it, and OpenBSD no events of the user's.
const PLATFORMS: Readonly<Record<string, Platform>> = {
  darwin: { libraries: ["libSystem.B.dylib"], stride: 32, user: -10 },
  freebsd: { libraries: ["libc.so.7"], stride: 64, user: -11 },
  linux: {
    libraries: ["libkqueue.so.0", "libkqueue.so"],
    stride: 32,
    user: -11,
  },
};

// struct kevent: ident, filter, flags, fflags, data, udata.
const FILTER_AT = 8;
const FLAGS_AT = 10;
const FFLAGS_AT = 12;
const DATA_AT = 16;
const UDATA_AT = 24;

const FILTER_READ = -1;
const FILTER_WRITE = -2;

const ADD = 0x1;
const DELETE = 0x2;
const ENABLE = 0x4;
const DISABLE = 0x8;
const CLEAR = 0x20;
const RECEIPT = 0x40;
const FAILED = 0x4000;
const EOF = 0x8000;
const TRIGGER = 0x01000000;

/** The bell's, among the events of the user's. */
const BELL = 0;

const EBADF = 9;
const EINTR = 4;
/** As many as Tokio fetches in a turn. */
const MOST = 1024;
/** Changes in a call: two filters, and two steps for each. */
const CHANGES = 4;
const NS_PER_MS = 1e6;
const NS_PER_S = 1_000_000_000n;
/** Longest timeout, in milliseconds: a day, which every system takes. */
const LONGEST_MS = 86_400_000;

/** Why a descriptor is refused, for the reason that users meet. */
const REASONS: Readonly<Record<number, string>> = {
  [EBADF]: "it is not an open file descriptor",
};

interface Change {
  readonly ident: number;
  readonly filter: number;
  readonly flags: number;
  readonly fflags?: number;
  readonly place?: RegistrationPlace;
}

/** The platform's, or an error that says which one to go to. */
function platformOf({ platform }: Ffi): Platform {
  const found = PLATFORMS[platform];
  if (found) return found;
  throw new UnsupportedError('sleep in "kqueue"', "macOS or FreeBSD");
}

/** A kqueue, for the thread that made it. */
export class Kqueue implements Selector {
  readonly name = "kqueue";
  readonly #ffi: Ffi;
  readonly #platform: Platform;
  readonly #selector: number;
  #library: CLibrary<typeof FUNCTIONS> | undefined;
  readonly #changes: DataView<ArrayBuffer>;
  readonly #receipts: DataView<ArrayBuffer>;
  #events: DataView<ArrayBuffer> | undefined;
  readonly #timespec = new BigInt64Array(new ArrayBuffer(16));
  readonly #zero = new BigInt64Array(new ArrayBuffer(16));

  /**
   * Opens the descriptor that all threads share.
   *
   * @throws {UnsupportedError} If there is no kqueue, such as on Linux without
   * libkqueue.
   */
  static open(ffi: Ffi): { selector: number; bell: number } {
    const { libraries } = platformOf(ffi);
    const { call, errno } = openKqueue(ffi, libraries);
    const selector = call.kqueue();
    if (selector < 0) {
      throw new SystemError("create a runtime", "kqueue", errno());
    }
    try {
      new Kqueue(ffi, selector).#addBell();
    } catch (error) {
      call.close(selector);
      throw error;
    }
    return { selector, bell: -1 };
  }

  /** A thread's way to a descriptor that is open. */
  constructor(ffi: Ffi, selector: number) {
    this.#ffi = ffi;
    this.#platform = platformOf(ffi);
    this.#selector = selector;
    const bytes = CHANGES * this.#platform.stride;
    this.#changes = new DataView(new ArrayBuffer(bytes));
    this.#receipts = new DataView(new ArrayBuffer(bytes));
  }

  get #kqueue(): CLibrary<typeof FUNCTIONS> {
    return this.#library ??= openKqueue(this.#ffi, this.#platform.libraries);
  }

  #addBell(): void {
    const flags = ADD | CLEAR;
    const errno = this.#change([
      { ident: BELL, filter: this.#platform.user, flags },
    ]);
    if (errno !== 0) throw new SystemError("create a runtime", "kevent", errno);
  }

  #write(changes: readonly Change[], receipt: number): void {
    const view = this.#changes;
    changes.forEach(({ ident, filter, flags, fflags = 0, place }, index) => {
      const at = index * this.#platform.stride;
      view.setUint32(at, ident, true);
      view.setInt16(at + FILTER_AT, filter, true);
      view.setUint16(at + FLAGS_AT, flags | receipt, true);
      view.setUint32(at + FFLAGS_AT, fflags, true);
      view.setUint32(at + UDATA_AT, place?.address ?? 0, true);
      view.setInt32(at + UDATA_AT + 4, place?.claim ?? 0, true);
    });
  }

  /** Makes changes, all of them. Returns the errno of the first that failed. */
  #change(changes: readonly Change[]): number {
    this.#write(changes, RECEIPT);
    const [{ length }, receipts] = [changes, this.#receipts];
    const { call, errno } = this.#kqueue;
    // Room for the receipts, and for nothing else: no event is fetched.
    const count = call.kevent(
      this.#selector,
      this.#changes,
      length,
      receipts,
      length,
      this.#zero,
    );
    if (count < 0) return errno();
    for (let index = 0; index < count; index++) {
      const data = index * this.#platform.stride + DATA_AT;
      const failure = receipts.getInt32(data, true);
      if (failure !== 0) return failure;
    }
    return 0;
  }

  add(fd: number, interest: number, place: RegistrationPlace): void {
    const action = `register file descriptor ${fd}`;
    if (interest & URGENT) {
      throw new UnsupportedError(`${action} for priority events`, "epoll");
    }
    const filters = filtersOf(interest);
    const flags = ADD | CLEAR;
    const errno = this.#change(
      filters.map((filter) => ({ ident: fd, filter, flags, place })),
    );
    if (errno === 0) return;
    this.remove(fd, interest);
    throw new SystemError(action, "kevent", errno, REASONS[errno]);
  }

  renew(fd: number, interest: number, place: RegistrationPlace): void {
    // To add it again would add it to what was opened since, and does nothing to
    // one of libkqueue's.
    this.#change(
      filtersOf(interest).flatMap((filter) =>
        [DISABLE, ENABLE].map((flags) => ({ ident: fd, filter, flags, place }))
      ),
    );
  }

  remove(fd: number, interest: number): void {
    this.#change(
      filtersOf(interest).map((filter) => ({
        ident: fd,
        filter,
        flags: DELETE,
      })),
    );
  }

  wait(timeout: number, take: TakeEvent): void {
    const { stride } = this.#platform;
    const events = this.#events ??= new DataView(
      new ArrayBuffer(MOST * stride),
    );
    const { call, errno } = this.#kqueue;
    const count = call.kevent(
      this.#selector,
      null,
      0,
      events,
      MOST,
      this.#timespecOf(timeout),
    );
    if (count < 0) {
      const error = errno();
      if (error === EINTR) return;
      throw new SystemError("sleep in the driver", "kevent", error);
    }
    for (let place = 0, at = 0; place < count; place++, at += stride) {
      take(
        events.getUint32(at + UDATA_AT, true),
        events.getInt32(at + UDATA_AT + 4, true),
        readyOf(events, at),
      );
    }
  }

  #timespecOf(timeout: number): BigInt64Array<ArrayBuffer> | null {
    if (timeout === Infinity) return null;
    const ns = BigInt(Math.ceil(Math.min(timeout, LONGEST_MS) * NS_PER_MS));
    this.#timespec[0] = ns / NS_PER_S;
    this.#timespec[1] = ns % NS_PER_S;
    return this.#timespec;
  }

  ring(): void {
    const fflags = TRIGGER;
    // Without a receipt, and without a fault: the bell is there.
    this.#write(
      [{ ident: BELL, filter: this.#platform.user, flags: 0, fflags }],
      0,
    );
    const { call } = this.#kqueue;
    call.kevent(this.#selector, this.#changes, 1, null, 0, this.#zero);
  }

  closeFd(fd: number): void {
    this.#kqueue.call.close(fd);
  }

  close(): void {
    this.#kqueue.call.close(this.#selector);
  }
}

function openKqueue(
  ffi: Ffi,
  libraries: readonly string[],
): CLibrary<typeof FUNCTIONS> {
  try {
    return ffi.open(libraries, FUNCTIONS);
  } catch (cause) {
    if (ffi.platform !== "linux") throw cause;
    throw new UnsupportedError(
      'sleep in "kqueue"',
      'libkqueue, on Linux and for tests: use "epoll"',
      { cause },
    );
  }
}

/** An error shows wherever one looks, and one has to look somewhere. */
function filtersOf(interest: number): readonly number[] {
  const filters: number[] = [];
  if (interest & READ || interest === FAULT) filters.push(FILTER_READ);
  if (interest & WRITE) filters.push(FILTER_WRITE);
  return filters;
}

/** As mio reads them, src/sys/unix/selector/kqueue.rs. */
function readyOf(events: DataView, at: number): number {
  const flags = events.getUint16(at + FLAGS_AT, true);
  const isEnd = (flags & EOF) !== 0;
  const hasFailed = (flags & FAILED) !== 0 ||
    (isEnd && events.getUint32(at + FFLAGS_AT, true) !== 0);
  const ready = hasFailed ? ERROR : 0;
  switch (events.getInt16(at + FILTER_AT, true)) {
    case FILTER_READ:
      return ready | READABLE | (isEnd ? READ_CLOSED : 0);
    case FILTER_WRITE:
      return ready | WRITABLE | (isEnd ? WRITE_CLOSED : 0);
  }
  return ready;
}
