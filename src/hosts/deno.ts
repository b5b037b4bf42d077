// Deno: threads through `node:worker_threads`, since its own `Worker` has no
// `unref()`, and keeps the process alive if it is terminated while blocked.
// https://docs.deno.com/api/node/worker_threads/

import type { Host, KernelThreads } from "../host.ts";
import { denoFfi } from "./deno_ffi.ts";
import { procfsThreads } from "./procfs.ts";
import { workerThreadsHost } from "./shared.ts";

/** https://docs.deno.com/api/deno/~/Deno.Permissions */
interface DenoGlobals {
  readonly Deno: {
    readonly permissions: {
      querySync(wanted: { name: "read" }): { readonly state: string };
    };
  };
}

/** Whoever has no permission is not asked for it. It takes `--allow-all`. */
function kernelThreads(): KernelThreads | undefined {
  const { Deno } = globalThis as unknown as DenoGlobals;
  const { state } = Deno.permissions.querySync({ name: "read" });
  return state === "granted" ? procfsThreads() : undefined;
}

/** Deno 2.9 and later. */
export const denoHost: Host = workerThreadsHost(
  "deno",
  denoFfi,
  () => "Bun: on Deno WebAssembly's own wait is as fast",
  undefined,
  kernelThreads,
);
