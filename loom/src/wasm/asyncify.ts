// Makes a rewritten binary able to leave a call of a hook, and to come back to
// it later. https://kripken.github.io/blog/wasm/2019/07/16/asyncify.html

import { UnsupportedWasmError } from "./errors.ts";
import { HOOK_MODULE } from "./hooks.ts";

/** Names what this file does to a binary: for caches of what it returns. */
export const ASYNCIFY_VERSION = "asyncify-1-binaryen-132";

/**
 * What binaryen may emit. By name: `Features.All` has encodings that V8 does
 * not know.
 */
const FEATURES = [
  "MutableGlobals",
  "NontrappingFPToInt",
  "BulkMemory",
  "BulkMemoryOpt",
  "SignExt",
  "ReferenceTypes",
  "CallIndirectOverlong",
  "Multivalue",
  "ExtendedConst",
] as const;

const OPTIMIZE_LEVEL = 2;
const SHRINK_LEVEL = 0;

/**
 * Asyncifies a binary in which each hook may be left, and optimises it.
 *
 * @throws {UnsupportedWasmError} If binaryen cannot: it has no place to keep a
 * reference in while a function that has one in a local is left.
 */
export async function asyncify(wasm: Uint8Array): Promise<Uint8Array> {
  // Over a second, and not needed where a cache has the result.
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(wasm);
  try {
    const features = FEATURES.map((name): number => binaryen.Features[name]);
    module.setFeatures(features.reduce((all, next) => all | next));
    // Levels and arguments are binaryen's own state, and not of the module.
    binaryen.setOptimizeLevel(OPTIMIZE_LEVEL);
    binaryen.setShrinkLevel(SHRINK_LEVEL);
    binaryen.setPassArgument("asyncify-imports", `${HOOK_MODULE}.*`);
    module.runPasses(["asyncify"]);
    module.optimize();
    return module.emitBinary();
  } catch (cause) {
    const message = "Binaryen cannot asyncify the binary";
    throw new UnsupportedWasmError(message, { cause });
  } finally {
    binaryen.clearPassArguments();
    module.dispose();
  }
}
