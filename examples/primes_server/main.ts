// A server that leaves what takes long to a pool, and goes on serving. It stops
// what a client has asked for who has left, and refuses what would wait long.
//
//   node examples/primes_server/main.ts [PORT]
//   bun examples/primes_server/main.ts [PORT]
//   deno run -A examples/primes_server/main.ts [PORT]

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { Pool, QueueFullError, TimedOutError } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("./tasks.ts", import.meta.url);
const pool = await Pool.start<typeof tasks>(module, { maxQueue: 100 });

/** Milliseconds for a request, from when it came. */
const TIMEOUT = 10_000;

async function servePrimes(
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const client = new AbortController();
  response.once("close", () => client.abort());
  const below = Number(query.get("below") ?? 1_000_000);
  try {
    const count = await pool.run("countPrimes", [below], {
      signal: client.signal,
      timeout: TIMEOUT,
    });
    reply(response, 200, { below, count });
  } catch (error) {
    if (client.signal.aborted) console.log("a client has left");
    else reply(response, statusOf(error), { error: (error as Error).message });
  }
}

function statusOf(error: unknown): number {
  if (error instanceof QueueFullError) return 503;
  if (error instanceof TimedOutError) return 504;
  // An error of a task has the class that it had when it was thrown.
  return error instanceof RangeError ? 400 : 500;
}

function metrics(): object {
  const { completed, failed, cancelled, pending, latency } = pool.metrics();
  const p99 = latency.percentile(99);
  return { completed, failed, cancelled, pending, p99 };
}

function reply(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(value)}\n`);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/primes") void servePrimes(url.searchParams, response);
  else if (url.pathname === "/metrics") reply(response, 200, metrics());
  else reply(response, 404, { error: "there are /primes and /metrics" });
});

server.listen(Number(process.argv[2] ?? 8000), "localhost", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`http://localhost:${port}/primes?below=1000000`);
});

process.once("SIGTERM", async () => {
  // What has begun is answered before the pool ends.
  await new Promise((resolve) => server.close(resolve));
  await pool.shutdown();
  console.log("done");
});
