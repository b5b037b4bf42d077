// UDP: messages that arrive whole, or not.

import { checkObject } from "../arguments.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import {
  AddressRoom,
  encodeInternet,
  type InternetAddress,
  type InternetTarget,
} from "./address.ts";
import { addressOf, adopt, Descriptor, sourceOf } from "./descriptor.ts";
import { run, runSync, type Steps } from "./steps.ts";
import { SOCK_DGRAM } from "./system.ts";
import { bindInternet, type BindOptions } from "./tcp.ts";
import { checkBytes, READING, Watched, WRITING } from "./watched.ts";

const SOCKET = "UDP socket";
const SEND = { action: "send", twin: "send()" };
const RECEIVE = { action: "receive", twin: "receive()" };

/** A message that was received. */
export interface Received {
  /** How many bytes of it there are. */
  readonly length: number;
  /** Who has sent it. */
  readonly address: InternetAddress;
}

/** C wants a view that shows a byte at least. */
const NOTHING = new Uint8Array(new ArrayBuffer(1));

function* sending(
  watched: Watched,
  bytes: Uint8Array,
  target: InternetTarget,
): Steps<void> {
  const { action } = SEND;
  const { system } = watched;
  const { libc: { call }, flags } = system;
  checkBytes(action, bytes);
  checkObject(action, "target", target);
  const address = encodeInternet(system, action, target);
  const { length } = address;
  yield* watched.attempt({
    action,
    syscall: "sendto",
    way: WRITING,
    call: (fd) => {
      const size = bytes.byteLength;
      const from = size > 0 ? bytes : NOTHING;
      return call.sendto(fd, from, size, flags, address, length);
    },
  });
}

function* receiving(watched: Watched, bytes: Uint8Array): Steps<Received> {
  const { action } = RECEIVE;
  const { system } = watched;
  const { libc: { call }, flags } = system;
  checkBytes(action, bytes);
  const room = new AddressRoom();
  const length = yield* watched.attempt({
    action,
    syscall: "recvfrom",
    way: READING,
    call: (fd) => {
      const size = bytes.byteLength;
      const to = size > 0 ? bytes : NOTHING;
      const { bytes: address, length } = room.clear();
      return call.recvfrom(fd, to, size, flags, address, length);
    },
  });
  return { length, address: room.decode(system) as InternetAddress };
}

/** A socket that sends messages and receives them. */
export class UdpSocket extends Descriptor {
  readonly #watched: Watched;

  /**
   * Constructs it. Use {@linkcode UdpSocket.bind}.
   *
   * @param watched What the driver watches.
   */
  constructor(watched: Watched) {
    super(watched);
    this.#watched = watched;
  }

  /**
   * Takes an address of this machine; a free port if `port` is 0.
   *
   * @throws {SystemError} Such as `EADDRINUSE`.
   * @throws {LaybyError} As `TcpStream.connect()`.
   */
  static override bind(io: Io, options: BindOptions): UdpSocket {
    const action = "bind a socket";
    const source = sourceOf(action, io);
    checkObject(action, "options", options);
    const fd = bindInternet(
      source,
      action,
      SOCKET,
      SOCK_DGRAM,
      options,
      () => {},
    );
    return new UdpSocket(Watched.take(source, fd, SOCKET));
  }

  /**
   * Makes a socket of a number, which becomes the socket's to close: what
   * `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): UdpSocket {
    return new UdpSocket(adopt(io, fd, SOCKET));
  }

  /**
   * Sends a message, once there is room. Nobody tells whether it arrives.
   *
   * @throws {ArgumentTypeError} If an argument has the wrong type.
   * @throws {ArgumentRangeError} If the target is no address in numbers.
   * @throws {SystemError} `EMSGSIZE` if it is too long: of 65,507 bytes in IPv4.
   * @throws {LaybyError} As `Stream.write()`.
   */
  send(
    bytes: Uint8Array,
    target: InternetTarget,
    options?: ReadyOptions,
  ): Promise<void> {
    const { watch } = this.#watched;
    return run(watch, SEND, sending(this.#watched, bytes, target), options);
  }

  /**
   * As {@linkcode UdpSocket.send}, and blocks.
   *
   * @throws {LaybyError} As {@linkcode UdpSocket.send} and `Stream.readSync()`.
   */
  sendSync(
    bytes: Uint8Array,
    target: InternetTarget,
    options?: ReadySyncOptions,
  ): void {
    const { watch } = this.#watched;
    runSync(watch, SEND, sending(this.#watched, bytes, target), options);
  }

  /**
   * Receives a message, once there is one. What there is no room for is lost.
   *
   * @throws {LaybyError} As `Stream.read()`.
   */
  receive(bytes: Uint8Array, options?: ReadyOptions): Promise<Received> {
    const { watch } = this.#watched;
    return run(watch, RECEIVE, receiving(this.#watched, bytes), options);
  }

  /**
   * As {@linkcode UdpSocket.receive}, and blocks.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  receiveSync(bytes: Uint8Array, options?: ReadySyncOptions): Received {
    const { watch } = this.#watched;
    return runSync(watch, RECEIVE, receiving(this.#watched, bytes), options);
  }

  /**
   * Its address, with the port that the system chose.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  get localAddress(): InternetAddress {
    return addressOf(this.#watched, "local") as InternetAddress;
  }
}
