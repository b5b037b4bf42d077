// Builds what npm ships: dist/, with one JavaScript module for each export, since
// loading many takes several times as long, and a declaration for each source.

import { readFile, rm, writeFile } from "node:fs/promises";
import { filesBelow, inRoot } from "./paths.ts";
import { runMain, runOrThrow } from "./processes.ts";
import { runtimeNamed } from "./runtimes.ts";

const TSC = inRoot("node_modules/typescript/bin/tsc");

/** The modules that are shipped, and where each begins. */
const BUNDLES = {
  "dist/mod.js": "scripts/npm_entry.ts",
  "dist/task.js": "task.ts",
  "dist/loom.js": "loom/mod.ts",
};

/** Empties dist/ and fills it. */
export async function buildNpm(): Promise<void> {
  await rm(inRoot("dist"), { recursive: true, force: true });
  const args = [TSC, "-p", inRoot("tsconfig.npm.json")];
  await runOrThrow(runtimeNamed("node").path, args);
  for (const path of filesBelow("dist", ".d.ts")) await pointToJavaScript(path);
  for (const [path, entry] of Object.entries(BUNDLES)) {
    await bundle(inRoot(entry), inRoot(path), "binaryen");
  }
}

/** Puts a module and what it imports into one file, but for what is `external`. */
export async function bundle(
  entry: string,
  outfile: string,
  external: string,
): Promise<void> {
  const form = ["--target=node", "--format=esm", `--external=${external}`];
  const args = ["build", entry, ...form, `--outfile=${outfile}`];
  await runOrThrow(runtimeNamed("bun").path, args);
}

// The compiler rewrites specifiers in what it emits as JavaScript, and leaves
// those in declarations.
async function pointToJavaScript(path: string): Promise<void> {
  const text = await readFile(inRoot(path), "utf8");
  await writeFile(inRoot(path), rewriteSpecifiers(text));
}

/** Replaces `.ts` by `.js` at the end of relative specifiers. */
export function rewriteSpecifiers(declarations: string): string {
  return declarations.replace(
    /(\b(?:from|import)\s*\(?\s*["']\.{1,2}\/[^"']*)\.ts(["'])/g,
    "$1.js$2",
  );
}

async function main(): Promise<void> {
  await buildNpm();
  const [bundle, types] = [".js", ".d.ts"].map((it) => filesBelow("dist", it));
  console.log(
    `dist/: ${bundle!.length} modules, ${types!.length} declarations`,
  );
}

if (import.meta.main) await runMain(main);
