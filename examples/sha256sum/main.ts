// The SHA-256 of every file below a directory, as `sha256sum` prints it, by
// worker threads that park whenever there is no file for them.
//
//   npm start [-- DIR]       or the same program on each runtime:
//   node examples/sha256sum/main.ts [DIR]
//   bun examples/sha256sum/main.ts [DIR]
//   deno run -A examples/sha256sum/main.ts [DIR]

import { availableParallelism } from "node:os";
import { relative, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Runtime } from "../../mod.ts";
import { Crew } from "./crew.ts";
import { type Found, fromUnicode, listFiles } from "./files.ts";
import { complaint, reason } from "./format.ts";
import { Job, OutputError } from "./job.ts";
import { summarize } from "./summary.ts";
import { WorkArea } from "./work_area.ts";

const USAGE = `usage: npm start [-- DIR]

Prints the SHA-256 of every file below DIR, as sha256sum does. Without DIR it
is this project's files, but for .git and node_modules.
`;

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_OUT = [".git", "node_modules"];

/** Milliseconds for the runtime to collect the garbage of the work. */
const SETTLE = 150;

/** Milliseconds in which what it costs to be idle is measured. */
const REST = 200;

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

/** Hashes what is listed. Returns whether all of it could be read. */
async function hashAll(listing: Iterator<Found>): Promise<boolean> {
  const workers = availableParallelism();
  using runtime = Runtime.create({ parkers: workers + 1, locks: 0, timers: 0 });
  using parker = runtime.parker();
  const area = new WorkArea(workers);
  const crew = new Crew(runtime, parker, area, workers);
  const job = new Job(crew, area, listing);
  const began = performance.now();
  await job.run();
  const milliseconds = performance.now() - began;
  await crew.rest(SETTLE);
  const idleUse = await crew.rest(REST);
  const { files, failures } = job;
  const { bytes } = area;
  const { counters } = crew;
  await crew.end();
  process.stderr.write(
    summarize({ files, bytes, milliseconds, workers, counters, idleUse }),
  );
  return failures === 0;
}

/** Does what the arguments say. Returns whether it could. */
async function main(args: readonly string[]): Promise<boolean> {
  const [dir] = args;
  if (dir === "--help" || dir === "-h") {
    process.stdout.write(USAGE);
    return true;
  }
  if (args.length > 1) {
    process.stderr.write(USAGE);
    return false;
  }
  standWhereTheUserStands();
  const root = fromUnicode(dir ?? projectFromHere());
  let listing;
  try {
    const leftOut = dir === undefined ? LEFT_OUT : [];
    listing = listFiles(root, leftOut);
  } catch (error) {
    process.stderr.write(complaint(root, reason(error)));
    return false;
  }
  try {
    return await hashAll(listing);
  } catch (error) {
    // Who closes the pipe has enough, and no error.
    if (error instanceof OutputError && error.isClosed) return true;
    process.stderr.write(`layby: ${reason(error)}\n`);
    return false;
  }
}

if (!await main(process.argv.slice(2))) process.exitCode = 1;
