// Sockets that wait for others to connect.

import { checkInteger, checkObject } from "../arguments.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import { addressOf, Descriptor, sourceOf } from "./descriptor.ts";
import { bindSocket, type BoundKind } from "./socket.ts";
import { run, runSync, type Steps } from "./steps.ts";
import { READING, Watched } from "./watched.ts";

const ACCEPT = { action: "accept a connection", twin: "accept()" };

/** What else the number of a listener may have been. */
const ADVICE = { EINVAL: "it does not listen: pass the number of a listener" };

/** A listener waits for nothing but connections. */
export const LISTENS = { read: true };

/** As many as Rust's standard library lets wait. */
const BACKLOG = 128;
const MAX_BACKLOG = 65_535;

/** Opens a socket that listens at an address of this machine. */
export function listen<Options extends { readonly backlog?: number }>(
  io: Io,
  kind: BoundKind<Options>,
  options: Options,
): Watched {
  const action = "listen";
  const source = sourceOf(action, io);
  const { backlog = BACKLOG } = checkObject(action, "options", options);
  checkInteger(action, "backlog", backlog, 0, MAX_BACKLOG);
  const { system } = source;
  const { call } = system.libc;
  const fd = bindSocket(
    source,
    action,
    kind,
    options,
    (fd) => system.check(action, "listen", call.listen(fd, backlog)),
  );
  return Watched.take(source, fd, kind.name, LISTENS);
}

/** Takes a connection. */
function* accepting(watched: Watched, kind: string): Steps<Watched> {
  const { system } = watched;
  const { libc: { call }, numbers: { SOCK_FLAGS } } = system;
  const fd = yield* watched.attempt({
    action: ACCEPT.action,
    syscall: "accept4",
    way: READING,
    call: (listener) => call.accept4(listener, null, null, SOCK_FLAGS),
    advice: ADVICE,
  });
  return Watched.take(watched, fd, kind);
}

/** What a listener makes of those who connect. */
export interface Accepted<Connection> {
  readonly kind: string;
  readonly make: (watched: Watched) => Connection;
}

/**
 * A socket that others connect to. After an error it goes on to listen.
 */
export class Listener<Connection, Address> extends Descriptor {
  readonly #accepted: Accepted<Connection>;

  /**
   * Constructs it. Use the static methods of its subclasses.
   *
   * @param watched What the driver watches.
   * @param accepted What is made of those who connect.
   */
  constructor(watched: Watched, accepted: Accepted<Connection>) {
    super(watched);
    this.#accepted = accepted;
  }

  /**
   * Takes a connection, once there is one.
   *
   * @throws {ArgumentTypeError} If an option has the wrong type.
   * @throws {ExhaustedError} If all registrations are taken. The connection is
   * closed then.
   * @throws {ReleasedError} If it was closed or detached, before or meanwhile.
   * @throws {ShutdownError} If it has to wait, and the runtime is shut down.
   * @throws {SystemError} `EMFILE` or `ENFILE` if too many files are open: the
   * connection stays, and so it fails again at once until some are closed.
   * `ECONNABORTED` if whoever connected has gone.
   * @throws {unknown} The signal's reason.
   */
  async accept(options?: ReadyOptions): Promise<Connection> {
    const watched = Descriptor.watchedOf(this);
    const { kind, make } = this.#accepted;
    const steps = accepting(watched, kind);
    return make(await run(watched, ACCEPT, steps, options));
  }

  /**
   * As {@linkcode Listener.accept}, and blocks.
   *
   * @throws {CannotBlockError} If it has to wait, and this thread must not block.
   * @throws {TimedOutError} If the time has passed.
   * @throws {LaybyError} As {@linkcode Listener.accept}.
   */
  acceptSync(options?: ReadySyncOptions): Connection {
    const watched = Descriptor.watchedOf(this);
    const { kind, make } = this.#accepted;
    const steps = accepting(watched, kind);
    return make(runSync(watched, ACCEPT, steps, options));
  }

  /**
   * Where it listens, with the port that the system chose.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  get localAddress(): Address {
    return addressOf(this, "local") as Address;
  }
}
