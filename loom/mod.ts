/**
 * A model checker for threaded WebAssembly: every interleaving of a binary, as
 * it ships.
 *
 * @module
 */

export { model, replay } from "./src/model.ts";
export { loadProgram } from "./src/program.ts";
export type { ProgramCache, ProgramOptions } from "./src/program.ts";
export { drawFailure, drawTrace } from "./src/report/columns.ts";
export { lint } from "./src/wasm/lint.ts";
export type { Finding } from "./src/wasm/lint.ts";
export { UnsupportedWasmError } from "./src/wasm/errors.ts";
export type * from "./src/scenario.ts";
export type * from "./src/types.ts";
