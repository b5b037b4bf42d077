// Builds the core and writes it into the sources, where it is committed: a
// clone, an import by URL and a test need no compiler.
//
//   deno task build            compile, write
//   deno task build --check    compile, compare with what is committed

import { readdir, readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { lint } from "../loom/src/wasm/lint.ts";
import { inRoot } from "./paths.ts";
import { runMain } from "./processes.ts";
import { compile } from "./wasm/compile.ts";
import { readOutline } from "./wasm/reader.ts";
import { readSignatures, render } from "./wasm/render.ts";

const ENTRY = "assembly/index.ts";
/** Where the exported functions are, and what the source says of them. */
const EXPORTS = "assembly/exports";

/** What is built from the one entry. */
const VARIANTS = [
  { path: "src/core/core.generated.ts", name: "WASM_BASE64", defines: [] },
  {
    // Writes down each transition, for the tests.
    path: "tests/core/trace.generated.ts",
    name: "TRACE_WASM_BASE64",
    defines: ["TRACE=1"],
  },
];

/** Throws if threads could not share what was compiled. */
function checkSharing(path: string, wasm: Uint8Array): void {
  const findings = lint(wasm);
  if (findings.length === 0) return;
  const all = findings.map(({ rule, message }) => `${rule}: ${message}`);
  throw new Error(`${path}: threads cannot share it:\n${all.join("\n")}`);
}

async function build({ path, name, defines }: (typeof VARIANTS)[number]) {
  const compiled = await compile(ENTRY, defines);
  checkSharing(path, compiled.wasm);
  const signatures = readSignatures(await readExports());
  const text = render(compiled, signatures, name);
  const { functions, exports } = readOutline(compiled.wasm);
  const size = `${compiled.wasm.length} bytes of wasm, ` +
    `${functions} functions, ${exports.length} exports, ` +
    `${compiled.constants.size} constants`;
  return { path, text, size };
}

async function readExports(): Promise<string> {
  const names = (await readdir(inRoot(EXPORTS))).sort();
  const texts = names.map((name) =>
    readFile(inRoot(`${EXPORTS}/${name}`), "utf8")
  );
  return (await Promise.all(texts)).join("\n");
}

function committed(path: string): Promise<string> {
  return readFile(inRoot(path), "utf8").catch(() => "");
}

async function check(path: string, text: string): Promise<boolean> {
  if (await committed(path) === text) return true;
  console.error(
    `${path}: not what the sources compile to. Run \`deno task build\`.`,
  );
  return false;
}

async function main(): Promise<void> {
  const isCheck = process.argv.includes("--check");
  const built = await Promise.all(VARIANTS.map(build));
  for (const { path, text, size } of built) {
    console.log(`${path}: ${size}`);
    if (!isCheck) await writeFile(inRoot(path), text);
    else if (!await check(path, text)) process.exitCode = 1;
  }
}

if (import.meta.main) await runMain(main);
