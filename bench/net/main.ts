// Runs the net benches on the runtimes, by turns, and prints what they found.
//
//   deno run -A bench/net/main.ts [NAME…] [--subject NAME] [--json]
//       [--runtime deno|bun|node|node24] [--rounds N]
//
// Without a name, or with `net`, all of them.

import process from "node:process";
import { inRoot } from "../../scripts/paths.ts";
import { run, runMain } from "../../scripts/processes.ts";
import { type RuntimeName, runtimeNamed } from "../../scripts/runtimes.ts";
import { figuresOf } from "../figures.ts";
import { describeMachine } from "../machine.ts";
import { nativeEpoll } from "../native/build.ts";
import { nativeTokioNet } from "../native/tokio.ts";
import type { Runner } from "../plan.ts";
import { asksFor, readSubjectRequest } from "../request.ts";
import { runSubjectRounds, type Turn } from "../subject_rounds.ts";
import { tablesOf } from "../table.ts";
import { NET_BENCHES, type NetBench } from "./plan.ts";
import { type Entry, EPOLL, NATIVES, SUBJECTS, TOKIO } from "./subjects.ts";

const CHOICE = {
  benches: NET_BENCHES,
  every: "net",
  subjects: [...new Set(NET_BENCHES.flatMap(({ subjects }) => subjects))],
};

/** Whose subjects are servers, and are measured from another process. */
const SERVERS: readonly string[] = ["http_hello", "idle_connections"];

/** The paths of the native programs that are there, by their subjects. */
type Natives = ReadonlyMap<string, string>;

/** Whether these arguments name a net bench. */
export function asksForNet(args: readonly string[]): boolean {
  return asksFor(CHOICE, args);
}

/** Runs the net benches that the arguments name. */
export async function runNetBenches(args: readonly string[]): Promise<void> {
  const request = readSubjectRequest(CHOICE, args);
  const { benches, runtimes, subjects, json, rounds } = request;
  console.error(describeMachine());
  for (const name of runtimes) {
    console.error(`${name} ${await runtimeNamed(name).version()}`);
  }
  const natives = await buildNatives(subjects);
  for (const bench of benches) {
    if (bench.name === "http_hello" && !await hasWrk()) {
      console.error(
        "http_hello: skipped, there is no wrk on PATH (on Debian, wrk has it)",
      );
      continue;
    }
    const samples = await runSubjectRounds({
      bench,
      rounds: rounds ?? bench.rounds,
      runtimes,
      subjectsOf: (_part, runner) =>
        subjectsOf(bench, runner, natives)
          .filter((name) => subjects.includes(name)),
      commandOf: (turn) => commandOf(bench, turn, natives),
      say: (message) => console.error(message),
    });
    if (samples.length === 0) {
      console.error(`${bench.name}: no subject could run`);
      process.exitCode = 1;
    }
    const figures = figuresOf(bench, samples);
    if (json) {
      for (const figure of figures) console.log(JSON.stringify(figure));
    } else {
      console.log(`\n${tablesOf(bench, figures, [...runtimes, "native"])}`);
    }
  }
}

async function buildNatives(subjects: readonly string[]): Promise<Natives> {
  const natives = new Map<string, string>();
  for (
    const [name, build] of [[EPOLL, nativeEpoll], [
      TOKIO,
      nativeTokioNet,
    ]] as const
  ) {
    const path = subjects.includes(name) ? await build() : undefined;
    if (path !== undefined) natives.set(name, path);
  }
  return natives;
}

async function hasWrk(): Promise<boolean> {
  const { code } = await run("wrk", ["--version"]);
  return code !== 127;
}

function subjectsOf(
  { name }: NetBench,
  runner: Runner,
  natives: Natives,
): string[] {
  if (runner === "native") {
    return NATIVES[name].filter((subject) => natives.has(subject));
  }
  const entries: [string, Entry<unknown>][] = Object.entries(SUBJECTS[name]);
  return entries
    .filter(([, { on }]) => on === undefined || on.includes(runner))
    .map(([subject]) => subject);
}

function commandOf(
  { name }: NetBench,
  { part, runner, subject }: Turn,
  natives: Natives,
): string[] {
  const measure = [name, part.bench, subject];
  if (SERVERS.includes(name)) {
    const server = runner === "native"
      ? [natives.get(subject)!, name]
      : script(runner, "serve", name, subject);
    return script("deno", "run", ...measure, ...server);
  }
  if (runner !== "native") {
    return script(runner, "run", ...measure, ...part.args!);
  }
  return [natives.get(subject)!, name, part.bench, ...part.args!];
}

function script(
  runtime: RuntimeName,
  name: "run" | "serve",
  ...args: string[]
): string[] {
  const { path, scriptArgs } = runtimeNamed(runtime);
  return [path, ...scriptArgs, inRoot(`bench/net/${name}.ts`), ...args];
}

if (import.meta.main) {
  await runMain(() => runNetBenches(process.argv.slice(2)));
}
