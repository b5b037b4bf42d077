// What does a round trip between two threads cost when both block?

import process from "node:process";
import { jsEcho, laybyEcho, messageEcho, prepare, wasmEcho } from "./echoes.ts";
import { emit, interleave, lower } from "./harness.ts";

/** "one_core", "two_cores" or "unpinned". The caller has pinned the process. */
const placement = process.argv[2] ?? "unpinned";

const echoes = [
  laybyEcho("layby"),
  jsEcho("raw"),
  wasmEcho("raw wasm"),
  messageEcho("postMessage"),
];
if ("Bun" in globalThis && process.platform === "linux") {
  echoes.push(laybyEcho("layby futex", { wait: "futex" }));
}
await prepare(echoes, placement === "two_cores");

const turns = { batches: 11, batch: 10, warmUp: 150 };
const times = await interleave(echoes, turns);
emit(
  times.map((ms, index) =>
    lower(`pingpong_${placement}`, echoes[index]!.subject, "µs", ms * 1e3)
  ),
);
for (const echo of echoes) echo.stop();
