// Checks what npm would ship: packs it, installs the tarball into a project of
// its own, checks the types there, and runs the smoke program on each runtime
// that takes packages from npm.

import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "./paths.ts";
import { run, runMain, runOrThrow } from "./processes.ts";
import { type RuntimeName, runtimeNamed } from "./runtimes.ts";
import { smokeProgram } from "./smoke.ts";

const RUNTIMES: RuntimeName[] = ["node", "node24", "bun"];

const SPECIFIERS = { mod: "layby", task: "layby/task", loom: "layby/loom" };

const PROJECT = { private: true, type: "module" };

// No types but the package's own: it must not lean on those of a runtime. They
// are checked as well.
const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    lib: ["esnext", "dom"],
    module: "nodenext",
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ["smoke.ts"],
};

/** Packs the module into `folder`. Returns the tarball's path. */
async function pack(folder: string): Promise<string> {
  await runOrThrow("npm", ["pack", "--pack-destination", folder]);
  const tarball = (await readdir(folder)).find((it) => it.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack left no tarball");
  return join(folder, tarball);
}

/** Makes a project that has nothing but the tarball installed. */
async function makeProject(folder: string, tarball: string): Promise<void> {
  await mkdir(folder);
  const write = (name: string, content: string) =>
    writeFile(join(folder, name), content);
  await write("package.json", JSON.stringify(PROJECT));
  await write("tsconfig.json", JSON.stringify(TSCONFIG));
  await write("smoke.ts", smokeProgram(SPECIFIERS));
  await install(folder, tarball);
}

async function install(folder: string, tarball: string): Promise<void> {
  const flags = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const args = ["install", ...flags, tarball];
  const { code } = await run("npm", args, { cwd: folder });
  if (code === 0) return;
  // Some versions of npm ask the registry all the same. The module needs none.
  const target = join(folder, "node_modules/layby");
  await mkdir(target, { recursive: true });
  const strip = ["--strip-components=1", "-C", target];
  await runOrThrow("tar", ["-xzf", tarball, ...strip]);
}

async function checkTypes(folder: string): Promise<void> {
  const tsc = inRoot("node_modules/typescript/bin/tsc");
  const { path } = runtimeNamed("node");
  await runOrThrow(path, [tsc, "-p", "."], { cwd: folder });
}

async function runSmoke(folder: string, name: RuntimeName): Promise<void> {
  const { path, scriptArgs } = runtimeNamed(name);
  const args = [...scriptArgs, "smoke.ts"];
  await runOrThrow(path, args, { cwd: folder, timeout: 60_000 });
  console.log(`packed, on ${name}: ok`);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "layby-pack-"));
  try {
    const project = join(folder, "project");
    await makeProject(project, await pack(folder));
    await checkTypes(project);
    for (const name of RUNTIMES) await runSmoke(project, name);
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) await runMain(main);
