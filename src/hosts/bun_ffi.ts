// C functions on Bun. https://bun.com/docs/api/ffi

import type { CType, Ffi } from "../ffi.ts";
import { ffiOf, numeric, type RawCall, type RuntimeFfi } from "./ffi.ts";

/** The parts that we use of https://bun.com/reference/bun/ffi */
interface BunFfi {
  dlopen(
    library: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { readonly symbols: Record<string, RawCall> };
  ptr(view: ArrayBufferView): number;
  toArrayBuffer(
    address: number,
    byteOffset: number,
    byteLength: number,
  ): ArrayBuffer;
}

/** A `ptr` takes views, and all of them take numbers. */
const PARAMETERS: Record<CType, string> = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  buffer: "ptr",
  address: "i64",
};

/** An `i64_fast` is a BigInt only if it is no safe integer. */
function resultOf(type: CType | "void"): string {
  return type === "i64" || type === "address" ? "i64_fast" : type;
}

function runtimeFfi(ffi: BunFfi): RuntimeFfi {
  return {
    find: (library, name, types) => {
      const args = types.parameters.map((type) => PARAMETERS[type]);
      const returns = resultOf(types.result);
      const { symbols } = ffi.dlopen(library, { [name]: { args, returns } });
      return numeric(symbols[name]!, types, "numbers");
    },
    addressOf: (view) => {
      // What a small view shows moves when its buffer is first asked for.
      void view.buffer;
      return ffi.ptr(view);
    },
    memoryAt: (address, byteLength) =>
      ffi.toArrayBuffer(address, 0, byteLength),
  };
}

/** C functions, or what they need. */
export function bunFfi(): Ffi | string {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(id: "bun:ffi"): BunFfi };
  };
  return ffiOf(() => runtimeFfi(process.getBuiltinModule("bun:ffi")));
}
