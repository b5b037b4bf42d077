// What the kernel is asked for: one write for a sleep in the driver that is
// woken, and nothing by those who sleep or are awake.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/processes.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { HOST } from "../pool/pools.ts";
import { IS_LINUX, withoutFfi } from "./fds.ts";

const SCRIPT = fileURLToPath(new URL("./strace_script.ts", import.meta.url));
const ROUNDS = 50;

/** Why it cannot be asked; false if it can. */
function withoutStrace(): string | false {
  if (!IS_LINUX) return "only on Linux";
  const { status, stderr } = spawnSync("strace", ["-qq", "-c", "true"]);
  if (status === 0) return false;
  return `needs strace: ${`${stderr ?? ""}`.trim() || "there is none"}`;
}

const SKIP = { skip: withoutFfi() || withoutStrace() };
const { scriptArgs } = RUNTIMES.find(({ name }) => name === HOST)!;

interface Trace {
  /** The system calls between the marks, by all threads. */
  readonly calls: readonly { thread: string; text: string }[];
  readonly selector: string;
  readonly bell: string;
  /** The threads that park. */
  readonly sleepers: readonly string[];
}

/** Traces a program between its marks. */
async function trace(command: string): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), "layby-strace-"));
  try {
    const log = join(folder, "log");
    const program = [process.execPath, ...scriptArgs, SCRIPT, command];
    const args = ["-f", "-qq", "-o", log, ...program];
    const { code, output } = await run("strace", args, { timeout: 60_000 });
    assert.equal(code, 0, output);
    const lines = readFileSync(log, "utf8").split("\n");
    const place = (name: string) =>
      lines.findIndex((line) => line.includes(`"/layby-${name}`));
    const [begin, end] = [place("begin"), place("end")];
    assert.ok(begin >= 0 && end > begin, "No marks in the trace");
    const names = /layby-begin-([\d-]+)/.exec(lines[begin]!)![1]!.split("-");
    const calls = lines.slice(begin + 1, end).map((line) => {
      const [, thread, text] = /^(\d+) +(.*)$/.exec(line)!;
      return { thread: thread!, text: text! };
    });
    const [selector, bell, ...sleepers] = names;
    return { calls, selector: selector!, bell: bell!, sleepers };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes to the bell. */
function writesOf({ calls, bell }: Trace): readonly string[] {
  return calls.map(({ text }) => text)
    .filter((text) => text.startsWith(`write(${bell},`));
}

test("threads that are parked make no system call", SKIP, async () => {
  const found = await trace("idle");
  assert.equal(found.sleepers.length, 3);
  const theirs = found.calls.filter(({ thread }) =>
    found.sleepers.includes(thread)
  );
  assert.deepEqual(theirs, []);
  assert.deepEqual(writesOf(found), []);
});

test("a sleep in the driver is woken by one write", SKIP, async () => {
  const found = await trace("wake");
  const [sleeper] = found.sleepers;
  const sleeps = found.calls.filter(({ thread, text }) =>
    thread === sleeper && text.startsWith(`epoll_wait(${found.selector},`)
  );
  const writes = writesOf(found).length;
  // The last sleep may begin after the mark: it has been committed to before.
  assert.ok(sleeps.length >= ROUNDS - 1, `${sleeps.length} sleeps`);
  assert.ok(writes >= ROUNDS, `${writes} writes`);
  // The first sleep may have begun before the mark.
  assert.ok(
    writes <= sleeps.length + 1,
    `${writes} writes for ${sleeps.length} sleeps`,
  );
});

test("a token for who is awake makes no system call", SKIP, async () => {
  const found = await trace("awake");
  assert.deepEqual(writesOf(found), []);
  const futexes = found.calls.filter(({ text }) => text.startsWith("futex("));
  // Compilers and collectors have some: far fewer than there were tokens.
  assert.ok(futexes.length < 1000, `${futexes.length} calls of futex()`);
});
