// Times how a worker gets at a runtime that another thread has made.

import { parentPort, workerData } from "node:worker_threads";

const start = performance.now();
const { Runtime }: typeof import("../../mod.ts") = await import(
  workerData.module
);
const imported = performance.now();
Runtime.attach(workerData.handle);
const attached = performance.now();
parentPort!.postMessage([imported - start, attached - imported]);
