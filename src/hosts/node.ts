// Node: threads through `node:worker_threads`.
// https://nodejs.org/api/worker_threads.html

import type { Host } from "../host.ts";
import { nodeFfi } from "./node_ffi.ts";
import { workerThreadsHost } from "./shared.ts";

/** Node 24 and later. */
export const nodeHost: Host = workerThreadsHost(
  "node",
  nodeFfi,
  () => "Bun: on Node WebAssembly's own wait is as fast",
);
