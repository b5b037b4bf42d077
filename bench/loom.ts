// How many executions of the core does the model checker explore in a second?

import { model, type Program } from "../loom/mod.ts";
import { loadCore } from "../verify/core.ts";
import { scenarios } from "../verify/scenarios/mod.ts";
import { emit, median } from "./harness.ts";

/** Scenarios of two to four threads, of some hundred to some thousand each. */
const NAMES = [
  "the wake of one sleep, late, does not end the next: on its own word",
  "2 parkers, one driver, 2 unparkers: all wake",
  "a timer armed while the driver's owner leaves is served: every park tries it",
];
/** Milliseconds of each, the first of which warms up. */
const BATCH = 1000;
const BATCHES = 4;

/** Explores a scenario for a while. Returns executions a second. */
function explore(program: Program, name: string): number {
  const entry = scenarios.find(({ scenario }) => scenario.name === name);
  if (!entry) throw new Error(`No scenario is called ${name}`);
  const options = { ...entry.options, explorer: "dpor" } as const;
  let executions = 0;
  const began = performance.now();
  do {
    const report = model(program, entry.scenario, options);
    if (report.failure) throw new Error(`${name}: ${report.failure.kind}`);
    executions += report.executions;
  } while (performance.now() - began < BATCH);
  return 1000 * executions / (performance.now() - began);
}

const program = await loadCore();
const rates = NAMES.map((): number[] => []);
for (let batch = 0; batch < BATCHES; batch++) {
  NAMES.forEach((name, index) => {
    const rate = explore(program, name);
    if (batch > 0) rates[index]!.push(rate);
  });
}
emit(NAMES.map((subject, index) => ({
  bench: "loom",
  subject,
  unit: "executions/s",
  value: median(rates[index]!),
  better: "higher",
})));
