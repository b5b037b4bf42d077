// C functions on Node. https://nodejs.org/api/ffi.html

import type { CType, Ffi } from "../ffi.ts";
import { ffiOf, numeric, type RawCall, type RuntimeFfi } from "./ffi.ts";

/** The parts that we use of the module. */
interface NodeFfi {
  dlopen(
    library: string,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { readonly functions: Record<string, RawCall> };
  getRawPointer(view: ArrayBufferView): bigint;
  toArrayBuffer(
    address: bigint,
    byteLength: number,
    isCopy: boolean,
  ): ArrayBuffer;
}

/** The parts that we use of https://nodejs.org/api/process.html */
interface NodeProcess {
  getBuiltinModule(id: "node:ffi"): NodeFfi;
  getBuiltinModule(id: "node:module"): { isBuiltin(id: string): boolean };
  /** Only with `--permission`. */
  readonly permission?: { has(scope: "ffi"): boolean };
  readonly config: { readonly variables: Readonly<Record<string, unknown>> };
}

/** Of an `i64` it takes and returns BigInts. */
function typeOf(type: CType | "void"): string {
  return type === "address" ? "i64" : type;
}

/**
 * One parameter more than C has, which C does not see: it is null. A function
 * with one of this type Node calls through libffi alone. Others V8 calls by
 * itself, in code that it compiles on a thread of its own: that reads types which
 * Node frees when a thread ends, and the process dies of a failed check. V8 takes
 * longer for a view, too.
 */
const SPARE = "function";

/** The function without the spare parameter. */
function withoutSpare(raw: RawCall, parameters: number): RawCall {
  switch (parameters) {
    case 0:
      return () => raw(null);
    case 1:
      return (a) => raw(a, null);
    case 2:
      return (a, b) => raw(a, b, null);
    case 3:
      return (a, b, c) => raw(a, b, c, null);
    case 4:
      return (a, b, c, d) => raw(a, b, c, d, null);
    default:
      return (...args) => raw(...args, null);
  }
}

function runtimeFfi(ffi: NodeFfi): RuntimeFfi {
  return {
    find: (library, name, types) => {
      const { parameters, result } = types;
      const { functions } = ffi.dlopen(library, {
        [name]: {
          arguments: [...parameters.map(typeOf), SPARE],
          return: typeOf(result),
        },
      });
      const raw = withoutSpare(functions[name]!, parameters.length);
      return numeric(raw, types, "BigInts");
    },
    addressOf: (view) => Number(ffi.getRawPointer(view)),
    memoryAt: (address, byteLength) =>
      ffi.toArrayBuffer(BigInt(address), byteLength, false),
  };
}

/** What is missing; empty if nothing is. */
function missing(
  process: NodeProcess,
): string {
  // To get the module prints a warning, to ask for it does not.
  if (!process.getBuiltinModule("node:module").isBuiltin("node:ffi")) {
    return process.config.variables["node_use_ffi"]
      ? "Node without --no-experimental-ffi"
      : "Node 26, and one that was built with node:ffi";
  }
  if (process.permission?.has("ffi") === false) {
    return "Node's --allow-ffi, next to --permission";
  }
  return "";
}

/** C functions, or what they need. */
export function nodeFfi(): Ffi | string {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const needs = missing(process);
  if (needs) return needs;
  return ffiOf(() => runtimeFfi(process.getBuiltinModule("node:ffi")));
}
