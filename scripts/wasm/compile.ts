// Compiles the core: AssemblyScript to WebAssembly, then Binaryen's optimiser.
// Both tools run on the Node that npm installed, so that the bytes do not
// depend on what else is on the machine.

import { instantiateSync } from "@assemblyscript/loader";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, ROOT } from "../paths.ts";
import { runOrThrow } from "../processes.ts";
import { runtimeNamed } from "../runtimes.ts";
import { readOutline } from "./reader.ts";

/** A compiled core. */
export interface Compiled {
  wasm: Uint8Array;
  /** Constants that the source exports. The binary no longer has them. */
  constants: Map<string, number>;
}

/** A compiled core, and where its instructions come from. */
export interface Mapped {
  wasm: Uint8Array;
  /** A source map, in JSON. */
  map: string;
}

/** Pages. A wasm32 memory can have no more. */
const MAXIMUM_PAGES = 65536;

/** What the AssemblyScript compiler is told. */
export const ASC_FLAGS: readonly string[] = [
  ...["--enable", "threads", "--sharedMemory", "--importMemory"],
  ...["--initialMemory", "1", "--maximumMemory", `${MAXIMUM_PAGES}`],
  "--noExportMemory",
  // No allocator, and a trap in place of a call to `abort`.
  ...["--runtime", "stub", "--use", "abort=", "--noAssert"],
  ...["-O3", "--shrinkLevel", "1", "--pedantic"],
];

// The features by name. `--all-features` makes Binaryen emit an encoding of
// imports that V8 rejects.
const FEATURES = [
  "threads",
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

// `-Os` and not `-O4`: the park and unpark of a token take the same time with
// either on all runtimes, and the binary is 7 % smaller.
const OPTIMISE = ["--remove-unused-module-elements", "-Os", "--converge"];

const STRIP = ["--strip-producers", "--strip-target-features"];

/**
 * Compiles `entry`, a path from the root.
 *
 * @param defines Integers for the source to ask for, such as `TRACE=1`.
 */
export async function compile(
  entry: string,
  defines: readonly string[] = [],
): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), "layby-build-"));
  try {
    const full = join(folder, "full.wasm");
    const small = join(folder, "small.wasm");
    await asc(ROOT, entry, defines, full);
    const constants = readConstants(await readFile(full));
    await optimise(full, small, [...constants.keys()]);
    return { wasm: new Uint8Array(await readFile(small)), constants };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Compiles `entry` as `compile()` does, with a source map. The bytes are the
 * same, but for a custom section at their end that names the map.
 *
 * @param root Where the sources are, if not in the repository.
 */
export async function compileMapped(
  entry: string,
  root: string = ROOT,
): Promise<Mapped> {
  const folder = await mkdtemp(join(tmpdir(), "layby-build-"));
  try {
    const full = join(folder, "full.wasm");
    const small = join(folder, "small.wasm");
    await asc(root, entry, [], full, ["--sourceMap"]);
    const constants = readConstants(await readFile(full));
    const maps = [
      `--input-source-map=${full}.map`,
      `--output-source-map=${small}.map`,
    ];
    await optimise(full, small, [...constants.keys()], maps);
    return {
      wasm: new Uint8Array(await readFile(small)),
      map: await readFile(`${small}.map`, "utf8"),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function asc(
  root: string,
  entry: string,
  defines: readonly string[],
  output: string,
  flags: readonly string[] = [],
) {
  const uses = defines.flatMap((define) => ["--use", define]);
  const tool = inRoot("node_modules/assemblyscript/bin/asc.js");
  const args = [
    tool,
    entry,
    ...ASC_FLAGS,
    ...flags,
    ...uses,
    "--outFile",
    output,
  ];
  const said = await runOrThrow(runtimeNamed("node").path, args, { cwd: root });
  if (said.trim() !== "") console.log(said.trim());
}

async function optimise(
  input: string,
  output: string,
  unexport: string[],
  flags: readonly string[] = [],
) {
  const tool = inRoot("node_modules/binaryen/bin/wasm-opt");
  // Once read, the constants' exports would only make the binary larger.
  const passes = unexport.length === 0
    ? OPTIMISE
    : [`--remove-exports=${unexport.join(",")}`, ...OPTIMISE];
  const args = [
    tool,
    input,
    ...FEATURES,
    ...passes,
    ...STRIP,
    // A source map is made of what this would strip.
    ...(flags.length === 0 ? ["--strip-debug"] : flags),
    "-o",
    output,
  ];
  await runOrThrow(runtimeNamed("node").path, args);
}

/** Reads the exported constants out of a module that imports a memory. */
function readConstants(wasm: Uint8Array<ArrayBuffer>): Map<string, number> {
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: MAXIMUM_PAGES,
    shared: true,
  });
  const { exports } = instantiateSync(wasm, { env: { memory } });
  const globals = readOutline(wasm).exports.filter((found) =>
    found.kind === "global"
  );
  return new Map(globals.map(({ name }) => [name, constant(exports, name)]));
}

function constant(exports: Record<string, unknown>, name: string): number {
  const found = exports[name];
  const value = found instanceof WebAssembly.Global ? found.value : found;
  if (typeof value === "number") return value;
  throw new TypeError(
    `Cannot read the constant ${name}: it is ${value}, not an i32 or f64`,
  );
}
