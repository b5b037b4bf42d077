// Sockets of `node:net`, which each runtime has, in event loops.

import { mkdtempSync, rmSync } from "node:fs";
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import type { EchoClient, EchoSubject, Kind, Serve } from "../subject.ts";

const HOST = "127.0.0.1";

export const echo: EchoSubject = {
  async open(kind) {
    const server = createServer();
    const connection = once(server, "connection") as Promise<[Socket]>;
    const { options, forget } = await listen(server, kind);
    return {
      theirs: options,
      async connected() {
        const [socket] = await connection;
        server.close();
        forget();
        return clientOf(socket);
      },
    };
  },
  async answer(theirs) {
    const socket = connect(theirs as NetConnectOpts);
    answerAll(socket);
    await once(socket, "close");
  },
};

/** Accepts connections, and answers what they send. */
export const hold: Serve = async () => {
  const server = createServer(answerAll);
  await listen(server, "tcp");
  return (server.address() as AddressInfo).port;
};

async function listen(server: Server, kind: Kind) {
  if (kind === "unix") {
    const folder = mkdtempSync(join(tmpdir(), "layby-bench-"));
    const path = join(folder, "socket");
    server.listen(path);
    await once(server, "listening");
    const forget = () => rmSync(folder, { recursive: true, force: true });
    return { options: { path }, forget };
  }
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { options: { host: HOST, port }, forget: () => {} };
}

function answerAll(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("data", (bytes) => socket.write(bytes));
  // A client that is killed.
  socket.on("error", () => socket.destroy());
}

function clientOf(socket: Socket): EchoClient {
  socket.setNoDelay(true);
  let received: Uint8Array = new Uint8Array(0);
  let wanted = 0;
  let answer: (bytes: Uint8Array) => void;
  socket.on("data", (chunk) => {
    const bytes = chunk as Uint8Array;
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    if (received.length >= wanted) answer(received);
  });
  return {
    exchange(bytes) {
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      answer = resolve;
      received = received.subarray(received.length);
      wanted = bytes.length;
      socket.write(bytes);
      return promise;
    },
    close: () => void socket.end(),
  };
}
