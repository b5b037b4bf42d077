// Tasks that wait for what the event loop brings, or leave something to it.

import net from "node:net";
import { setInterval } from "node:timers";
import { worker } from "../../../task.ts";
import { arrive, pause } from "./words.ts";

export async function wait(ms: number): Promise<number> {
  await pause(ms);
  return worker.index;
}

export async function waitAndEcho(ms: number): Promise<number> {
  await pause(ms);
  return ms;
}

/** Sends bytes to a server of its own, and returns what comes back. */
export function echoBySocket(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.pipe(socket));
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      const client = net.connect(port, "127.0.0.1", () => client.end(text));
      let received = "";
      client.on("data", (chunk) => received += chunk);
      client.on("error", reject);
      client.on("close", () => server.close(() => resolve(received)));
    });
  });
}

export function print(text: string): void {
  console.log(text);
}

export async function fetchData(url: string): Promise<string> {
  const response = await fetch(url);
  return await response.text();
}

/** Counts up a word, again and again, while nobody runs anything here. */
export function tick(at: number, ms: number): void {
  setInterval(() => arrive(at), ms);
}
