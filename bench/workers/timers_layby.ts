// Arms timers of layby's, and notes how late each has woken this thread.

import type { Parker, ParkerHandle, Runtime, Timer } from "../../mod.ts";
import { type Run, type Share, takeSteps } from "./timers_share.ts";

/** What the main thread passes. */
export interface TimersLayby {
  /** Detached, for this thread. */
  readonly mine: ParkerHandle;
  readonly share: Share;
}

export default function (runtime: Runtime, { mine, share }: TimersLayby): void {
  const parker = runtime.adopt(mine);
  const orders = new Map(share.runs.map((run) => [run, orderOf(run)]));
  let timers: Timer[] = [];
  takeSteps(share, (step, taken) => {
    if (step === "claim") {
      timers = Array.from(taken.offsets, () => runtime.timer(mine));
    } else if (step === "run") {
      run(runtime, parker, timers, taken, orders.get(taken)!);
    } else {
      for (const timer of timers) timer.release();
    }
  });
}

/** The timers' numbers, by their deadlines. */
function orderOf({ offsets }: Run): Uint32Array {
  const order = Uint32Array.from(offsets.keys());
  return order.sort((a, b) => offsets[a]! - offsets[b]!);
}

function run(
  runtime: Runtime,
  parker: Parker,
  timers: readonly Timer[],
  { offsets, late }: Run,
  order: Uint32Array,
): void {
  const start = runtime.now();
  for (let index = 0; index < timers.length; index++) {
    timers[index]!.schedule(start + offsets[index]!);
  }
  let next = 0;
  while (next < order.length) {
    parker.park();
    let now = runtime.now();
    // Each timer that fires wakes this thread, and after it has fired: so it is
    // enough to look at those due next.
    while (next < order.length) {
      const index = order[next]!;
      if (timers[index]!.state !== "fired") break;
      const deadline = start + offsets[index]!;
      // Another thread may have fired it since.
      if (now < deadline) now = runtime.now();
      late[index] = now - deadline;
      next++;
    }
  }
}
