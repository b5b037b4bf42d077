// Hunts all mutants: `npm run loom:mutants`. Fails if one survives that is not
// argued to be equivalent, or is seen though it is.
//
//   hunt.ts [--filter TEXT]     hunts them
//   hunt.ts --show NAME         draws how one fails

import process from "node:process";
import { parseArgs } from "node:util";
import { deal } from "./deal.ts";
import type { Hunted } from "./hunt_worker.ts";
import { drawFailure, loadProgram, model } from "../loom/mod.ts";
import { compileMutantMapped, type Mutant, readMutants } from "./mutants.ts";
import { scenarios } from "./scenarios/mod.ts";

const WORKER = new URL("./hunt_worker.ts", import.meta.url);

/** Whether it is as it is to be. */
function isFine({ equivalent }: Mutant, { kind, agrees }: Hunted): boolean {
  if (agrees === false) return false;
  return (kind === undefined) === (equivalent !== undefined);
}

function lineOf(mutant: Mutant, hunted: Hunted): string {
  const { kind, scenario, searched, agrees, seconds } = hunted;
  const verdict = isFine(mutant, hunted) ? "ok" : "FAILED";
  const time = `${seconds.toFixed(1)} s`;
  if (kind === undefined) {
    const { equivalent } = mutant;
    const why = equivalent ? `equivalent: ${equivalent}` : mutant.text;
    return `${verdict}  ${mutant.name} survives (${time}): ${why}`;
  }
  const other = agrees === false ? "; states do not find it" : "";
  return `${verdict}  ${mutant.name}: ${kind} at ${searched} of ` +
    `"${scenario}"${other} (${time})`;
}

/** Draws the first failure of a mutant. */
async function show(name: string): Promise<boolean> {
  const mutant = readMutants().find((mutant) => mutant.name === name);
  if (!mutant) throw new RangeError(`No mutant is called ${name}`);
  const { wasm, map } = await compileMutantMapped(mutant);
  const program = await loadProgram(wasm, { map });
  for (const { scenario, options } of scenarios) {
    const limits = { explorer: "dpor", maxExecutions: 5_000 } as const;
    const { failure } = model(program, scenario, { ...options, ...limits });
    if (failure === undefined) continue;
    console.log(`${mutant.text}\n\n${scenario.name}\n`);
    console.log(drawFailure(failure));
    return true;
  }
  console.log("No scenario fails within 5,000 executions");
  return false;
}

/** Returns whether all is well. */
async function main(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      filter: { type: "string", default: "" },
      show: { type: "string" },
    },
  });
  if (values.show !== undefined) return await show(values.show);
  const began = performance.now();
  const mutants = readMutants().filter(({ name }) =>
    name.includes(values.filter)
  );
  const byName = new Map(mutants.map((mutant) => [mutant.name, mutant]));
  let killed = 0;
  let failed = 0;
  await deal<string, Hunted>(WORKER, [...byName.keys()], (name, hunted) => {
    const mutant = byName.get(name)!;
    if (hunted.kind !== undefined) killed++;
    if (!isFine(mutant, hunted)) failed++;
    console.log(lineOf(mutant, hunted));
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `mutants: ${mutants.length}, ${killed} killed, ` +
      `${mutants.length - killed} survive, ${failed} failed, ${seconds} s`,
  );
  return failed === 0;
}

process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
