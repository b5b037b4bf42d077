// A thread of the isolated page that arms a timer again and again.

import type { ParkerHandle, Runtime } from "../../mod.ts";

export default function (runtime: Runtime, page: ParkerHandle): number {
  const timer = runtime.timer(runtime.parker().handle);
  runtime.unparker(page).unpark();
  let rounds = 0;
  try {
    for (;; rounds++) {
      timer.schedule(runtime.now() + 1000);
      timer.cancel();
    }
  } catch {
    // The runtime is shut down.
    return rounds;
  }
}
