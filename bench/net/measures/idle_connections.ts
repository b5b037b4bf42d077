// What do connections cost on which nothing comes?

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { lower, type Row } from "../../harness.ts";
import type { Job, Measure } from "./job.ts";
import { type Server, withServer } from "./server.ts";

const CONNECTIONS = 1_000;
/** How many connect at the same time: fewer than wait to be accepted. */
const AT_ONCE = 50;
/** Milliseconds. */
const SETTLE = 1_000;
const WINDOW = 5_000;

/** The arguments are the command of the server. */
export const idleConnections: Measure = (job) =>
  withServer(job.args, (server) => measure(job, server));

async function measure(
  { row, subject }: Job,
  server: Server,
): Promise<Row[]> {
  // One that has come and gone: so that all code is there.
  (await open(server.port)).destroy();
  const without = await shareOf(server);
  const sockets: Socket[] = [];
  while (sockets.length < CONNECTIONS) {
    const opening = Array.from({ length: AT_ONCE }, () => open(server.port));
    sockets.push(...await Promise.all(opening));
  }
  const withAll = await shareOf(server);
  const closed = sockets.filter(({ readyState }) => readyState !== "open");
  if (closed.length > 0) throw new Error(`${closed.length} have been closed`);
  for (const socket of sockets) socket.destroy();
  return [
    lower(row, subject, "%", withAll),
    lower(row, `${subject}, none`, "%", without),
  ];
}

/** Resolves when the server has answered on the connection. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.write("?");
  const [answer] = await once(socket, "data");
  if (`${answer}` !== "?") throw new Error(`the server answers ${answer}`);
  return socket;
}

/** The CPU that the server uses at rest. */
async function shareOf({ cpu }: Server): Promise<number> {
  await sleep(SETTLE);
  const start = performance.now();
  const before = cpu();
  await sleep(WINDOW);
  return (cpu() - before) / (performance.now() - start) * 100;
}
