// How much CPU does a process use at rest, with 8 workers that wait?

import process from "node:process";
import {
  type Echo,
  laybyEchoes,
  messageEcho,
  prepare,
  sleep,
} from "./echoes.ts";
import { emit, lower } from "./harness.ts";

const WORKERS = 8;
const SETTLE = 1_000;
const WINDOW = 10_000;

/** "layby", "messages" or "no workers". */
const subject = process.argv[2] ?? "no workers";

const echoes: Echo[] = [];
if (subject === "layby") echoes.push(laybyEchoes(subject, WORKERS));
else if (subject === "messages") {
  for (let worker = 0; worker < WORKERS; worker++) {
    echoes.push(messageEcho(subject));
  }
}
await prepare(echoes, false);

await sleep(SETTLE);
const start = performance.now();
const before = process.cpuUsage();
await sleep(WINDOW);
const { user, system } = process.cpuUsage(before);
const taken = performance.now() - start;
emit([lower("idle", subject, "%", (user + system) / 1e3 / taken * 100)]);
for (const echo of echoes) echo.stop();
