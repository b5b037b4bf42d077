// Reads the counts out of what each runtime's test command prints last.

import type { RuntimeName } from "./runtimes.ts";

/** How many tests ended in which way. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The counts in a test command's output, or `undefined` if it has none. */
export function readCounts(
  runtime: RuntimeName,
  output: string,
): Counts | undefined {
  if (runtime === "deno") return readDeno(output);
  if (runtime === "bun") return readBun(output);
  return readNode(output);
}

/** Why tests were skipped, if Node's runner says so: `a test: the reason`. */
export function readSkips(output: string): string[] {
  const lines = output.matchAll(/^\s*﹣ (.+) \([\d.]+ms\) # (.+)$/gm);
  return Array.from(lines, ([, name, reason]) => `${name}: ${reason}`)
    .filter((skip) => !skip.endsWith(": SKIP"));
}

/** The scenarios in what the model checker prints last, if it does. */
export function readLoom(output: string): Counts | undefined {
  const found = last(output, /^loom: (\d+) scenarios,.* (\d+) failed,/gm);
  if (found === undefined) return undefined;
  const failed = Number(found[2]);
  return { passed: Number(found[1]) - failed, failed, skipped: 0 };
}

/** The counts of a run: one that did not end well has a failure at least. */
export function judge(counts: Counts | undefined, exitCode: number): Counts {
  const { passed, failed, skipped } = counts ??
    { passed: 0, failed: 0, skipped: 0 };
  const isBad = exitCode !== 0 || passed + failed === 0;
  return { passed, failed: isBad ? Math.max(failed, 1) : failed, skipped };
}

/** `3 passed, 0 failed`, and `, 1 skipped` if any. */
export function describe({ passed, failed, skipped }: Counts): string {
  const tail = skipped === 0 ? "" : `, ${skipped} skipped`;
  return `${passed} passed, ${failed} failed${tail}`;
}

/** The sum of counts. */
export function sum(all: readonly Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

// ok | 3 passed (2 steps) | 0 failed | 1 ignored (12ms)
function readDeno(output: string): Counts | undefined {
  const line = last(output, /^(?:ok|FAILED) \| (.*)$/gm)?.[1];
  if (line === undefined) return undefined;
  return {
    passed: numberIn(line, /(\d+) passed/) ?? 0,
    failed: numberIn(line, /(\d+) failed/) ?? 0,
    skipped: numberIn(line, /(\d+) ignored/) ?? 0,
  };
}

//  3 pass
//  1 skip
//  0 fail
//  1 error
// Ran 4 tests across 1 file. [12.00ms]
function readBun(output: string): Counts | undefined {
  if (!/^Ran \d+ tests? across/m.test(output)) return undefined;
  const count = (what: string) =>
    Number(last(output, new RegExp(`^ *(\\d+) ${what}$`, "gm"))?.[1] ?? 0);
  return {
    passed: count("pass"),
    failed: count("fail") + count("errors?"),
    skipped: count("skip") + count("todo"),
  };
}

// ℹ tests 4
// ℹ pass 3
// ℹ fail 0
// ℹ cancelled 0
// ℹ skipped 1
// ℹ todo 0
function readNode(output: string): Counts | undefined {
  const count = (what: string) => {
    const found = last(output, new RegExp(`^(?:ℹ|#) ${what} (\\d+)$`, "gm"));
    return found === undefined ? undefined : Number(found[1]);
  };
  const passed = count("pass");
  if (passed === undefined) return undefined;
  return {
    passed,
    failed: (count("fail") ?? 0) + (count("cancelled") ?? 0),
    skipped: (count("skipped") ?? 0) + (count("todo") ?? 0),
  };
}

function last(text: string, pattern: RegExp): RegExpExecArray | undefined {
  return [...text.matchAll(pattern)].at(-1);
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
