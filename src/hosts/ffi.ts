// What the FFIs of Deno, Bun and Node have in common: which library it is, where
// errno lies, and numbers where they have BigInts.

import { UnsupportedError } from "../errors.ts";
import type { CFunction, CFunctions, CLibrary, CType, Ffi } from "../ffi.ts";

/** What a runtime takes and returns for C's values. */
type Value = number | bigint | ArrayBufferView | null | undefined;

/** A C function as the runtime calls it. */
export type RawCall = (...args: Value[]) => Value;

/** A runtime's own FFI. */
export interface RuntimeFfi {
  /** Finds a function of a library. Throws if there is none. */
  find(library: string, name: string, types: CFunction): RawCall;
  /** Where the memory begins. */
  addressOf(view: ArrayBufferView): number;
  /** The bytes that lie there: no copy of them. */
  memoryAt(address: number, byteLength: number): ArrayBuffer;
}

// https://man7.org/linux/man-pages/man3/errno.3.html: it is `*location()`, by
// names that each C library chose for itself.
const ERRNO_LOCATIONS: Record<string, string | undefined> = {
  linux: "__errno_location",
  android: "__errno",
  darwin: "__error",
  freebsd: "__error",
  netbsd: "__errno",
  openbsd: "__errno",
};
const ERRNO_BYTES = 4;
const LOCATION: CFunction = { parameters: [], result: "address" };

/** This thread's errno. A thread has one, whichever library sets it. */
let errnoWord: Int32Array | undefined;

/** C functions by a runtime's FFI, which is not loaded before one is asked for. */
export function ffiOf(runtime: () => RuntimeFfi): Ffi | string {
  const { process } = globalThis as unknown as {
    process: { platform: string; arch: string };
  };
  const location = ERRNO_LOCATIONS[process.platform];
  if (location === undefined) return "Linux, macOS or a BSD";
  return {
    platform: process.platform,
    arch: process.arch,
    open: (libraries, functions) =>
      open(runtime(), location, libraries, functions),
  };
}

function open<Functions extends CFunctions>(
  runtime: RuntimeFfi,
  location: string,
  libraries: readonly string[],
  functions: Functions,
): CLibrary<Functions> {
  const { library, locate } = load(runtime, location, libraries);
  const word = errnoWord ??= new Int32Array(
    runtime.memoryAt(Number(locate()), ERRNO_BYTES),
  );
  const calls = Object.entries(functions).map(([name, types]) => [
    name,
    find(runtime, library, name, types),
  ]);
  return {
    call: Object.fromEntries(calls) as CLibrary<Functions>["call"],
    // A plain load: no call that could set it.
    errno: () => word[0]!,
    addressOf: (view) => runtime.addressOf(view),
  };
}

/** The first of the libraries that there is, and its way to errno. */
function load(
  runtime: RuntimeFfi,
  location: string,
  libraries: readonly string[],
): { library: string; locate: RawCall } {
  const causes: unknown[] = [];
  for (const library of libraries) {
    try {
      // Bun opens no library but for a function.
      const locate = runtime.find(library, location, LOCATION);
      return { library, locate };
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new UnsupportedError(
    "call C functions",
    `the library ${libraries.join(" or ")}, linked to libc`,
    { cause: new AggregateError(causes) },
  );
}

function find(
  runtime: RuntimeFfi,
  library: string,
  name: string,
  types: CFunction,
): RawCall {
  try {
    return runtime.find(library, name, types);
  } catch (cause) {
    throw new UnsupportedError(
      "call C functions",
      `the function ${name} in the library ${library}`,
      { cause },
    );
  }
}

/** Whether V8's FFIs have BigInts for it. */
function isWide(type: CType | "void"): boolean {
  return type === "i64" || type === "address";
}

/**
 * A function that returns numbers, and takes them though the raw one takes
 * BigInts. It is the raw one where that does so itself: the engine then calls C
 * from where it is called.
 */
export function numeric(
  raw: RawCall,
  { parameters, result }: CFunction,
  takes: "numbers" | "BigInts",
): RawCall {
  const wide = parameters.map((type) => takes === "BigInts" && isWide(type));
  if (!isWide(result) && !wide.includes(true)) return raw;
  const [first = false, second = false, third = false, fourth = false] = wide;
  // A result that is narrow is a number anyway; one that is void is not used.
  switch (parameters.length) {
    case 0:
      return () => Number(raw());
    case 1:
      return (a) => Number(raw(widen(a, first)));
    case 2:
      return (a, b) => Number(raw(widen(a, first), widen(b, second)));
    case 3:
      return (a, b, c) =>
        Number(raw(widen(a, first), widen(b, second), widen(c, third)));
    case 4:
      return (a, b, c, d) =>
        Number(raw(
          widen(a, first),
          widen(b, second),
          widen(c, third),
          widen(d, fourth),
        ));
    default:
      return (...args) =>
        Number(raw(...args.map((arg, index) => widen(arg, wide[index]!))));
  }
}

function widen(value: Value, isWide: boolean): Value {
  return isWide ? BigInt(value as number) : value;
}
