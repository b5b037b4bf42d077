// The source map of the core: what makes a trace name lines.
//
// The binary that ships has none. The sources are compiled once more with one,
// and it is used if that gives the very same bytes, but for the section that
// names the map.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import process from "node:process";
import { inRoot } from "../scripts/paths.ts";
import { compileMapped } from "../scripts/wasm/compile.ts";

const CACHE = "build/loom";

/** The map of a core that was compiled to these bytes, if it can be had. */
export async function readSourceMap(
  wasm: Uint8Array,
): Promise<string | undefined> {
  const hash = createHash("sha256").update(wasm).digest("hex");
  const path = inRoot(`${CACHE}/${hash}.wasm.map`);
  try {
    return await readFile(path, "utf8");
  } catch {
    // Not made yet.
  }
  const { wasm: compiled, map } = await compileMapped("assembly/index.ts");
  if (!isSame(wasm, compiled)) {
    console.error("The sources compile to other bytes: traces name no lines");
    return undefined;
  }
  await mkdir(inRoot(CACHE), { recursive: true });
  // Whole, or not at all: another process may read it meanwhile.
  await writeFile(`${path}.${process.pid}`, map);
  await rename(`${path}.${process.pid}`, path);
  return map;
}

/** Whether they are the same, but for a custom section behind the second. */
function isSame(shipped: Uint8Array, mapped: Uint8Array): boolean {
  const CUSTOM = 0;
  return mapped[shipped.length] === CUSTOM &&
    shipped.every((byte, index) => byte === mapped[index]);
}
