// What a thread of the isolated page runs.

import type { ParkerHandle, Runtime } from "../../mod.ts";

export default function (runtime: Runtime, page: ParkerHandle): number {
  const parker = runtime.parker();
  parker.parkTimeout(5);
  runtime.unparker(page).unpark();
  return 42;
}
