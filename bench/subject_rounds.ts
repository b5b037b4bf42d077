// Runs the programs of a bench that has subjects, by turns, and keeps what they
// print. Each subject has a process of its own in each round, and may hang or
// crash there.

import { spawn } from "node:child_process";
import { ROOT } from "../scripts/paths.ts";
import type { RuntimeName } from "../scripts/runtimes.ts";
import type { Row } from "./harness.ts";
import { canPin } from "./pin.ts";
import type { Part, Runner, SubjectBench } from "./plan.ts";
import type { Sample } from "./rounds.ts";
import { UNAVAILABLE } from "./unavailable.ts";

/** What to run. */
export interface SubjectSession {
  readonly bench: SubjectBench;
  readonly rounds: number;
  readonly runtimes: readonly RuntimeName[];
  /** Those that run there, in order. */
  readonly subjectsOf: (part: Part, runner: Runner) => readonly string[];
  /** The program of a turn, without what binds it to cores. */
  readonly commandOf: (turn: Turn) => readonly string[];
  /** Is told what goes on. */
  readonly say: (message: string) => void;
}

/** One subject in one part on one runtime. */
export interface Turn {
  readonly part: Part;
  readonly runner: Runner;
  readonly subject: string;
}

/** How a program ended. */
interface Outcome {
  /** Missing if it had to be killed. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Failures after which a subject is given up. */
const PATIENCE = 2;

/** Runs all rounds of a bench. */
export async function runSubjectRounds(
  session: SubjectSession,
): Promise<Sample[]> {
  const { bench, rounds, say } = session;
  const turns = turnsOf(session);
  const failures = new Map<Turn, number>();
  // Not in the order of their first success.
  const samples = new Map(
    turns.map(({ subject }) => [subject, [] as Sample[]]),
  );
  for (let round = 0; round < rounds; round++) {
    say(`${bench.name}: round ${round + 1} of ${rounds}`);
    for (const turn of turns) {
      const failed = failures.get(turn) ?? 0;
      if (failed >= PATIENCE) continue;
      const rows = await take(session, turn, round === 0);
      if (rows === undefined) failures.set(turn, PATIENCE);
      else if (rows.length === 0) failures.set(turn, failed + 1);
      else {
        const { subject, runner: runtime } = turn;
        samples.get(subject)!.push(
          ...rows.map((row) => ({ ...row, runtime, round })),
        );
      }
    }
  }
  return [...samples.values()].flat();
}

/** A round: subjects that are compared are near in time. */
function turnsOf(session: SubjectSession): Turn[] {
  const { bench, runtimes, subjectsOf, say } = session;
  const parts = bench.parts.filter(({ cores }) => !cores || canPin());
  if (parts.length < bench.parts.length) {
    say(`${bench.name}: nothing is pinned, as there is no taskset`);
  }
  return parts.flatMap((part) =>
    [...runtimes, "native" as const].flatMap((runner) =>
      subjectsOf(part, runner).map((subject) => ({ part, runner, subject }))
    )
  );
}

/** The rows of a turn: none if it failed, `undefined` if it cannot run. */
async function take(
  session: SubjectSession,
  turn: Turn,
  isFirst: boolean,
): Promise<Row[] | undefined> {
  const { bench, say } = session;
  const { cores } = turn.part;
  // Bound before it starts a thread.
  const place = cores === undefined ? [] : ["taskset", "-c", cores];
  const command = [...place, ...session.commandOf(turn)];
  const { code, output } = await run(command, bench.limit);
  const { rows = [], notes = [] } = Object.groupBy(
    output.split("\n").filter((line) => line !== ""),
    (line) => line.startsWith('{"bench"') ? "rows" : "notes",
  );
  const name = `${turn.part.bench}, ${turn.runner}, ${turn.subject}`;
  const isDone = code === 0 && rows.length > 0;
  const note = isDone
    ? notes[0]
    : notes.find((line) => /error/i.test(line)) ?? notes.at(-1);
  if (isDone) {
    if (note !== undefined && isFirst) say(`${name}: ${note}`);
    return rows.map((line) => JSON.parse(line) as Row);
  }
  if (code === UNAVAILABLE) {
    say(`${name}: skipped, ${note}`);
    return undefined;
  }
  const reason = code === undefined
    ? `hangs, and was killed after ${bench.limit / 1e3} s`
    : `failed with code ${code}: ${note ?? "no word"}`;
  say(`${name}: ${reason}`);
  return [];
}

/** Runs a program to its end, or kills it, however it hangs. */
function run(command: readonly string[], limit: number): Promise<Outcome> {
  const [name, ...args] = command as [string, ...string[]];
  const child = spawn(name, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => output += text);
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limit);
  return new Promise((resolve) => {
    const end = (code: number | undefined, note = "") => {
      clearTimeout(timer);
      resolve({ code, output: output + note });
    };
    child.once("error", (error) => end(127, error.message));
    child.once("close", (code) => end(isLate ? undefined : code ?? 1));
  });
}
