// The tasks of layby's servers: one for each connection.

import { Buffer } from "node:buffer";
import { TcpStream } from "../../../mod.ts";
import { worker } from "../../../task.ts";
import { HELLO, HELLO_TYPE } from "../subject.ts";

const ROOM = 4096;
const BLANK = "\r\n\r\n";
const RESPONSE = new TextEncoder().encode(
  `HTTP/1.1 200 OK\r\ncontent-type: ${HELLO_TYPE}\r\n` +
    `content-length: ${HELLO.length}${BLANK}${HELLO}`,
);

/** Answers each head of a request: none has a body. */
export async function hello(fd: number): Promise<void> {
  using stream = TcpStream.from(worker.io, fd);
  const bytes = Buffer.alloc(ROOM);
  let filled = 0;
  for (;;) {
    const count = await stream.read(bytes.subarray(filled));
    if (!count) return;
    filled += count;
    let end: number;
    while ((end = bytes.subarray(0, filled).indexOf(BLANK)) >= 0) {
      await stream.writeAll(RESPONSE);
      bytes.copyWithin(0, end + BLANK.length, filled);
      filled -= end + BLANK.length;
    }
  }
}

/** Sends back what comes. */
export async function hold(fd: number): Promise<void> {
  using stream = TcpStream.from(worker.io, fd);
  const bytes = new Uint8Array(ROOM);
  let count: number | null;
  while ((count = await stream.read(bytes)) !== null) {
    await stream.writeAll(bytes.subarray(0, count));
  }
}
