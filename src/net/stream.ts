// Streams of bytes between two sockets.

import { checkOneOf } from "../arguments.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import { addressOf, Descriptor } from "./descriptor.ts";
import { run, runSync } from "./steps.ts";
import {
  READ,
  reading,
  SOCKET,
  WRITE,
  WRITE_ALL,
  writing,
  writingAll,
} from "./transfer.ts";

/** What of a stream is shut down: see `shutdown()`. */
export type Half = "read" | "write" | "both";

/** As C counts them. */
const HALVES: readonly Half[] = ["read", "write", "both"];

/**
 * A stream of bytes to another socket and from it.
 *
 * Any number of operations can be under way on its thread. Those of one kind are
 * done in no order: await one `writeAll()` before the next.
 */
export class Stream<Address> extends Descriptor {
  /**
   * Reads what there is, once there is something.
   *
   * @param bytes Where it is written to, from the start. It must not be
   * transferred or shrunk meanwhile.
   * @returns How many bytes were read: as many as there are, at most as there is
   * room. Null at the end, when the other side writes no more; 0 if there is no
   * room.
   * @throws {ArgumentTypeError} If an argument has the wrong type.
   * @throws {ReleasedError} If it was closed or detached, before or meanwhile.
   * @throws {ShutdownError} If it has to wait, and the runtime is shut down.
   * @throws {SystemError} Such as `ECONNRESET`.
   * @throws {unknown} The signal's reason. Nothing was read then.
   */
  read(bytes: Uint8Array, options?: ReadyOptions): Promise<number | null> {
    const watched = Descriptor.watchedOf(this);
    return run(watched, READ, reading(watched, SOCKET, bytes), options);
  }

  /**
   * As {@linkcode Stream.read}, and blocks.
   *
   * @throws {CannotBlockError} If it has to wait, and this thread must not block.
   * @throws {TimedOutError} If the time has passed. Nothing was read then.
   * @throws {LaybyError} As {@linkcode Stream.read}.
   */
  readSync(bytes: Uint8Array, options?: ReadySyncOptions): number | null {
    const watched = Descriptor.watchedOf(this);
    return runSync(watched, READ, reading(watched, SOCKET, bytes), options);
  }

  /**
   * Writes what there is room for, once there is some.
   *
   * @returns How many bytes were written, from the start. At least one, if there
   * are any.
   * @throws {LaybyError} As {@linkcode Stream.read}; a `SystemError` of `EPIPE`
   * or `ECONNRESET` if the other side is gone.
   */
  write(bytes: Uint8Array, options?: ReadyOptions): Promise<number> {
    const watched = Descriptor.watchedOf(this);
    return run(watched, WRITE, writing(watched, SOCKET, bytes), options);
  }

  /**
   * As {@linkcode Stream.write}, and blocks.
   *
   * @throws {LaybyError} As {@linkcode Stream.readSync}.
   */
  writeSync(bytes: Uint8Array, options?: ReadySyncOptions): number {
    const watched = Descriptor.watchedOf(this);
    const steps = writing(watched, SOCKET, bytes);
    return runSync(watched, WRITE, steps, options);
  }

  /**
   * Writes all bytes. If it fails or is aborted, some may have been written.
   *
   * @throws {LaybyError} As {@linkcode Stream.write}.
   */
  writeAll(bytes: Uint8Array, options?: ReadyOptions): Promise<void> {
    const watched = Descriptor.watchedOf(this);
    const steps = writingAll(watched, SOCKET, bytes);
    return run(watched, WRITE_ALL, steps, options);
  }

  /**
   * As {@linkcode Stream.writeAll}, and blocks.
   *
   * @throws {LaybyError} As {@linkcode Stream.readSync}.
   */
  writeAllSync(bytes: Uint8Array, options?: ReadySyncOptions): void {
    const watched = Descriptor.watchedOf(this);
    const steps = writingAll(watched, SOCKET, bytes);
    runSync(watched, WRITE_ALL, steps, options);
  }

  /**
   * Ends one direction or both, for all who have the socket, and leaves it open.
   * After `"write"`, the other side reads what was written, and then the end.
   *
   * @throws {ArgumentTypeError} If `half` is none.
   * @throws {ReleasedError} If it was closed or detached.
   * @throws {SystemError} `ENOTCONN` if the other side is gone.
   */
  shutdown(half: Half): void {
    const action = "shut the stream down";
    const how = HALVES.indexOf(checkOneOf(action, "half", half, HALVES));
    const watched = Descriptor.watchedOf(this);
    const { system } = watched;
    const fd = watched.fdFor(action);
    system.check(action, "shutdown", system.libc.call.shutdown(fd, how));
  }

  /**
   * This end's address.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  get localAddress(): Address {
    return addressOf(this, "local") as Address;
  }

  /**
   * The other end's address.
   *
   * @throws {ReleasedError} If it was closed or detached.
   * @throws {SystemError} `ENOTCONN` if the other side is gone.
   */
  get peerAddress(): Address {
    return addressOf(this, "peer") as Address;
  }
}
