// How sockets come to be: opened, bound, connected.

import { errnoName } from "../errno.ts";
import { SystemError } from "../errors.ts";
import { AddressRoom, type RawAddress } from "./address.ts";
import type { Steps } from "./steps.ts";
import type { System } from "./system.ts";
import { type Source, Watched, WRITING } from "./watched.ts";

/** A socket to be. */
export interface Plan {
  /** Where it listens, or connects to. */
  readonly address: RawAddress;
  /** What it is called in messages. */
  readonly kind: string;
  /** What is being done, as in `Cannot listen`. */
  readonly action: string;
}

/** Throws what the last call says, if it has failed. */
export function check(
  { libc }: System,
  action: string,
  syscall: string,
  result: number,
): number {
  if (result < 0) throw new SystemError(action, syscall, libc.errno());
  return result;
}

/** Opens a socket. */
export function openSocket(
  system: System,
  action: string,
  family: number,
  type: number,
): number {
  const { libc: { call }, numbers: { SOCK_FLAGS } } = system;
  const fd = call.socket(family, type | SOCK_FLAGS, 0);
  return check(system, action, "socket", fd);
}

/** The family of an address. */
export function familyOf({ numbers }: System, address: RawAddress): number {
  return numbers.hasLength
    ? address[1]!
    : new Uint16Array(address.buffer, 0, 1)[0]!;
}

/** Does what is left to do with a new descriptor, which is closed if it fails. */
export function orClose<T>({ libc }: System, fd: number, rest: () => T): T {
  try {
    return rest();
  } catch (error) {
    libc.call.close(fd);
    throw error;
  }
}

/** A stream that is connected to an address. */
export function* connecting(
  source: Source,
  { address, kind, action }: Plan,
  type: number,
): Steps<Watched> {
  const { system } = source;
  const { libc } = system;
  const fd = openSocket(system, action, familyOf(system, address), type);
  const isUnderWay = orClose(system, fd, () => {
    if (libc.call.connect(fd, address, address.length) === 0) return false;
    const errno = libc.errno();
    const name = errnoName(errno);
    // After a signal, it goes on by itself.
    if (name === "EINPROGRESS" || name === "EINTR") return true;
    const why = name === "EAGAIN"
      ? "too many wait there to be accepted: try again later"
      : undefined;
    throw new SystemError(action, "connect", errno, why);
  });
  // Not before: a socket that is not connected counts as closed.
  const watched = Watched.take(source, fd, kind);
  if (!isUnderWay) return watched;
  try {
    yield* connected(watched, action);
    return watched;
  } catch (error) {
    watched.close();
    throw error;
  }
}

/** Waits until a connection that is under way is there, or has failed. */
function* connected(watched: Watched, action: string): Steps<void> {
  const { system } = watched;
  const { libc: { call } } = system;
  const room = new AddressRoom();
  for (;;) {
    yield* watched.wait(action, WRITING);
    const fd = watched.fdFor(action);
    const failed = system.errorOf(fd);
    if (failed !== 0) throw new SystemError(action, "connect", failed);
    // Whoever is told wrongly waits on.
    const { bytes, length } = room.clear();
    if (call.getpeername(fd, bytes, length) === 0) return;
    const failure = watched.failure(action, "connect");
    const seen = watched.useUp(WRITING);
    if (failure.errorCode !== "ENOTCONN" || seen?.isWriteClosed) throw failure;
  }
}
