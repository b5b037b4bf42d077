// The instructions that are copied as they are: how long each is, and which
// are refused.

import { hex, refuse } from "./errors.ts";
import type { Reader } from "./reader.ts";

export const END = 0x0b;
export const CALL = 0x10;
export const LOCAL_GET = 0x20;
export const MEMORY_SIZE = 0x3f;
export const MEMORY_GROW = 0x40;
export const I32_CONST = 0x41;
export const I64_CONST = 0x42;
export const I64_GE_S = 0x59;
export const REF_FUNC = 0xd2;
export const BULK = 0xfc;
export const ATOMIC = 0xfe;
/** Behind `BULK`. */
export const MEMORY_COPY = 10;
export const MEMORY_FILL = 11;

const LAST_NUMERIC = 0xc4;
const FIRST_NUMERIC = 0x45;
/** The blocktype of a block with neither parameters nor results. */
const EMPTY = 0x40;
/** Alignments go up to 2 ** 3; each other bit of the field is a flag. */
const ALIGNMENT_BITS = 0x07;

type Skip = (reader: Reader) => void;

const nothing: Skip = () => {};
const index: Skip = (reader) => void reader.u32();
const leb: Skip = (reader) => reader.skipLeb();

function indices(reader: Reader): void {
  for (let count = reader.u32(); count > 0; count--) reader.u32();
}

function valueTypes(reader: Reader): void {
  for (let count = reader.u32(); count > 0; count--) reader.valueType();
}

/** A type index is a signed integer from 0 on, and so differs from all types. */
function blockType(reader: Reader): void {
  const first = reader.bytes[reader.position]!;
  const isIndex = first >= 0x80 || first < 0x40;
  if (isIndex) reader.skipLeb();
  else if (first === EMPTY) reader.skip(1);
  else reader.valueType();
}

/** What is behind each opcode. */
const IMMEDIATES: ReadonlyMap<number, Skip> = new Map<number, Skip>([
  [0x00, nothing], // unreachable
  [0x01, nothing], // nop
  [0x02, blockType], // block
  [0x03, blockType], // loop
  [0x04, blockType], // if
  [0x05, nothing], // else
  [END, nothing],
  [0x0c, index], // br
  [0x0d, index], // br_if
  [0x0e, (reader) => (indices(reader), index(reader))], // br_table
  [0x0f, nothing], // return
  [0x11, (reader) => (index(reader), index(reader))], // call_indirect
  [0x1a, nothing], // drop
  [0x1b, nothing], // select
  [0x1c, valueTypes], // select, typed
  [LOCAL_GET, index],
  [0x21, index], // local.set
  [0x22, index], // local.tee
  [0x23, index], // global.get
  [0x24, index], // global.set
  [0x25, index], // table.get
  [0x26, index], // table.set
  [I32_CONST, leb],
  [I64_CONST, leb],
  [0x43, (reader) => reader.skip(4)], // f32.const
  [0x44, (reader) => reader.skip(8)], // f64.const
  [0xd0, (reader) => void reader.referenceType()], // ref.null
  [0xd1, nothing], // ref.is_null
]);

const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x06, "try"],
  [0x07, "catch"],
  [0x08, "throw"],
  [0x09, "rethrow"],
  [0x0a, "throw_ref"],
  [0x12, "return_call"],
  [0x13, "return_call_indirect"],
  [0x14, "call_ref"],
  [0x15, "return_call_ref"],
  [0x18, "delegate"],
  [0x19, "catch_all"],
  [0x1f, "try_table"],
  [0xd3, "ref.eq"],
  [0xd4, "ref.as_non_null"],
  [0xd5, "br_on_null"],
  [0xd6, "br_on_non_null"],
]);

/** The families of instructions that begin with a byte of their own. */
const PREFIXES: ReadonlyMap<number, string> = new Map([
  [0xfb, "GC"],
  [0xfd, "SIMD"],
]);

const BULK_NAMES: ReadonlyMap<number, string> = new Map([
  [8, "memory.init"],
  [9, "data.drop"],
  [12, "table.init"],
  [13, "elem.drop"],
  [14, "table.copy"],
  [15, "table.grow"],
  [16, "table.size"],
  [17, "table.fill"],
]);

const LAST_TRUNCATION = 7;

/**
 * Passes over what is behind an opcode that can be copied.
 *
 * @throws {UnsupportedWasmError} If it is none of these.
 */
export function skipImmediates(opcode: number, reader: Reader): void {
  const isNumeric = FIRST_NUMERIC <= opcode && opcode <= LAST_NUMERIC;
  if (isNumeric) return;
  const skip = IMMEDIATES.get(opcode);
  if (skip) skip(reader);
  else refuseOpcode(opcode, reader);
}

function refuseOpcode(opcode: number, reader: Reader): never {
  const start = reader.position - 1;
  const family = PREFIXES.get(opcode);
  if (!family) refuse(REFUSED.get(opcode) ?? `Opcode ${hex(opcode)}`, start);
  const rest = hex(reader.u32());
  return refuse(`Opcode ${hex(opcode)} ${rest} (${family})`, start);
}

/** Reads what is behind `BULK`: `MEMORY_COPY`, `MEMORY_FILL`, or a truncation. */
export function readBulk(reader: Reader): number {
  const start = reader.position - 1;
  const opcode = reader.u32();
  if (opcode === MEMORY_COPY) reader.memoryIndex();
  const isMemory = opcode === MEMORY_COPY || opcode === MEMORY_FILL;
  if (isMemory) reader.memoryIndex();
  else if (opcode > LAST_TRUNCATION) {
    refuse(BULK_NAMES.get(opcode) ?? `Opcode 0xfc ${hex(opcode)}`, start);
  }
  return opcode;
}

/** What is behind the opcode of a load or a store. */
export interface MemoryArgument {
  /** Its binary logarithm. */
  readonly align: number;
  readonly offset: number;
}

/** @throws {UnsupportedWasmError} If a bit is set that is no alignment's. */
export function readMemoryArgument(reader: Reader): MemoryArgument {
  const start = reader.position;
  const align = reader.u32();
  if (align & ~ALIGNMENT_BITS) {
    refuse(`A memarg with the flags ${hex(align)}`, start);
  }
  return { align, offset: reader.u32() };
}
