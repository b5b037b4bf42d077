// What streams, listeners, sockets and pipes have in common: a descriptor.

import { checkInteger } from "../arguments.ts";
import { ArgumentTypeError } from "../errors.ts";
import { Io } from "../io/io.ts";
import type { Interest } from "../io/ready.ts";
import { AddressRoom } from "./address.ts";
import type { InternetAddress, UnixAddress } from "./address.ts";
import { systemOf } from "./system.ts";
import { type Source, Watched } from "./watched.ts";

const MAX_FD = 0x7fffffff;

/** An open file descriptor, of one thread. Nothing but `close()` closes it. */
export class Descriptor {
  readonly #watched: Watched;

  /**
   * Constructs it. Use the static methods of its subclasses.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** What the driver watches. Not for users. */
  static watchedOf(descriptor: Descriptor): Watched {
    return descriptor.#watched;
  }

  /**
   * Its number.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  get fd(): number {
    return this.#watched.fdFor("tell the number");
  }

  /** Whether it was closed or detached. */
  get isClosed(): boolean {
    return this.#watched.isClosed;
  }

  /**
   * Gives it up, and leaves it open: for another thread, which makes an object
   * of the number with `from()`. Those who wait are told with a `ReleasedError`.
   *
   * @returns The number. Whoever has it closes it.
   * @throws {ReleasedError} If it was closed or detached.
   */
  detach(): number {
    return this.#watched.detach();
  }

  /**
   * Another number for the same, for another thread that is to use it too. What
   * is read by one is not by the other.
   *
   * @returns The number. Whoever has it closes it.
   * @throws {ReleasedError} If it was closed or detached.
   * @throws {SystemError} If there are too many.
   */
  dup(): number {
    const action = "duplicate the descriptor";
    const watched = this.#watched;
    const { libc: { call }, numbers: { O_CLOEXEC } } = watched.system;
    const fd = watched.fdFor(action);
    const copy = watched.system.check(action, "dup", call.dup(fd));
    // Once more, as one that programs do not inherit which are started later.
    call.dup3(fd, copy, O_CLOEXEC);
    return copy;
  }

  /**
   * Closes it. Those who wait are told with a `ReleasedError`; what was written
   * is still sent. Doing it twice does nothing.
   */
  close(): void {
    this.#watched.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#watched.close();
  }
}

/** Where a thread watches descriptors. */
export function sourceOf(action: string, io: Io): Source {
  if (!(io instanceof Io)) {
    throw new ArgumentTypeError(
      `Cannot ${action} as io must be that of a runtime: pass runtime.io`,
    );
  }
  const watch = Io.watchOf(io);
  // Says what is missing before anything is opened.
  void watch.driver;
  return { watch, system: systemOf(watch.local, action) };
}

/** A descriptor that another thread has detached. */
export function adopt(
  io: Io,
  fd: number,
  kind: string,
  interest?: Interest,
): Watched {
  const action = `adopt a ${kind}`;
  checkInteger(action, "fd", fd, 0, MAX_FD);
  return Watched.adopt(sourceOf(action, io), fd, kind, interest);
}

/** The address of a socket's own end, or of its peer's. */
export function addressOf(
  descriptor: Descriptor,
  end: "local" | "peer",
): InternetAddress | UnixAddress {
  const watched = Descriptor.watchedOf(descriptor);
  const action = `tell the ${end} address`;
  const syscall = end === "local" ? "getsockname" : "getpeername";
  const fd = watched.fdFor(action);
  const room = new AddressRoom().clear();
  const { [syscall]: call } = watched.system.libc.call;
  watched.system.check(action, syscall, call(fd, room.bytes, room.length));
  return room.decode(watched.system);
}
