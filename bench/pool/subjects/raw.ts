// What one would write without a pool: workers, messages with a number, and a
// table of who waits for which. Workers get messages in turn.

import { Worker } from "node:worker_threads";
import type { RunningPool, Start } from "../subject.ts";
import type { Answer, Call } from "../workers/raw.ts";

/** There is nothing to load. */
export function loadRaw(): Promise<Start> {
  return Promise.resolve(start);
}

function start(count: number): RunningPool {
  const waiting = new Map<number, (result: unknown) => void>();
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(new URL("../workers/raw.ts", import.meta.url));
    worker.on("message", ({ id, result }: Answer) => {
      waiting.get(id)!(result);
      waiting.delete(id);
    });
    return worker;
  });
  let calls = 0;
  return {
    run(task, argument) {
      const id = calls++;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        const call: Call = { id, task, argument };
        workers[id % count]!.postMessage(call);
      });
    },
  };
}
