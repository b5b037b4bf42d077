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
import {
  type BindOptions,
  bindSocket,
  type BoundKind,
  portOptions,
} from "./socket.ts";
import { run, runSync, type Steps } from "./steps.ts";
import { SOCK_DGRAM } from "./system.ts";
import { checkBytes, READING, Watched, WRITING } from "./watched.ts";

const SOCKET: BoundKind<BindOptions> = {
  name: "UDP socket",
  type: SOCK_DGRAM,
  encode: encodeInternet,
  turnOn: portOptions,
};
const SEND = { action: "send", twin: "send()" };
const RECEIVE = { action: "receive", twin: "receive()" };

/** A message that was received. */
export interface Received {
  /** How many bytes of it there are. */
  readonly length: number;
  /** Who has sent it. */
  readonly address: InternetAddress;
}

const NOTHING = new Uint8Array(new ArrayBuffer(1));

/** The bytes as C wants them: a view that shows one at least. */
function shown(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength > 0 ? bytes : NOTHING;
}

function* sending(
  watched: Watched,
  bytes: Uint8Array,
  target: InternetTarget,
): Steps<void> {
  const { action } = SEND;
  const { system } = watched;
  const { libc: { call }, flags } = system;
  checkBytes(action, bytes);
  const address = encodeInternet(system, action, target);
  yield* watched.attempt({
    action,
    syscall: "sendto",
    way: WRITING,
    call: (fd) => {
      const { byteLength } = bytes;
      return call.sendto(
        fd,
        shown(bytes),
        byteLength,
        flags,
        address,
        address.length,
      );
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
      const { byteLength } = bytes;
      const { bytes: address, length } = room.clear();
      return call.recvfrom(
        fd,
        shown(bytes),
        byteLength,
        flags,
        address,
        length,
      );
    },
  });
  return { length, address: room.decode(system) as InternetAddress };
}

/** A socket that sends messages and receives them. */
export class UdpSocket extends Descriptor {
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
    const fd = bindSocket(source, action, SOCKET, options);
    return new UdpSocket(Watched.take(source, fd, SOCKET.name));
  }

  /**
   * Makes a socket of a number, which becomes the socket's to close: what
   * `detach()` or `dup()` returned on any thread.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): UdpSocket {
    return new UdpSocket(adopt(io, fd, SOCKET.name));
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
    const watched = Descriptor.watchedOf(this);
    return run(watched, SEND, sending(watched, bytes, target), options);
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
    const watched = Descriptor.watchedOf(this);
    runSync(watched, SEND, sending(watched, bytes, target), options);
  }

  /**
   * Receives a message, once there is one. What there is no room for is lost.
   *
   * @throws {LaybyError} As `Stream.read()`.
   */
  receive(bytes: Uint8Array, options?: ReadyOptions): Promise<Received> {
    const watched = Descriptor.watchedOf(this);
    return run(watched, RECEIVE, receiving(watched, bytes), options);
  }

  /**
   * As {@linkcode UdpSocket.receive}, and blocks.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  receiveSync(bytes: Uint8Array, options?: ReadySyncOptions): Received {
    const watched = Descriptor.watchedOf(this);
    return runSync(watched, RECEIVE, receiving(watched, bytes), options);
  }

  /**
   * Its address, with the port that the system chose.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  get localAddress(): InternetAddress {
    return addressOf(this, "local") as InternetAddress;
  }
}
