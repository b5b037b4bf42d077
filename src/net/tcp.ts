// TCP.

import { checkBoolean } from "../arguments.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import {
  encodeInternet,
  type InternetAddress,
  type InternetTarget,
} from "./address.ts";
import { adopt, Descriptor } from "./descriptor.ts";
import { listen, Listener, LISTENS } from "./listener.ts";
import {
  type BindOptions,
  type BoundKind,
  connect,
  type ConnectedKind,
  connectSync,
  portOptions,
} from "./socket.ts";
import { Stream } from "./stream.ts";
import { SOCK_STREAM } from "./system.ts";
import type { Watched } from "./watched.ts";

/** Where and how a listener listens. */
export interface ListenOptions extends BindOptions {
  /** Connections that wait to be accepted: 0 to 65,535. Default 128. */
  readonly backlog?: number;
}

const STREAM: ConnectedKind<InternetTarget> = {
  name: "TCP stream",
  type: SOCK_STREAM,
  encode: encodeInternet,
  connect: { action: "connect", twin: "TcpStream.connect()" },
};

const LISTENER: BoundKind<ListenOptions> = {
  name: "TCP listener",
  type: SOCK_STREAM,
  encode: encodeInternet,
  // An address whose connections have just been closed is no longer taken.
  turnOn: (action, options) => ["REUSEADDR", ...portOptions(action, options)],
};

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
  /**
   * Constructs it. Use {@linkcode TcpStream.connect}.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    super(watched);
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
    return new TcpStream(await connect(io, STREAM, target, options));
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
    return new TcpStream(connectSync(io, STREAM, target, options));
  }

  /**
   * Makes a stream of a socket's number, which becomes the stream's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {SystemError} If it is none that is open, or not detached.
   * @throws {LaybyError} As {@linkcode TcpStream.connect}.
   */
  static from(io: Io, fd: number): TcpStream {
    return new TcpStream(adopt(io, fd, STREAM.name));
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
    checkBoolean(action, "isOn", isOn);
    const watched = Descriptor.watchedOf(this);
    const { system } = watched;
    const result = system.setNoDelay(watched.fdFor(action), isOn);
    system.check(action, "setsockopt", result);
  }
}

const ACCEPTED = {
  kind: STREAM.name,
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
    return new TcpListener(listen(io, LISTENER, options));
  }

  /**
   * Makes a listener of a socket's number, which becomes the listener's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As {@linkcode TcpStream.from}.
   */
  static from(io: Io, fd: number): TcpListener {
    return new TcpListener(adopt(io, fd, LISTENER.name, LISTENS));
  }
}
