// Explores each scenario of the short set twice, by DPOR and by states, and
// compares what they find.
//
//   crosscheck.ts [--seconds N]     for each exploration; 20 by default

import process from "node:process";
import { parseArgs } from "node:util";
import { model } from "../loom/mod.ts";
import type { Program, Report } from "../loom/mod.ts";
import { loadCore } from "./core.ts";
import type { Entry } from "./entry.ts";
import { scenarios } from "./scenarios/mod.ts";

/** Whether the two agree; nothing if one of them took too long. */
function agree(one: Report, other: Report): boolean | undefined {
  if (one.failure || other.failure) return false;
  return one.complete && other.complete ? true : undefined;
}

function compare(
  program: Program,
  { scenario, options }: Entry,
  maxSeconds: number,
): boolean | undefined {
  const explore = (explorer: "dpor" | "states") =>
    model(program, scenario, { ...options, explorer, maxSeconds });
  const [dpor, states] = [explore("dpor"), explore("states")];
  const verdict = agree(dpor, states);
  const said = { true: "agree", false: "DIFFER", undefined: "undecided" };
  console.log(
    `${said[`${verdict}`]}  ${scenario.name}  ${dpor.executions} executions, ` +
      `${states.states} states`,
  );
  return verdict;
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "20" } },
});
const program = await loadCore();
const verdicts = scenarios.filter(({ set }) => set === "pr")
  .map((entry) => compare(program, entry, Number(values.seconds)));
const count = (verdict: boolean | undefined) =>
  verdicts.filter((it) => it === verdict).length;
console.log(
  `crosscheck: ${count(true)} agree, ${count(undefined)} undecided, ` +
    `${count(false)} differ`,
);
process.exitCode = count(false) === 0 ? 0 : 1;
