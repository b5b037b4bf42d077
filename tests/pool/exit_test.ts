// How a program with a pool ends: by itself, in time, and with all that was
// printed.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { type Ended, HOST, runProgram } from "./pools.ts";

const SCRIPT = new URL("./exit_script.ts", import.meta.url);

async function run(command: string): Promise<Ended & { lines: string[] }> {
  const ended = await runProgram(SCRIPT, [command]);
  return { ...ended, lines: ended.output.trim().split("\n") };
}

/** Programs that end by themselves, and what they print. */
const LINES: Record<string, string[]> = {
  "import": ['"function"'],
  "idle": ["3"],
  "pending": ['"waiting"', "size 3", "answered by \\d"],
  "aborted": ['\\["AbortError","TimedOutError"\\]'],
  "ticking": ["3"],
  "stuck": ['"TimedOutError"'],
  "exit": ["undefined"],
  "shutdown": ['"over"'],
};

for (const [command, lines] of Object.entries(LINES)) {
  test(`a program ends by itself, with code 0: ${command}`, async () => {
    const { code, output } = await run(command);
    assert.equal(code, 0, output);
    for (const line of lines) {
      assert.match(output, new RegExp(`^${line}$`, "m"));
    }
    assert.equal(output.trim().split("\n").length, lines.length, output);
  });
}

test("a program that throws ends, with workers or without", async () => {
  const { code, output } = await run("throw");
  assert.equal(code, 1, output);
  assert.match(output, /uncaught in the task/);
});

test("what workers print is not lost as they go idle", async () => {
  const { code, lines, output } = await run("print");
  assert.equal(code, 0, output);
  for (const idle of ["auto", "block", "event-loop"]) {
    const texts = Array.from({ length: 20 }, (_, n) => `${idle} ${n}`);
    for (const text of [...texts, `${idle} blocked`, `${idle} blocked again`]) {
      assert.ok(lines.includes(text), `${text} is not in:\n${output}`);
    }
  }
});

test("what a worker prints at last is not lost", async () => {
  const { code, output } = await run("printLast");
  assert.equal(code, 0, output);
  assert.match(output, /the last words/);
});

for (const command of ["cycles", "crashes"]) {
  test(`no thread is left behind: ${command}`, {
    skip: process.platform !== "linux",
  }, async () => {
    const { code, output, lines } = await run(command);
    assert.equal(code, 0, output);
    // The runtime may start some of its own, once.
    const left = Number(lines.at(-1));
    assert.ok(left <= (HOST === "node" ? 1 : 4), output);
  });
}
