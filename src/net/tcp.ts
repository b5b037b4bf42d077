// TCP.

import { checkInteger, checkObject } from "../arguments.ts";
import { ArgumentTypeError } from "../errors.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import {
  encodeInternet,
  type InternetAddress,
  type InternetTarget,
} from "./address.ts";
import { adopt, sourceOf } from "./descriptor.ts";
import { Listener, LISTENS } from "./listener.ts";
import {
  check,
  connecting,
  familyOf,
  openSocket,
  orClose,
  type Plan,
} from "./socket.ts";
import { run, runSync } from "./steps.ts";
import { Stream } from "./stream.ts";
import { SOCK_STREAM } from "./system.ts";
import { type Source, Watched } from "./watched.ts";

const STREAM = "TCP stream";
const LISTENER = "TCP listener";
const CONNECT = { action: "connect", twin: "TcpStream.connect()" };

/** As many as Rust's standard library lets wait. */
const BACKLOG = 128;
const MAX_BACKLOG = 65_535;

/** Where a listener or a socket is bound. */
export interface BindOptions extends InternetTarget {
  /**
   * Whether others may listen there too, who all set this: the system chooses
   * one for each connection. Default false.
   */
  readonly reusePort?: boolean;
}

/** Where and how a listener listens. */
export interface ListenOptions extends BindOptions {
  /** Connections that wait to be accepted: 0 to 65,535. Default 128. */
  readonly backlog?: number;
}

function planOf(
  source: Source,
  action: string,
  kind: string,
  target: InternetTarget,
): Plan {
  checkObject(action, "target", target);
  const address = encodeInternet(source.system, action, target);
  return { address, kind, action };
}

/** Whether many may have a port. */
function checkReusePort(action: string, { reusePort }: BindOptions): boolean {
  if (reusePort === undefined || typeof reusePort === "boolean") {
    return reusePort === true;
  }
  throw new ArgumentTypeError(
    `Cannot ${action} as reusePort must be a boolean: current value is ` +
      (reusePort === null ? "null" : typeof reusePort),
  );
}

/** Opens a socket and binds it. What comes next fails, or the socket is open. */
export function bindInternet(
  source: Source,
  action: string,
  kind: string,
  type: number,
  options: BindOptions,
  next: (fd: number) => void,
): number {
  const { system } = source;
  const { address } = planOf(source, action, kind, options);
  const reusePort = checkReusePort(action, options);
  const fd = openSocket(system, action, familyOf(system, address), type);
  return orClose(system, fd, () => {
    const { bind } = system.libc.call;
    if (type === SOCK_STREAM) {
      // An address whose connections have just been closed is no longer taken.
      check(system, action, "setsockopt", system.turnOn(fd, "REUSEADDR"));
    }
    if (reusePort) {
      check(system, action, "setsockopt", system.turnOn(fd, "REUSEPORT"));
    }
    check(system, action, "bind", bind(fd, address, address.length));
    next(fd);
    return fd;
  });
}

/**
 * A stream over TCP.
 *
 * @example Usage
 * ```ts ignore
 * using stream = await TcpStream.connect(runtime.io, { port: 8000 });
 * await stream.writeAll(new TextEncoder().encode("hello"));
 * const bytes = new Uint8Array(4096);
 * const count = await stream.read(bytes); // null at the end
 * ```
 */
export class TcpStream extends Stream<InternetAddress> {
  readonly #watched: Watched;

  /**
   * Constructs it. Use {@linkcode TcpStream.connect}.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    super(watched);
    this.#watched = watched;
    // It fails only if the other side is gone, which the next call says.
    watched.system.setNoDelay(watched.fdFor("connect"), true);
  }

  /**
   * Connects to a listener.
   *
   * @throws {ArgumentTypeError} If an argument has the wrong type.
   * @throws {ArgumentRangeError} If the port is out of its range, or the hostname
   * no address in numbers.
   * @throws {UnsupportedError} If the runtime's driver takes no descriptors.
   * @throws {ExhaustedError} If all registrations are taken.
   * @throws {ShutdownError} If the runtime is shut down.
   * @throws {SystemError} Such as `ECONNREFUSED`.
   * @throws {unknown} The signal's reason.
   */
  static async connect(
    io: Io,
    target: InternetTarget,
    options?: ReadyOptions,
  ): Promise<TcpStream> {
    const source = sourceOf(CONNECT.action, io);
    const plan = planOf(source, CONNECT.action, STREAM, target);
    const steps = connecting(source, plan, SOCK_STREAM);
    return new TcpStream(await run(source.watch, CONNECT, steps, options));
  }

  /**
   * As {@linkcode TcpStream.connect}, and blocks.
   *
   * @throws {CannotBlockError} If it has to wait, and this thread must not block.
   * @throws {TimedOutError} If the time has passed.
   * @throws {LaybyError} As {@linkcode TcpStream.connect}.
   */
  static connectSync(
    io: Io,
    target: InternetTarget,
    options?: ReadySyncOptions,
  ): TcpStream {
    const source = sourceOf(CONNECT.action, io);
    const plan = planOf(source, CONNECT.action, STREAM, target);
    const steps = connecting(source, plan, SOCK_STREAM);
    return new TcpStream(runSync(source.watch, CONNECT, steps, options));
  }

  /**
   * Makes a stream of a socket's number, which becomes the stream's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {SystemError} If it is none that is open, or not detached.
   * @throws {LaybyError} As {@linkcode TcpStream.connect}.
   */
  static from(io: Io, fd: number): TcpStream {
    return new TcpStream(adopt(io, fd, STREAM));
  }

  /**
   * Sets whether small writes are sent at once. At first they are.
   *
   * @throws {ArgumentTypeError} If it is no boolean.
   * @throws {ReleasedError} If it was closed or detached.
   * @throws {SystemError} If the system refuses.
   */
  setNoDelay(isOn: boolean): void {
    const action = "set whether to delay";
    if (typeof isOn !== "boolean") {
      throw new ArgumentTypeError(
        `Cannot ${action} as isOn must be a boolean: current value is ` +
          typeof isOn,
      );
    }
    const watched = this.#watched;
    const result = watched.system.setNoDelay(watched.fdFor(action), isOn);
    watched.check(action, "setsockopt", result);
  }
}

const ACCEPTED = {
  kind: STREAM,
  make: (watched: Watched) => new TcpStream(watched),
};

/**
 * A listener of TCP.
 *
 * @example Usage
 * ```ts ignore
 * using listener = TcpListener.bind(runtime.io, { port: 0 });
 * const { port } = listener.localAddress;
 * for (;;) serve(await listener.accept());
 * ```
 */
export class TcpListener extends Listener<TcpStream, InternetAddress> {
  /**
   * Constructs it. Use {@linkcode TcpListener.bind}.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    super(watched, ACCEPTED);
  }

  /**
   * Listens at an address of this machine; at a free port if `port` is 0. The
   * hostname `0.0.0.0` stands for all its addresses.
   *
   * @throws {SystemError} Such as `EADDRINUSE`.
   * @throws {LaybyError} As {@linkcode TcpStream.connect}.
   */
  static override bind(io: Io, options: ListenOptions): TcpListener {
    const action = "listen";
    const source = sourceOf(action, io);
    checkObject(action, "options", options);
    const { backlog = BACKLOG } = options;
    checkInteger(action, "backlog", backlog, 0, MAX_BACKLOG);
    const { system } = source;
    const { listen } = system.libc.call;
    const fd = bindInternet(
      source,
      action,
      LISTENER,
      SOCK_STREAM,
      options,
      (fd) => check(system, action, "listen", listen(fd, backlog)),
    );
    return new TcpListener(Watched.take(source, fd, LISTENER, LISTENS));
  }

  /**
   * Makes a listener of a socket's number, which becomes the listener's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As {@linkcode TcpStream.from}.
   */
  static from(io: Io, fd: number): TcpListener {
    return new TcpListener(adopt(io, fd, LISTENER, LISTENS));
  }
}
