// Threads that do what no thread should: for a test of the watchdog.

import type { ParkerHandle, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";

/** Parks without hope. */
function forget(runtime: Runtime, args: { parker: ParkerHandle }): string {
  return runtime.adopt(args.parker).park();
}

function fail(): never {
  throw new Error("A thread failed");
}

export default bodies({ forget, fail });
