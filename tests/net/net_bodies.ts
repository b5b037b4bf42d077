// Thread bodies for the tests of sockets. Each runs on a thread of its own.

import {
  PipeReader,
  Signals,
  type SignalsHandle,
  TcpListener,
  TcpStream,
  UdpSocket,
  UnixStream,
} from "../../mod.ts";
import { bodies, publish } from "../threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What an error says of itself. */
function describe(error: unknown): unknown {
  const { code, errorCode, message } = error as Record<string, unknown>;
  return { code, errorCode, message };
}

export default bodies({
  /** Sends what it receives, blocking, until the end. Returns how much. */
  echoSync: ({ io }, { fd, kind }: { fd: number; kind: "tcp" | "unix" }) => {
    using stream = kind === "tcp"
      ? TcpStream.from(io, fd)
      : UnixStream.from(io, fd);
    const bytes = new Uint8Array(65_536);
    let all = 0;
    let count: number | null;
    while ((count = stream.readSync(bytes)) !== null) {
      stream.writeAllSync(bytes.subarray(0, count));
      all += count;
    }
    stream.shutdown("write");
    return all;
  },

  /** The same in the event loop. */
  echo: async ({ io }, { fd }: { fd: number }) => {
    using stream = TcpStream.from(io, fd);
    const bytes = new Uint8Array(65_536);
    let all = 0;
    let count: number | null;
    while ((count = await stream.read(bytes)) !== null) {
      await stream.writeAll(bytes.subarray(0, count));
      all += count;
    }
    stream.shutdown("write");
    return all;
  },

  /** Accepts so many, blocking, and answers each with a byte. */
  acceptSync: ({ io }, { fd, count }: { fd: number; count: number }) => {
    using listener = TcpListener.from(io, fd);
    for (let done = 0; done < count; done++) {
      using stream = listener.acceptSync();
      stream.writeAllSync(Uint8Array.of(done));
    }
    return count;
  },

  /** Connects, blocking, and returns what it reads. */
  connectSync: ({ io }, { port }: { port: number }) => {
    using stream = TcpStream.connectSync(io, { port });
    const bytes = new Uint8Array(16);
    const count = stream.readSync(bytes)!;
    return [...bytes.subarray(0, count)];
  },

  /** Reads a pipe to its end, blocking. */
  readPipe: ({ io }, { fd }: { fd: number }) => {
    using reader = PipeReader.from(io, fd);
    const bytes = new Uint8Array(4096);
    let sum = 0;
    let all = 0;
    let count: number | null;
    while ((count = reader.readSync(bytes)) !== null) {
      all += count;
      for (let at = 0; at < count; at++) sum = (sum + bytes[at]!) | 0;
    }
    return { all, sum };
  },

  /** Receives a message, blocking, and sends it back. */
  answerUdp: ({ io }, { fd }: { fd: number }) => {
    using socket = UdpSocket.from(io, fd);
    const bytes = new Uint8Array(2048);
    const { length, address } = socket.receiveSync(bytes);
    socket.sendSync(bytes.subarray(0, length), address);
    return address.port;
  },

  /** Adopts a descriptor, and returns why that fails. */
  adopt: ({ io }, { fd }: { fd: number }) => {
    try {
      TcpStream.from(io, fd);
      return undefined;
    } catch (error) {
      return describe(error);
    }
  },

  /** Waits for a signal, blocking or not, when it has said so. */
  signal: async ({ io }, { handle, words, blocks }: {
    handle: SignalsHandle;
    words: Words;
    blocks: boolean;
  }) => {
    using signals = Signals.from(io, handle);
    publish(words, 0, 1);
    const names: (string | null)[] = [];
    for (let time = 0; time < 3; time++) {
      names.push(blocks ? signals.nextSync() : await signals.next());
    }
    return names;
  },

  /** Tries to watch signals where none can be. */
  watchSignals: ({ io }) => {
    try {
      Signals.watch(io, ["SIGHUP"]);
      return undefined;
    } catch (error) {
      return describe(error);
    }
  },
});
