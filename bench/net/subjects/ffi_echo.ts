// Both threads block in an epoll of their own, and call read and write.

import { intRoom, type Libc, newRoom, openLibc } from "../libc.ts";
import { type EchoSubject, type Kind, MESSAGE } from "../subject.ts";
import { newEpoll, poller } from "./ffi.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0x80000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const STREAM = SOCK_STREAM | SOCK_CLOEXEC;
const NAME_BYTES = 16;
const ROOM = 4096;

/** One end of a stream. */
interface End {
  /** What was received, up to a length. */
  readonly bytes: Uint8Array;
  /** Sends so many of the bytes. */
  send(length: number): void;
  /** Blocks for more bytes, from there. Returns how many; none at the end. */
  receive(from: number): number;
}

export const echo: EchoSubject = {
  open(kind) {
    const libc = openLibc();
    const [mine, theirs] = connect(libc, kind);
    return { theirs, connected: () => clientOf(libc, mine) };
  },
  answer(theirs) {
    const end = endOf(openLibc(), theirs as number);
    let length: number;
    while ((length = end.receive(0)) > 0) end.send(length);
  },
};

function clientOf(libc: Libc, socket: number) {
  const end = endOf(libc, socket);
  const received = end.bytes.subarray(0, MESSAGE);
  return {
    exchange(bytes: Uint8Array): Uint8Array {
      end.bytes.set(bytes);
      end.send(bytes.length);
      let length = 0;
      while (length < bytes.length) {
        const more = end.receive(length);
        if (more === 0) throw new Error("the stream has ended");
        length += more;
      }
      return received;
    },
    close: () => void libc.close(socket),
  };
}

// The sockets block: but nobody reads before the epoll has told that there is
// something, and nobody sends more than there is room for.
function endOf(libc: Libc, socket: number): End {
  const poll = poller(libc, newEpoll(libc, socket));
  const { bytes, address } = newRoom(libc, ROOM);
  // Where a message goes on that comes in pieces.
  const addressFrom = (from: number) =>
    from === 0 ? address : libc.addressOf(bytes.subarray(from));
  return {
    bytes,
    send(length) {
      if (libc.write(socket, address, length) === length) return;
      throw new Error(`cannot write ${length} bytes to the socket ${socket}`);
    },
    receive(from) {
      poll();
      const length = libc.read(socket, addressFrom(from), ROOM - from);
      if (length < 0) throw new Error(`cannot read from the socket ${socket}`);
      return length;
    },
  };
}

function connect(libc: Libc, kind: Kind): [number, number] {
  if (kind === "tcp") return connectTcp(libc);
  const ends = newRoom(libc, 8);
  check("socketpair", libc.socketpair(AF_UNIX, STREAM, 0, ends.address));
  const [mine, theirs] = new Int32Array(ends.bytes.buffer);
  return [mine!, theirs!];
}

function connectTcp(libc: Libc): [number, number] {
  // The port in bytes 2 and 3, the address in 4 to 7.
  const name = newRoom(libc, NAME_BYTES);
  new Uint16Array(name.bytes.buffer)[0] = AF_INET;
  name.bytes.set([127, 0, 0, 1], 4);
  const length = intRoom(libc, NAME_BYTES);
  const on = intRoom(libc, 1);

  const listener = check("socket", libc.socket(AF_INET, STREAM, 0));
  check("bind", libc.bind(listener, name.address, NAME_BYTES));
  check("listen", libc.listen(listener, 1));
  check(
    "getsockname",
    libc.getsockname(listener, name.address, length.address),
  );
  const mine = check("socket", libc.socket(AF_INET, STREAM, 0));
  check("connect", libc.connect(mine, name.address, NAME_BYTES));
  const theirs = check(
    "accept",
    libc.accept4(listener, null, null, SOCK_CLOEXEC),
  );
  libc.close(listener);
  for (const socket of [mine, theirs]) {
    check(
      "setsockopt",
      libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, on.address, 4),
    );
  }
  return [mine, theirs];
}

function check(what: string, result: number): number {
  if (result < 0) throw new Error(`cannot ${what}`);
  return result;
}
