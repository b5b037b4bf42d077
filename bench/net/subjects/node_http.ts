// `node:http`, which each runtime has.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HELLO, HELLO_TYPE, type Serve } from "../subject.ts";

export const hello: Serve = async () => {
  const headers = {
    "Content-Type": HELLO_TYPE,
    "Content-Length": HELLO.length,
  };
  const server = createServer((_request, response) => {
    response.writeHead(200, headers).end(HELLO);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
