// Runs the pool benches on the runtimes, by turns, and prints what they found.
//
//   deno run -A bench/pool/main.ts [NAME…] [--subject NAME] [--json]
//       [--runtime deno|bun|node|node24] [--rounds N]
//
// Without a name, or with `pool`, all of them.

import process from "node:process";
import { parseArgs } from "node:util";
import { runMain } from "../../scripts/processes.ts";
import {
  type RuntimeName,
  runtimeNamed,
  RUNTIMES,
} from "../../scripts/runtimes.ts";
import { figuresOf } from "../figures.ts";
import { describeMachine } from "../machine.ts";
import { nativeTokio } from "../native/tokio.ts";
import { tablesOf } from "../table.ts";
import { withBestPeer } from "./best_peer.ts";
import { installPeers } from "./peers.ts";
import { POOL_BENCHES, type PoolBench } from "./plan.ts";
import { runPoolRounds } from "./rounds.ts";
import { NO_POOL, PEERS, POOLS, PROMISES, TOKIO } from "./subjects.ts";

const RUN_ON: readonly RuntimeName[] = ["deno", "bun", "node"];
/** In place of the names of all benches. */
const EVERY = "pool";
const ALL = [...POOLS, NO_POOL, PROMISES, TOKIO];

interface Request {
  readonly benches: readonly PoolBench[];
  readonly runtimes: readonly RuntimeName[];
  readonly subjects: readonly string[];
  readonly json: boolean;
  /** In place of a bench's own number. */
  readonly rounds: number | undefined;
}

function readRequest(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      runtime: { type: "string", multiple: true, default: [...RUN_ON] },
      subject: { type: "string", multiple: true, default: ALL },
      rounds: { type: "string" },
    },
  });
  const runtimes = values.runtime.flatMap((value) => value.split(","));
  for (const name of runtimes) {
    choose("runtime", name, RUNTIMES.map(({ name }) => name));
  }
  const names = POOL_BENCHES.map(({ name }) => name);
  for (const name of positionals) {
    choose("pool bench", name, [...names, EVERY]);
  }
  const rounds = values.rounds === undefined
    ? undefined
    : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error("--rounds must be a positive integer");
  }
  return {
    benches: POOL_BENCHES.filter(({ name }) =>
      positionals.length === 0 || positionals.includes(EVERY) ||
      positionals.includes(name)
    ),
    runtimes: runtimes as RuntimeName[],
    subjects: values.subject.flatMap((value) => value.split(","))
      .flatMap(subjectsNamed),
    json: values.json,
    rounds,
  };
}

/** A subject, or its modes: `piscina` is all of `piscina-sync` and so on. */
function subjectsNamed(name: string): string[] {
  if (ALL.includes(name)) return [name];
  const modes = ALL.filter((subject) => subject.startsWith(`${name}-`));
  if (modes.length === 0) choose("subject", name, ALL);
  return modes;
}

function choose(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new Error(`no ${what} ${name}: there are ${known.join(", ")}`);
}

/** Whether these arguments name a pool bench. */
export function asksForPools(args: readonly string[]): boolean {
  return [EVERY, ...POOL_BENCHES.map(({ name }) => name)]
    .some((name) => args.includes(name));
}

/** Runs the pool benches that the arguments name. */
export async function runPoolBenches(args: readonly string[]): Promise<void> {
  const { benches, runtimes, subjects, json, rounds } = readRequest(args);
  console.error(describeMachine());
  for (const name of runtimes) {
    console.error(`${name} ${await runtimeNamed(name).version()}`);
  }
  if (subjects.some((name) => PEERS.includes(name))) await installPeers();
  const native = subjects.includes(TOKIO) ? await nativeTokio() : undefined;
  for (const bench of benches) {
    const samples = await runPoolRounds({
      bench,
      rounds: rounds ?? bench.rounds,
      runtimes,
      subjects,
      native,
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

if (import.meta.main) {
  await runMain(() => runPoolBenches(process.argv.slice(2)));
}
