// Thread bodies for host_test.ts. Each runs on a thread of its own.

import type { Runtime } from "../../mod.ts";

/** Parks for so many milliseconds. */
export default function (runtime: Runtime, timeout: number): string {
  return runtime.parker().parkTimeout(timeout);
}
