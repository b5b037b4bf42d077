// How sockets come to be: opened, bound, connected.

import { checkBoolean } from "../arguments.ts";
import { errnoName } from "../errno.ts";
import { SystemError } from "../errors.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import {
  AddressRoom,
  type Encode,
  familyOf,
  type InternetTarget,
  type RawAddress,
} from "./address.ts";
import { sourceOf } from "./descriptor.ts";
import { type Operation, run, runSync, type Steps } from "./steps.ts";
import type { SocketOption, System } from "./system.ts";
import { type Source, Watched, WRITING } from "./watched.ts";

/** Where a listener or a socket is bound. */
export interface BindOptions extends InternetTarget {
  /**
   * Whether others may listen there too, who all set this: the system chooses
   * one for each connection. Default false.
   */
  readonly reusePort?: boolean;
}

/** Sockets of one kind. */
interface SocketKind<Target> {
  /** What one is called in messages. */
  readonly name: string;
  readonly type: number;
  readonly encode: Encode<Target>;
}

/** Sockets that are bound to an address of this machine. */
export interface BoundKind<Options> extends SocketKind<Options> {
  /** What is turned on before. */
  readonly turnOn: (
    action: string,
    options: Options,
  ) => readonly SocketOption[];
}

/** Sockets that connect to others. */
export interface ConnectedKind<Target> extends SocketKind<Target> {
  readonly connect: Operation;
}

/** Opens a socket. */
function openSocket(
  system: System,
  action: string,
  address: RawAddress,
  type: number,
): number {
  const { libc: { call }, numbers: { SOCK_FLAGS } } = system;
  const fd = call.socket(familyOf(system, address), type | SOCK_FLAGS, 0);
  return system.check(action, "socket", fd);
}

/** What is turned on if many may have a port. */
export function portOptions(
  action: string,
  { reusePort = false }: BindOptions,
): readonly SocketOption[] {
  return checkBoolean(action, "reusePort", reusePort) ? ["REUSEPORT"] : [];
}

/** Opens a socket and binds it. What comes next fails, or the socket is open. */
export function bindSocket<Options>(
  { system }: Source,
  action: string,
  { type, encode, turnOn }: BoundKind<Options>,
  options: Options,
  next?: (fd: number) => void,
): number {
  const address = encode(system, action, options);
  const turnedOn = turnOn(action, options);
  const fd = openSocket(system, action, address, type);
  return system.orClose(fd, () => {
    const { bind } = system.libc.call;
    for (const option of turnedOn) {
      system.check(action, "setsockopt", system.turnOn(fd, option));
    }
    system.check(action, "bind", bind(fd, address, address.length));
    next?.(fd);
    return fd;
  });
}

/** Connects to an address, and waits in the event loop. */
export async function connect<Target>(
  io: Io,
  kind: ConnectedKind<Target>,
  target: Target,
  options?: ReadyOptions,
): Promise<Watched> {
  const source = sourceOf(kind.connect.action, io);
  const steps = connecting(source, kind, target);
  return await run(source, kind.connect, steps, options);
}

/** Connects to an address, and blocks. */
export function connectSync<Target>(
  io: Io,
  kind: ConnectedKind<Target>,
  target: Target,
  options?: ReadySyncOptions,
): Watched {
  const source = sourceOf(kind.connect.action, io);
  const steps = connecting(source, kind, target);
  return runSync(source, kind.connect, steps, options);
}

/** Opens a socket that is connected in the end. */
function* connecting<Target>(
  source: Source,
  { name, type, encode, connect: { action } }: ConnectedKind<Target>,
  target: Target,
): Steps<Watched> {
  const { system } = source;
  const { libc } = system;
  const address = encode(system, action, target);
  const fd = openSocket(system, action, address, type);
  const isUnderWay = system.orClose(fd, () => {
    if (libc.call.connect(fd, address, address.length) === 0) return false;
    const errno = libc.errno();
    const code = errnoName(errno);
    // After a signal, it goes on by itself.
    if (code === "EINPROGRESS" || code === "EINTR") return true;
    const why = code === "EAGAIN"
      ? "too many wait there to be accepted: try again later"
      : undefined;
    throw new SystemError(action, "connect", errno, why);
  });
  // Not before: a socket that is not connected counts as closed.
  const watched = Watched.take(source, fd, name);
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
    const failure = system.failure(action, "connect");
    const seen = watched.useUp(WRITING);
    if (failure.errorCode !== "ENOTCONN" || seen?.isWriteClosed) throw failure;
  }
}
