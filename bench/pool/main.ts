// Runs the pool benches on the runtimes, by turns, and prints what they found.
//
//   deno run -A bench/pool/main.ts [NAME…] [--subject NAME] [--json]
//       [--runtime deno|bun|node|node24] [--rounds N]
//
// Without a name, or with `pool`, all of them.

import process from "node:process";
import { inRoot } from "../../scripts/paths.ts";
import { runMain } from "../../scripts/processes.ts";
import { runtimeNamed } from "../../scripts/runtimes.ts";
import { figuresOf } from "../figures.ts";
import { describeMachine } from "../machine.ts";
import { nativeTokio } from "../native/tokio.ts";
import { asksFor, readSubjectRequest } from "../request.ts";
import { runSubjectRounds, type Turn } from "../subject_rounds.ts";
import { tablesOf } from "../table.ts";
import { withBestPeer } from "./best_peer.ts";
import { installPeers } from "./peers.ts";
import { POOL_BENCHES, type PoolBench } from "./plan.ts";
import { MOVED, NO_POOL, PEERS, POOLS, PROMISES, TOKIO } from "./subjects.ts";

const CHOICE = {
  benches: POOL_BENCHES,
  every: "pool",
  subjects: [...POOLS, NO_POOL, PROMISES, MOVED, TOKIO],
};

/** Whether these arguments name a pool bench. */
export function asksForPools(args: readonly string[]): boolean {
  return asksFor(CHOICE, args);
}

/** Runs the pool benches that the arguments name. */
export async function runPoolBenches(args: readonly string[]): Promise<void> {
  const request = readSubjectRequest(CHOICE, args);
  const { benches, runtimes, subjects, json, rounds } = request;
  console.error(describeMachine());
  for (const name of runtimes) {
    console.error(`${name} ${await runtimeNamed(name).version()}`);
  }
  if (subjects.some((name) => PEERS.includes(name))) await installPeers();
  const native = subjects.includes(TOKIO) ? await nativeTokio() : undefined;
  for (const bench of benches) {
    const chosen = bench.subjects.filter((name) => subjects.includes(name));
    const samples = await runSubjectRounds({
      bench,
      rounds: rounds ?? bench.rounds,
      runtimes,
      subjectsOf: (part, runner) => {
        if (runner !== "native") return chosen;
        return native !== undefined && part.native ? [TOKIO] : [];
      },
      commandOf: (turn) => commandOf(bench, turn, native),
      say: (message) => console.error(message),
    });
    if (samples.length === 0) {
      console.error(`${bench.name}: no subject could run`);
      process.exitCode = 1;
    }
    const figures = figuresOf(bench, withBestPeer(samples));
    if (json) {
      for (const figure of figures) console.log(JSON.stringify(figure));
    } else {
      console.log(`\n${tablesOf(bench, figures, [...runtimes, "native"])}`);
    }
  }
}

function commandOf(
  bench: PoolBench,
  { part, runner, subject }: Turn,
  native: string | undefined,
): string[] {
  if (runner === "native") {
    return [native!, bench.name, part.bench, ...part.native!];
  }
  const { path, scriptArgs } = runtimeNamed(runner);
  const program = inRoot("bench/pool/run.ts");
  const args = [bench.name, part.bench, subject, ...part.args!];
  return [path, ...scriptArgs, program, ...args];
}

if (import.meta.main) {
  await runMain(() => runPoolBenches(process.argv.slice(2)));
}
