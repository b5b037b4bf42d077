// Expressions that are evaluated when a module is instantiated, and the
// elements of tables: what else than code names functions by their indices.

import { hex, refuse } from "./errors.ts";
import {
  END,
  I32_CONST,
  I64_CONST,
  REF_FUNC,
  skipImmediates,
} from "./opcodes.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

const CONSTANT: readonly number[] = [
  END,
  0x23, // global.get
  I32_CONST,
  I64_CONST,
  0x43, // f32.const
  0x44, // f64.const
  0x6a, // i32.add
  0x6b, // i32.sub
  0x6c, // i32.mul
  0x7c, // i64.add
  0x7d, // i64.sub
  0x7e, // i64.mul
  0xd0, // ref.null
];

/** What an element segment may be, by bits. */
const NOT_ACTIVE = 1;
const HAS_TABLE_OR_DECLARES = 2;
const HAS_EXPRESSIONS = 4;
const LAST_FORM = 7;

/** Copies an index of a function, moved up by `shift`. */
export function copyFunctionIndex(
  reader: Reader,
  writer: Writer,
  shift: number,
) {
  writer.u32(reader.u32() + shift);
}

/** Copies a constant expression to its end. */
export function copyExpression(reader: Reader, writer: Writer, shift: number) {
  for (;;) {
    const start = reader.position;
    const opcode = reader.byte();
    if (opcode === REF_FUNC) {
      copyFunctionIndex(reader, writer.byte(opcode), shift);
      continue;
    }
    if (!CONSTANT.includes(opcode)) {
      refuse(`Opcode ${hex(opcode)} in a constant expression`, start);
    }
    skipImmediates(opcode, reader);
    writer.copy(reader, start);
    if (opcode === END) return;
  }
}

/** Copies the section of elements, in any of its eight forms. */
export function copyElements(reader: Reader, writer: Writer, shift: number) {
  const count = reader.u32();
  writer.u32(count);
  for (let segment = 0; segment < count; segment++) {
    copySegment(reader, writer, shift);
  }
}

function copySegment(reader: Reader, writer: Writer, shift: number) {
  const start = reader.position;
  const form = reader.u32();
  if (form > LAST_FORM) refuse(`An element segment of form ${form}`, start);
  writer.u32(form);
  const isActive = (form & NOT_ACTIVE) === 0;
  const hasTable = isActive && (form & HAS_TABLE_OR_DECLARES) !== 0;
  if (hasTable) writer.u32(reader.u32());
  if (isActive) copyExpression(reader, writer, shift);
  const hasExpressions = (form & HAS_EXPRESSIONS) !== 0;
  if (!isActive || hasTable) copyKind(reader, writer, hasExpressions);
  const count = reader.u32();
  writer.u32(count);
  const copy = hasExpressions ? copyExpression : copyFunctionIndex;
  for (let element = 0; element < count; element++) {
    copy(reader, writer, shift);
  }
}

function copyKind(reader: Reader, writer: Writer, isType: boolean) {
  const kind = isType ? reader.referenceType() : reader.byte();
  if (!isType && kind !== 0) {
    refuse(`An element kind ${hex(kind)}`, reader.position - 1);
  }
  writer.byte(kind);
}
