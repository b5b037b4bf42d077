// Explores every scenario on the core that ships: `npm run loom`.
//
//   main.ts [--full] [--filter TEXT] [--seconds N]     explores
//   main.ts --replay NAME SCHEDULE                     takes one again

import process from "node:process";
import { parseArgs } from "node:util";
import { drawFailure, model, replay } from "../loom/mod.ts";
import type { Failure, Report } from "../loom/mod.ts";
import type { Program } from "../loom/mod.ts";
import { loadCore } from "./core.ts";
import { Totals, type Unreached } from "./coverage.ts";
import type { Entry } from "./entry.ts";
import { scenarios } from "./scenarios/mod.ts";

const HELP = `usage: main.ts [--full] [--filter TEXT] [--seconds N]
       main.ts --replay NAME SCHEDULE`;

/** What all explorations have come to. */
interface Sums {
  scenarios: number;
  executions: number;
  states: number;
  failed: number;
}

/** @param maxSeconds Gives up a scenario after so long. */
function explore(
  program: Program,
  entries: readonly Entry[],
  maxSeconds: number,
): boolean {
  const began = performance.now();
  const sums: Sums = { scenarios: 0, executions: 0, states: 0, failed: 0 };
  const totals = new Totals(program);
  for (const entry of entries) {
    const options = { maxSeconds, ...entry.options };
    const report = model(program, entry.scenario, options);
    totals.add(report.coverage);
    sums.scenarios++;
    sums.executions += report.executions;
    sums.states += report.states;
    if (!isFine(report)) sums.failed++;
    console.log(lineOf(report));
    if (report.failure) printFailure(entry, report.failure);
  }
  const areAll = entries.length >= scenarios.filter(isForPr).length;
  const isCovered = !areAll || printCoverage(totals);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `loom: ${sums.scenarios} scenarios, ${sums.executions} executions, ` +
      `${sums.states} states, ${sums.failed} failed, ${seconds.toFixed(1)} s`,
  );
  return sums.failed === 0 && isCovered;
}

/** Whether all that there is was explored, and nothing found. */
function isFine({ failure, complete }: Report): boolean {
  return failure === undefined && complete;
}

function lineOf(report: Report): string {
  const { scenario, explorer, executions, states, depth, seconds } = report;
  const count = explorer === "states"
    ? `${states} states`
    : `${executions} executions`;
  const cut = report.truncated > 0 ? `, ${report.truncated} cut short` : "";
  const verdict = report.failure
    ? `FAILED: ${report.failure.kind}`
    : report.complete
    ? "ok"
    : "FAILED: not all was explored";
  return `${verdict}  ${scenario}  ${explorer}, ${count}${cut}, ` +
    `depth ${depth}, ${seconds.toFixed(2)} s`;
}

function printFailure({ scenario }: Entry, failure: Failure): void {
  console.log(drawFailure(failure));
  console.log(
    `again: npm run loom -- --replay ${JSON.stringify(scenario.name)} ` +
      JSON.stringify(failure.schedule),
  );
}

/** Prints what no scenario reaches. Returns whether all of it is explained. */
function printCoverage(totals: Totals): boolean {
  const unreached = totals.unreached();
  const gaps = unreached.filter(({ why }) => why === undefined);
  console.log(
    `coverage: ${totals.size - unreached.length} of ${totals.size} outcomes, ` +
      `${unreached.length - gaps.length} not reached for a reason`,
  );
  for (const gap of gaps) console.log(`not reached: ${describe(gap)}`);
  for (const { func, op, outcome } of totals.unused()) {
    console.log(
      `reached, and explained in gaps.ts: ${func}, ${op}: ${outcome}`,
    );
  }
  return gaps.length === 0;
}

function describe({ site, outcome }: Unreached): string {
  const { func, source, op, pc } = site;
  const place = source ? `${source.file}:${source.line}` : `byte ${pc}`;
  return `${func}, ${place}: ${op}: ${outcome}`;
}

function again(program: Program, name: string, schedule: string): boolean {
  const entry = scenarios.find(({ scenario }) => scenario.name === name);
  if (!entry) throw new Error(`No scenario is called ${name}`);
  const failure = replay(program, entry.scenario, schedule, entry.options);
  if (failure) printFailure(entry, failure);
  else console.log("It does not fail");
  return failure === undefined;
}

function isForPr({ set }: Entry): boolean {
  return set === "pr";
}

/** Returns whether all is well. */
async function main(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      full: { type: "boolean", default: false },
      filter: { type: "string", default: "" },
      seconds: { type: "string", default: "Infinity" },
      replay: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const program = await loadCore();
  console.log(`core: sha256 ${program.sha256}`);
  if (values.replay) {
    const [name = "", schedule = ""] = positionals;
    return again(program, name, schedule);
  }
  const { full, filter, seconds } = values;
  const chosen = scenarios.filter((entry) =>
    (full || isForPr(entry)) && entry.scenario.name.includes(filter)
  );
  return explore(program, chosen, Number(seconds));
}

process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
