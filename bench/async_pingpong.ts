// What does a round trip cost when the caller awaits in its event loop?

import process from "node:process";
import { laybyAsyncEcho, messageEcho, prepare } from "./echoes.ts";
import { emit, interleave, lower } from "./harness.ts";

/** "one_core" or "unpinned". The caller has pinned the process. */
const placement = process.argv[2] ?? "unpinned";

const echoes = [laybyAsyncEcho("layby"), messageEcho("postMessage")];
if ("Bun" in globalThis && process.platform === "linux") {
  echoes.push(laybyAsyncEcho("layby futex", { wait: "futex" }));
}
await prepare(echoes, false);

const turns = { batches: 15, batch: 20, warmUp: 150 };
const times = await interleave(echoes, turns);
emit(
  times.map((ms, index) =>
    lower(`async_pingpong_${placement}`, echoes[index]!.subject, "µs", ms * 1e3)
  ),
);
for (const echo of echoes) echo.stop();
