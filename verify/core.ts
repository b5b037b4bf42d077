// The binary that is checked: the very bytes that mod.ts ships.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { dirname } from "node:path";
import process from "node:process";
import { inRoot } from "../scripts/paths.ts";
import { loadProgram, type ProgramCache } from "../loom/src/program.ts";
import type { Program } from "../loom/src/types.ts";
import { WASM_BASE64 } from "../src/core/core.generated.ts";
import { readSourceMap } from "./source_map.ts";

/** Rewritten binaries, by the hash of what they are made from. */
const CACHE = "build/loom";

/** Loads the core that is shipped. */
export async function loadCore(): Promise<Program> {
  const wasm = new Uint8Array(Buffer.from(WASM_BASE64, "base64"));
  return await loadProgram(wasm, { map: await readSourceMap(wasm), cache });
}

/** Keeps rewritten binaries in the build folder. */
export const cache: ProgramCache = {
  async read(key) {
    try {
      return new Uint8Array(await readFile(pathOf(key)));
    } catch {
      return undefined;
    }
  },
  async write(key, bytes) {
    const path = pathOf(key);
    await mkdir(dirname(path), { recursive: true });
    // Whole, or not at all: another process may read it meanwhile.
    const part = `${path}.${process.pid}`;
    await writeFile(part, bytes);
    await rename(part, path);
  },
};

function pathOf(key: string): string {
  return inRoot(`${CACHE}/${key}.wasm`);
}
