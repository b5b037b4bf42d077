// Sockets of one machine, by paths or in pairs.

import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import { encodeUnix, type UnixAddress } from "./address.ts";
import { adopt, sourceOf } from "./descriptor.ts";
import { listen, Listener, LISTENS } from "./listener.ts";
import { takeBoth } from "./pairs.ts";
import {
  type BoundKind,
  connect,
  type ConnectedKind,
  connectSync,
} from "./socket.ts";
import { Stream } from "./stream.ts";
import { AF_UNIX, SOCK_STREAM } from "./system.ts";
import type { Watched } from "./watched.ts";

/** Where and how a listener listens. */
export interface UnixListenOptions extends UnixAddress {
  /** Connections that wait to be accepted: 0 to 65,535. Default 128. */
  readonly backlog?: number;
}

const STREAM: ConnectedKind<UnixAddress> = {
  name: "Unix stream",
  type: SOCK_STREAM,
  encode: encodeUnix,
  connect: { action: "connect", twin: "UnixStream.connect()" },
};

const LISTENER: BoundKind<UnixListenOptions> = {
  name: "Unix listener",
  type: SOCK_STREAM,
  encode: encodeUnix,
  turnOn: () => [],
};

/** A stream to another socket of this machine. */
export class UnixStream extends Stream<UnixAddress> {
  /**
   * Connects to a listener.
   *
   * @throws {ArgumentTypeError} If an argument has the wrong type.
   * @throws {ArgumentRangeError} If the path is too long.
   * @throws {SystemError} Such as `ENOENT`, or `ECONNREFUSED` if whoever listened
   * there is gone; `EAGAIN` if too many wait there to be accepted.
   * @throws {LaybyError} As `TcpStream.connect()`.
   */
  static async connect(
    io: Io,
    target: UnixAddress,
    options?: ReadyOptions,
  ): Promise<UnixStream> {
    return new UnixStream(await connect(io, STREAM, target, options));
  }

  /**
   * As {@linkcode UnixStream.connect}, and blocks.
   *
   * @throws {LaybyError} As {@linkcode UnixStream.connect}.
   */
  static connectSync(
    io: Io,
    target: UnixAddress,
    options?: ReadySyncOptions,
  ): UnixStream {
    return new UnixStream(connectSync(io, STREAM, target, options));
  }

  /**
   * Two streams that are connected to each other: `detach()` one for another
   * thread.
   *
   * @throws {LaybyError} As `TcpStream.connect()`.
   */
  static pair(io: Io): [UnixStream, UnixStream] {
    const action = "make a pair of streams";
    const source = sourceOf(action, io);
    const { libc: { call }, numbers: { SOCK_FLAGS } } = source.system;
    const both = { read: true, write: true };
    const [one, other] = takeBoth(source, action, "socketpair", {
      open: (fds) => call.socketpair(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0, fds),
      kinds: [STREAM.name, STREAM.name],
      interests: [both, both],
    });
    return [new UnixStream(one), new UnixStream(other)];
  }

  /**
   * Makes a stream of a socket's number, which becomes the stream's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): UnixStream {
    return new UnixStream(adopt(io, fd, STREAM.name));
  }
}

const ACCEPTED = {
  kind: STREAM.name,
  make: (watched: Watched) => new UnixStream(watched),
};

/** A listener that the sockets of this machine connect to. */
export class UnixListener extends Listener<UnixStream, UnixAddress> {
  /**
   * Constructs it. Use {@linkcode UnixListener.bind}.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    super(watched, ACCEPTED);
  }

  /**
   * Listens at a path. The file that it makes stays when the listener is closed,
   * and must be removed before somebody listens there again.
   *
   * @throws {SystemError} Such as `EADDRINUSE`.
   * @throws {LaybyError} As {@linkcode UnixStream.connect}.
   */
  static override bind(io: Io, options: UnixListenOptions): UnixListener {
    return new UnixListener(listen(io, LISTENER, options));
  }

  /**
   * Makes a listener of a socket's number, which becomes the listener's to close:
   * what `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): UnixListener {
    return new UnixListener(adopt(io, fd, LISTENER.name, LISTENS));
  }
}
