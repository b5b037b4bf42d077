// The Ffi contract: C functions, called on the thread that calls. Types only.

/**
 * What C calls the value:
 *
 * - `i32` and `u32`: `int`, `unsigned int`, and what is as wide. Also the result
 *   of a wider type if it fits, such as that of `read()` and `write()`: it costs
 *   less, and leaves nothing to collect before `errno()`.
 * - `i64`: `long`, `size_t`, `int64_t`. A safe integer.
 * - `buffer`: a pointer to what a view shows, or null. The view may be one of
 *   shared memory, and shows a byte at least.
 * - `address`: a pointer as a number, from `addressOf()` or from C.
 */
export type CType = "i32" | "u32" | "i64" | "buffer" | "address";

/**
 * The types of a C function. It is none that takes `...`, such as `fcntl()`,
 * `ioctl()` and `open()`: on macOS for arm64 those look for their arguments
 * elsewhere.
 */
export interface CFunction {
  /** What it takes. */
  readonly parameters: readonly CType[];
  /** What it returns. */
  readonly result: Exclude<CType, "buffer"> | "void";
}

/** C functions by their names. */
export type CFunctions = Readonly<Record<string, CFunction>>;

/** What JavaScript passes for C types. */
export type CArguments<Types extends readonly CType[]> = {
  [Index in keyof Types]: Types[Index] extends "buffer" ? ArrayBufferView | null
    : number;
};

/**
 * A C function, as JavaScript calls it. It blocks as long as C does, and nothing
 * ends a thread in it. What the arguments are is for the caller to get right.
 */
export type CCall<Types extends CFunction> = (
  ...args: CArguments<Types["parameters"]>
) => Types["result"] extends "void" ? void : number;

/** Functions of a library, for the thread that opened it. */
export interface CLibrary<Functions extends CFunctions> {
  /** The functions. */
  readonly call: { readonly [Name in keyof Functions]: CCall<Functions[Name]> };
  /**
   * This thread's `errno`. It is of the last call if that has failed, and if
   * nothing but plain arithmetic came between: the runtime itself calls C, too.
   */
  errno(): number;
  /**
   * Where the view's memory lies: for all threads, if it is shared, and as long
   * as any of them can reach it. The view shows a byte at least.
   */
  addressOf(view: ArrayBufferView): number;
}

/** A runtime's way to call C. */
export interface Ffi {
  /** The operating system, as Node names it: `linux`, `darwin`, `freebsd`, … */
  readonly platform: string;
  /** The processor: `x64`, `arm64`, … */
  readonly arch: string;
  /**
   * Finds the functions in the first library that there is of these names.
   *
   * @throws {UnsupportedError} If there is none of the libraries, or not all
   * functions in it.
   */
  open<const Functions extends CFunctions>(
    libraries: readonly string[],
    functions: Functions,
  ): CLibrary<Functions>;
}
