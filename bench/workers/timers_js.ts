// Sets one timeout for each deadline, and notes how late each was.

import { parentPort, workerData } from "node:worker_threads";
import { type Run, sayDone, type Share } from "./timers_share.ts";

const share = workerData as Share;

parentPort!.on("message", (index: number) => run(share.runs[index]!));
// It serves.
sayDone(share);

function run({ offsets, late }: Run): void {
  const start = now();
  let left = offsets.length;
  const fire = (index: number, deadline: number) => {
    late[index] = now() - deadline;
    if (--left === 0) sayDone(share);
  };
  for (let index = 0; index < offsets.length; index++) {
    const deadline = start + offsets[index]!;
    // Timeouts are whole milliseconds: rounded up, not to be early.
    const delay = Math.max(Math.ceil(deadline - now()), 0);
    setTimeout(fire, delay, index, deadline);
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
