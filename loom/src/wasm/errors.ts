// What is thrown at a binary that cannot be rewritten faithfully.

/**
 * A binary with something that the rewriter does not know, or refuses to
 * guess about. The message names it, and the byte that it begins at.
 */
export class UnsupportedWasmError extends Error {
  /** Tells it from other errors, where classes differ. */
  override readonly name = "UnsupportedWasmError";
  /** Stays what it is from version to version. */
  readonly code = "unsupported-wasm";
}

/** Throws an `UnsupportedWasmError` about what is at a byte of the binary. */
export function refuse(what: string, at: number): never {
  throw new UnsupportedWasmError(`${what} at byte ${at} is not supported`);
}

/** A byte or an opcode, as the specification writes it: `0x0a`. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
