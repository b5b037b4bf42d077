// Turns a binary into one that can be explored.

import type { Program } from "./types.ts";
import { asyncify, ASYNCIFY_VERSION } from "./wasm/asyncify.ts";
import { UnsupportedWasmError } from "./wasm/errors.ts";
import { rewrite } from "./wasm/rewrite.ts";
import { readSourceMap } from "./wasm/source_map.ts";

/** Keeps asyncified binaries: each takes binaryen a second or two. */
export interface ProgramCache {
  /** Returns what was written under the key, if it is still there. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Keys are file names of letters, digits and dashes. */
  write(key: string, bytes: Uint8Array): Promise<void>;
}

/** What helps to load a binary. */
export interface ProgramOptions {
  /** The source map of the binary, as JSON. */
  readonly map?: string | undefined;
  /** Where rewritten binaries are kept: to make one takes seconds. */
  readonly cache?: ProgramCache | undefined;
}

/**
 * Rewrites and compiles a binary.
 *
 * @throws {UnsupportedWasmError} If it is invalid, or has anything unknown.
 */
export async function loadProgram(
  wasm: Uint8Array,
  { map, cache }: ProgramOptions = {},
): Promise<Program> {
  const place = map === undefined ? undefined : readSourceMap(map);
  const rewritten = rewrite(wasm, { place });
  const bytes = copyOf(rewritten.wasm);
  if (!WebAssembly.validate(bytes)) {
    throw new UnsupportedWasmError("The binary is not valid");
  }
  return {
    sha256: await sha256(wasm),
    module: new WebAssembly.Module(await asyncified(bytes, cache)),
    sites: rewritten.sites,
    memory: rewritten.memory,
  };
}

async function asyncified(
  wasm: Uint8Array<ArrayBuffer>,
  cache: ProgramCache | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!cache) return copyOf(await asyncify(wasm));
  const key = `${ASYNCIFY_VERSION}-${await sha256(wasm)}`;
  const cached = copyOf(await cache.read(key) ?? []);
  // One that was cut short is made anew.
  if (WebAssembly.validate(cached)) return cached;
  const made = copyOf(await asyncify(wasm));
  await cache.write(key, made);
  return made;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", copyOf(bytes));
  const digits = [...new Uint8Array(hash)].map((byte) =>
    byte.toString(16).padStart(2, "0")
  );
  return digits.join("");
}

/** A copy in a buffer that is not shared, as the web's interfaces want it. */
function copyOf(bytes: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}
