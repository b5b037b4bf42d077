// Bugs seeded into the core, to see whether the scenarios find them. Each is a
// diff of assembly/ in mutants/, under a text that says what is wrong.

import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { filesBelow, inRoot } from "../scripts/paths.ts";
import { compileMapped, type Mapped } from "../scripts/wasm/compile.ts";
import { compileInMemory } from "./asc.ts";
import { applyPatch } from "./patch.ts";

/** A bug that was put into the core. */
export interface Mutant {
  /** As its file is called. */
  name: string;
  /** What the bug is. */
  text: string;
  /** Which interleaving or scenario shows it. */
  seenBy: string | undefined;
  /** Why no client can tell, if none can. */
  equivalent: string | undefined;
  /** The diff, as a path from the root. */
  patch: string;
}

const ENTRY = "assembly/index.ts";
const SUFFIX = ".patch";

/** The mutants, by their names. */
export function readMutants(): Mutant[] {
  return filesBelow("verify/mutants", SUFFIX).map(readMutant);
}

function readMutant(patch: string): Mutant {
  const [head = ""] = readText(patch).split(/^diff /m, 1);
  // Lines that belong together are one paragraph.
  const [text = "", tag = "", reason] = head.trim().replace(/\s+/g, " ")
    .split(/ ?\b(Seen by|Equivalent): /);
  return {
    name: basename(patch, SUFFIX),
    text,
    seenBy: tag === "Seen by" ? reason : undefined,
    equivalent: tag === "Equivalent" ? reason : undefined,
    patch,
  };
}

/** The sources of the core with the bug in them, by their paths. */
export function mutatedSources({ name, patch }: Mutant): Map<string, string> {
  const paths = filesBelow("assembly", ".ts");
  const sources = new Map(paths.map((path) => [path, readText(path)]));
  try {
    const changed = applyPatch(readText(patch), (path) => {
      const source = sources.get(path);
      if (source === undefined) throw new Error(`No source is called ${path}`);
      return source;
    });
    return new Map([...sources, ...changed]);
  } catch (cause) {
    throw new Error(`Cannot make the mutant ${name}: see its cause`, { cause });
  }
}

/** Compiles the core with the bug in it. */
export async function compileMutant(
  mutant: Mutant,
): Promise<Uint8Array<ArrayBuffer>> {
  return await compileInMemory(mutatedSources(mutant), ENTRY);
}

/** Compiles the core with the bug in it, with a source map. */
export async function compileMutantMapped(mutant: Mutant): Promise<Mapped> {
  return await inFolder(
    mutatedSources(mutant),
    (root) => compileMapped(ENTRY, root),
  );
}

/** Writes the sources into a folder for as long as it takes. */
async function inFolder<T>(
  sources: Map<string, string>,
  compile: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), "layby-mutant-"));
  try {
    for (const [path, text] of sources) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return await compile(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** A file, with the ends of lines that Git has in its repository. */
function readText(path: string): string {
  return readFileSync(inRoot(path), "utf8").replaceAll("\r\n", "\n");
}
