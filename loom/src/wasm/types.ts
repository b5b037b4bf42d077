// The types of the binary format that the rewriter knows.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const FUNCREF = 0x70;
export const EXTERNREF = 0x6f;
/** What a function type begins with. */
export const FUNCTION_TYPE = 0x60;

const VALUE_TYPES: readonly number[] = [I32, I64, F32, F64, FUNCREF, EXTERNREF];

export function isValueType(byte: number): boolean {
  return VALUE_TYPES.includes(byte);
}

/** What a function takes, and what it returns. */
export interface Signature {
  readonly params: readonly number[];
  readonly results: readonly number[];
}
