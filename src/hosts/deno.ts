// Deno: threads through `node:worker_threads`, since its own `Worker` has no
// `unref()`, and keeps the process alive if it is terminated while blocked.
// https://docs.deno.com/api/node/worker_threads/

import type { Host } from "../host.ts";
import { workerThreadsHost } from "./shared.ts";

/** Deno 2.9 and later. */
export const denoHost: Host = workerThreadsHost(
  "deno",
  () => "Bun: on Deno WebAssembly's own wait is as fast",
);
