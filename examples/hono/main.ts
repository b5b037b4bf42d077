// An app on Hono, https://hono.dev, whose handlers leave what takes long to a
// pool. The folder has a package.json of its own: npm ci comes first.
//
//   cd examples/hono && npm ci
//   node main.ts [PORT]
//   bun main.ts [PORT]
//   deno run -A main.ts [PORT]

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import process from "node:process";
import { Pool, QueueFullError, TimedOutError } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("./tasks.ts", import.meta.url);
const pool = await Pool.start<typeof tasks>(module, { maxQueue: 100 });

const app = new Hono();

app.get("/collatz/:below{[0-9]+}", async (context) => {
  const below = Number(context.req.param("below"));
  // The signal of a request aborts when its client leaves.
  const { signal } = context.req.raw;
  try {
    const options = { signal, timeout: 10_000 };
    return context.json(await pool.run("longestCollatz", [below], options));
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log("a client has left");
    return new Response(null, { status: 499 });
  }
});

app.get("/metrics", (context) => {
  const { completed, cancelled, pending, latency } = pool.metrics();
  const p99 = latency.percentile(99);
  return context.json({ completed, cancelled, pending, p99 });
});

app.onError((error, context) => {
  const { message } = error;
  if (error instanceof QueueFullError) return context.json({ message }, 503);
  if (error instanceof TimedOutError) return context.json({ message }, 504);
  return context.json({ message }, 500);
});

const server = serve(
  { fetch: app.fetch, port: Number(process.argv[2] ?? 8000) },
  ({ port }) => console.log(`http://localhost:${port}/collatz/1000000`),
);

process.once("SIGTERM", async () => {
  await new Promise((resolve) => server.close(resolve));
  await pool.shutdown();
  console.log("done");
});
