// What the arguments of a bench that has subjects ask for.

import { parseArgs } from "node:util";
import { type RuntimeName, RUNTIMES } from "../scripts/runtimes.ts";
import type { SubjectBench } from "./plan.ts";

const RUN_ON: readonly RuntimeName[] = ["deno", "bun", "node"];

/** What there is to choose from. */
export interface Choice<B extends SubjectBench> {
  readonly benches: readonly B[];
  /** In place of the names of all benches. */
  readonly every: string;
  readonly subjects: readonly string[];
}

/** What is to run. */
export interface SubjectRequest<B extends SubjectBench> {
  readonly benches: readonly B[];
  readonly runtimes: readonly RuntimeName[];
  readonly subjects: readonly string[];
  readonly json: boolean;
  /** In place of a bench's own number. */
  readonly rounds: number | undefined;
}

/** Whether these arguments name one of these benches. */
export function asksFor<B extends SubjectBench>(
  { benches, every }: Choice<B>,
  args: readonly string[],
): boolean {
  return [every, ...benches.map(({ name }) => name)]
    .some((name) => args.includes(name));
}

/** Reads the arguments. Throws if they name what there is not. */
export function readSubjectRequest<B extends SubjectBench>(
  { benches, every, subjects }: Choice<B>,
  args: readonly string[],
): SubjectRequest<B> {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      runtime: { type: "string", multiple: true, default: [...RUN_ON] },
      subject: { type: "string", multiple: true, default: [...subjects] },
      rounds: { type: "string" },
    },
  });
  const runtimes = values.runtime.flatMap((value) => value.split(","));
  for (const name of runtimes) {
    choose("runtime", name, RUNTIMES.map(({ name }) => name));
  }
  const names = benches.map(({ name }) => name);
  for (const name of positionals) {
    choose(`${every} bench`, name, [...names, every]);
  }
  const rounds = values.rounds === undefined
    ? undefined
    : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error("--rounds must be a positive integer");
  }
  return {
    benches: benches.filter(({ name }) =>
      positionals.length === 0 || positionals.includes(every) ||
      positionals.includes(name)
    ),
    runtimes: runtimes as RuntimeName[],
    subjects: values.subject.flatMap((value) => value.split(","))
      .flatMap((name) => subjectsNamed(name, subjects)),
    json: values.json,
    rounds,
  };
}

/** A subject, or its modes: `piscina` is all of `piscina-sync` and so on. */
function subjectsNamed(name: string, subjects: readonly string[]): string[] {
  if (subjects.includes(name)) return [name];
  const modes = subjects.filter((subject) => subject.startsWith(`${name}-`));
  if (modes.length === 0) choose("subject", name, subjects);
  return modes;
}

function choose(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new Error(`no ${what} ${name}: there are ${known.join(", ")}`);
}
