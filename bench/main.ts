// Runs benches on the runtimes, by turns, and prints what they found.
//
//   deno task bench [NAME…] [--json] [--runtime deno|bun|node|node24]
//                   [--rounds N]
//
// Those of the pool run apart, by their names, or all as `pool`: pool/main.ts;
// and those of sockets, or all as `net`: net/main.ts.

import { statSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { buildNpm } from "../scripts/build_npm.ts";
import { filesBelow, inRoot } from "../scripts/paths.ts";
import { runMain } from "../scripts/processes.ts";
import {
  type RuntimeName,
  runtimeNamed,
  RUNTIMES,
} from "../scripts/runtimes.ts";
import { figuresOf } from "./figures.ts";
import { nativeParker } from "./native/build.ts";
import { type Bench, BENCHES } from "./plan.ts";
import { describeMachine } from "./machine.ts";
import { asksForNet, runNetBenches } from "./net/main.ts";
import { asksForPools, runPoolBenches } from "./pool/main.ts";
import { runRounds } from "./rounds.ts";
import { tablesOf } from "./table.ts";

const DEFAULT: readonly RuntimeName[] = ["deno", "bun", "node"];

interface Request {
  readonly benches: readonly Bench[];
  readonly runtimes: readonly RuntimeName[];
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
      runtime: { type: "string", multiple: true, default: [...DEFAULT] },
      rounds: { type: "string" },
    },
  });
  const runtimes = values.runtime.flatMap((value) => value.split(","));
  const known: readonly string[] = RUNTIMES.map(({ name }) => name);
  for (const name of runtimes) choose("runtime", name, known);
  const names = BENCHES.map(({ name }) => name);
  for (const name of positionals) choose("bench", name, names);
  const rounds = values.rounds === undefined
    ? undefined
    : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error("--rounds must be a positive integer");
  }
  return {
    benches: BENCHES.filter(({ name }) =>
      positionals.length === 0 || positionals.includes(name)
    ),
    runtimes: runtimes as RuntimeName[],
    json: values.json,
    rounds,
  };
}

function choose(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new Error(`no ${what} ${name}: there are ${known.join(", ")}`);
}

/** Builds what npm ships, if it is missing or older than its sources. */
async function ensureDist(): Promise<void> {
  const built = statSync(inRoot("dist/mod.js"), { throwIfNoEntry: false });
  const sources = ["mod.ts", ...filesBelow("src", ".ts")];
  const newest = Math.max(
    ...sources.map((path) => statSync(inRoot(path)).mtimeMs),
  );
  if (built === undefined || built.mtimeMs < newest) await buildNpm();
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (asksForPools(words)) return await runPoolBenches(words);
  if (asksForNet(words)) return await runNetBenches(words);
  const { benches, runtimes, json, rounds } = readRequest(words);
  console.error(describeMachine());
  for (const name of runtimes) {
    console.error(`${name} ${await runtimeNamed(name).version()}`);
  }
  const native = await nativeParker();
  for (const bench of benches) {
    if (bench.dist) await ensureDist();
    const samples = await runRounds({
      bench,
      rounds: rounds ?? bench.rounds,
      runtimes,
      native,
      say: (message) => console.error(message),
      fail: (message) => {
        console.error(message);
        process.exitCode = 1;
      },
    });
    const figures = figuresOf(bench, samples);
    if (json) {
      for (const figure of figures) console.log(JSON.stringify(figure));
    } else {console.log(
        `\n${tablesOf(bench, figures, [...runtimes, "native"])}`,
      );}
  }
}

await runMain(main);
