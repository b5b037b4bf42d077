// The SHA-256 of every file below a directory, as `sha256sum` prints it, by a
// pool of workers: small files in batches, large ones one by one.
//
//   npm start [-- [DIR] [--workers N] [--json]]    or on each runtime:
//   node examples/sha256sum/main.ts [DIR]
//   bun examples/sha256sum/main.ts [DIR]
//   deno run -A examples/sha256sum/main.ts [DIR]

import { relative, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Pool } from "../../mod.ts";
import { type Found, fromUnicode, listFiles } from "./files.ts";
import { complaint, reason } from "./format.ts";
import { Job } from "./job.ts";
import { type Options, readOptions, USAGE, UsageError } from "./options.ts";
import { Output, OutputError } from "./output.ts";
import { summarize, summaryLine } from "./summary.ts";
import type * as tasks from "./tasks.ts";

const TASKS = new URL("./tasks.ts", import.meta.url);

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_OUT = [".git", "node_modules"];

/** Milliseconds for the runtime to collect the garbage of the work. */
const SETTLE = 150;

/** Milliseconds in which what it costs to be idle is measured. */
const REST = 200;

/** A part of a core that is more than what being idle costs. */
const BUSY = 0.02;
/** Times that it is measured while the runtime is still busy with itself. */
const RESTS = 6;

/** npm and Deno run a task in the package, and say where the user stands. */
function standWhereTheUserStands(): void {
  const { INIT_CWD } = process.env;
  if (INIT_CWD && resolve(process.cwd()) === resolve(PROJECT)) {
    process.chdir(INIT_CWD);
  }
}

/** The project, as the user would name it from where they stand. */
function projectFromHere(): string {
  const path = relative(process.cwd(), PROJECT) || ".";
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Time on a CPU while nothing happens, as a part of one core's. */
async function measureIdleUse(): Promise<number> {
  await pause(SETTLE);
  let use = 1;
  for (let rest = 0; rest < RESTS && use > BUSY; rest++) {
    const began = performance.now();
    const before = process.cpuUsage();
    await pause(REST);
    const { user, system } = process.cpuUsage(before);
    use = (user + system) / 1000 / (performance.now() - began);
  }
  return use;
}

/** Hashes what is listed. Returns whether all of it could be read. */
async function hashAll(
  listing: Iterable<Found>,
  { workers, json }: Options,
): Promise<boolean> {
  const hashedBytes = new SharedArrayBuffer(8);
  await using pool = await Pool.start<typeof tasks>(TASKS, {
    ...(workers === undefined ? {} : { workers }),
    data: { hashedBytes } satisfies tasks.Shared,
  });
  const output = new Output();
  const job = new Job(pool, hashedBytes, listing, output, json);
  const began = performance.now();
  await job.run();
  const milliseconds = performance.now() - began;
  const idleUse = await measureIdleUse();
  const { files, bytes, failures } = job;
  const metrics = pool.metrics();
  const run = { files, bytes, failures, milliseconds, metrics, idleUse };
  if (json) {
    await output.write(summaryLine(run));
    await output.flush();
  } else {
    process.stderr.write(summarize(run));
  }
  return failures === 0;
}

/** Does what the arguments say. Returns whether it could. */
async function main(args: readonly string[]): Promise<boolean> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`layby: ${error.message}\n\n${USAGE}`);
    return false;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return true;
  }
  standWhereTheUserStands();
  const { dir } = options;
  const root = fromUnicode(dir ?? projectFromHere());
  let listing;
  try {
    listing = listFiles(root, dir === undefined ? LEFT_OUT : []);
  } catch (error) {
    process.stderr.write(complaint(root, reason(error)));
    return false;
  }
  try {
    return await hashAll(listing, options);
  } catch (error) {
    // Who closes the pipe has enough, and no error.
    if (error instanceof OutputError && error.isClosed) return true;
    process.stderr.write(`layby: ${reason(error)}\n`);
    return false;
  }
}

if (!await main(process.argv.slice(2))) process.exitCode = 1;
