// Runs the programs of a bench, by turns, and keeps what they print.

import { inRoot } from "../scripts/paths.ts";
import { run } from "../scripts/processes.ts";
import { type RuntimeName, runtimeNamed } from "../scripts/runtimes.ts";
import type { Row } from "./harness.ts";
import { canPin } from "./pin.ts";
import type { Bench, Part, Runner } from "./plan.ts";

/** A row, and whom and which round it is from. */
export interface Sample extends Row {
  readonly runtime: Runner;
  readonly round: number;
}

/** What to run. */
export interface Session {
  readonly bench: Bench;
  readonly rounds: number;
  readonly runtimes: readonly RuntimeName[];
  /** The path of the native program, if there is one. */
  readonly native: string | undefined;
  /** Is told what goes on. */
  readonly say: (message: string) => void;
  /** Is told what went wrong. The rest goes on. */
  readonly fail: (message: string) => void;
}

/** Milliseconds after which a program that hangs has failed. */
const TIMEOUT = 180_000;

/** Runs all rounds of a bench. */
export async function runRounds(session: Session): Promise<Sample[]> {
  const { bench, rounds, runtimes, say } = session;
  const parts = bench.parts.filter(({ cores }) => !cores || canPin());
  if (parts.length < bench.parts.length) {
    say(`${bench.name}: nothing is pinned, as there is no taskset`);
  }
  // What is compared is to be near in time: so runtimes take turns at a part,
  // or at all parts if these run at the same time.
  const groups = bench.together ? [parts] : parts.map((part) => [part]);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`${bench.name}: round ${round + 1} of ${rounds}`);
    for (const group of groups) {
      const due = group.filter((part) => round < (part.rounds ?? rounds));
      for (const runtime of [...runtimes, "native" as const]) {
        const found = await Promise.all(
          due.map((part) => runPart(session, part, runtime)),
        );
        const rows = found.flat();
        samples.push(...rows.map((row) => ({ ...row, runtime, round })));
      }
    }
  }
  return samples;
}

async function runPart(
  session: Session,
  part: Part,
  runner: Runner,
): Promise<Row[]> {
  const program = commandOf(session, part, runner);
  if (program === undefined) return [];
  // Bound before it starts a thread.
  const command = part.cores === undefined
    ? program
    : ["taskset", "-c", part.cores, ...program];
  const [name, ...args] = command as [string, ...string[]];
  const { code, output } = await run(name, args, { timeout: TIMEOUT });
  const { rows = [], notes = [] } = Object.groupBy(
    output.split("\n").filter((line) => line !== ""),
    (line) => line.startsWith('{"bench"') ? "rows" : "notes",
  );
  for (const note of notes) session.say(`${part.bench}, ${runner}: ${note}`);
  if (code !== 0 || rows.length === 0) {
    session.fail(`${command.join(" ")}: failed with code ${code}`);
  }
  return rows.map((line) => {
    const row = JSON.parse(line) as Row;
    if (runner !== "native") return row;
    const subject = part.nativeSubject ?? row.subject;
    return { ...row, bench: part.bench, subject };
  });
}

function commandOf(
  { bench, native }: Session,
  part: Part,
  runner: Runner,
): string[] | undefined {
  if (runner === "native") {
    if (native === undefined || part.native === undefined) return undefined;
    return [native, ...part.native];
  }
  if (part.args === undefined) return undefined;
  if (part.only && !part.only.includes(runner)) return undefined;
  const { path, scriptArgs } = runtimeNamed(runner);
  return [path, ...scriptArgs, inRoot(`bench/${bench.name}.ts`), ...part.args];
}
