// C functions on Deno. https://docs.deno.com/runtime/fundamentals/ffi/

import type { CType, Ffi } from "../ffi.ts";
import { ffiOf, numeric, type RawCall, type RuntimeFfi } from "./ffi.ts";

/** The parts that we use of https://docs.deno.com/api/deno/ffi */
interface DenoFfi {
  readonly permissions: {
    querySync(wanted: { name: "ffi" }): {
      readonly state: string;
      readonly partial?: boolean;
    };
  };
  dlopen(
    library: string,
    symbols: Record<string, { parameters: string[]; result: string }>,
  ): { readonly symbols: Record<string, RawCall> };
  readonly UnsafePointer: {
    of(view: ArrayBufferView): object;
    value(pointer: object): bigint;
    create(address: number): object;
  };
  readonly UnsafePointerView: {
    getArrayBuffer(pointer: object, byteLength: number): ArrayBuffer;
  };
}

/**
 * Of an `i64` it takes numbers and BigInts. V8 compiles the call for BigInts, and
 * throws that away at the first number, again and again.
 */
function typeOf(type: CType | "void"): string {
  return type === "address" ? "i64" : type;
}

function runtimeFfi(deno: DenoFfi): RuntimeFfi {
  const { UnsafePointer, UnsafePointerView } = deno;
  return {
    find: (library, name, types) => {
      const parameters = types.parameters.map(typeOf);
      const result = typeOf(types.result);
      const { symbols } = deno.dlopen(library, {
        [name]: { parameters, result },
      });
      return numeric(symbols[name]!, types, "BigInts");
    },
    addressOf: (view) => Number(UnsafePointer.value(UnsafePointer.of(view))),
    memoryAt: (address, byteLength) =>
      UnsafePointerView.getArrayBuffer(
        UnsafePointer.create(address),
        byteLength,
      ),
  };
}

/** C functions, or what they need. Whoever has no permission is not asked. */
export function denoFfi(): Ffi | string {
  const { Deno } = globalThis as unknown as { Deno: DenoFfi };
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  // With some paths allowed or denied, Deno takes the name of a library for a
  // path in the current directory.
  if (state !== "granted" || partial) {
    return "Deno's --allow-ffi, without any path, and no --deny-ffi";
  }
  return ffiOf(() => runtimeFfi(Deno));
}
