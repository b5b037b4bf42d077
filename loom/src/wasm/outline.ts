// Reads what a module imports, defines and exports. Bodies are passed over.

import { hex, refuse } from "./errors.ts";
import { copyExpression } from "./expressions.ts";
import type { Limits, Reader } from "./reader.ts";
import { type SectionName, Sections } from "./sections.ts";
import { FUNCTION_TYPE } from "./types.ts";
import { Writer } from "./writer.ts";

/** In the order of their bytes. */
export const EXTERN_KINDS = ["function", "table", "memory", "global"] as const;

export type ExternKind = typeof EXTERN_KINDS[number];

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternKind;
  /** Of a memory. */
  readonly limits?: Limits;
  /** Of a global. */
  readonly mutable?: boolean;
  /** Where its entry begins. */
  readonly at: number;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** What a module has, without the bodies of its functions. */
export interface Outline {
  readonly sections: Sections;
  /** How many function types it has. */
  readonly types: number;
  readonly imports: readonly Import[];
  /** How many functions it defines. */
  readonly functions: number;
  /** The memories that it defines itself. */
  readonly memories: readonly Limits[];
  /** Whether each of the globals that it defines is mutable. */
  readonly globals: readonly boolean[];
  readonly exports: readonly Export[];
  /** The function that runs when it is instantiated. */
  readonly start: number | undefined;
  /** Whether each of its data segments is written at instantiation. */
  readonly data: readonly boolean[];
}

/** @throws {UnsupportedWasmError} If it has something unknown. */
export function readOutline(wasm: Uint8Array): Outline {
  const sections = new Sections(wasm);
  const list = <T>(name: SectionName, read: (reader: Reader) => T): T[] => {
    const reader = sections.get(name);
    return reader ? readVector(reader, read) : [];
  };
  list("table", readTable);
  return {
    sections,
    types: list("type", readFunctionType).length,
    imports: list("import", readImport),
    functions: list("function", (reader) => reader.u32()).length,
    memories: list("memory", (reader) => reader.limits()),
    globals: list("global", readGlobal),
    exports: list("export", readExport),
    start: sections.get("start")?.u32(),
    data: list("data", readSegment),
  };
}

/** Reads a number, and then as many entries. */
export function readVector<T>(reader: Reader, read: (reader: Reader) => T) {
  const entries: T[] = [];
  for (let count = reader.u32(); count > 0; count--) entries.push(read(reader));
  return entries;
}

function readFunctionType(reader: Reader): void {
  const form = reader.byte();
  if (form !== FUNCTION_TYPE) {
    refuse(`A type of the form ${hex(form)}`, reader.position - 1);
  }
  readVector(reader, () => reader.valueType());
  readVector(reader, () => reader.valueType());
}

function readKind(reader: Reader): ExternKind {
  const byte = reader.byte();
  const at = reader.position - 1;
  return EXTERN_KINDS[byte] ??
    refuse(`An import or export of kind ${hex(byte)}`, at);
}

function readImport(reader: Reader): Import {
  const at = reader.position;
  const [module, name] = [reader.name(), reader.name()];
  const entry = { module, name, kind: readKind(reader), at };
  switch (entry.kind) {
    case "function":
      reader.u32();
      return entry;
    case "table":
      readTable(reader);
      return entry;
    case "memory":
      return { ...entry, limits: reader.limits() };
    case "global":
      return { ...entry, mutable: readGlobalType(reader) };
  }
}

function readTable(reader: Reader): void {
  reader.referenceType();
  reader.limits();
}

function readGlobalType(reader: Reader): boolean {
  reader.valueType();
  return reader.byte() === 1;
}

function readGlobal(reader: Reader): boolean {
  const isMutable = readGlobalType(reader);
  copyExpression(reader, new Writer(), 0);
  return isMutable;
}

function readExport(reader: Reader): Export {
  const name = reader.name();
  return { name, kind: readKind(reader), index: reader.u32() };
}

/** 0 is active, 1 is passive, 2 is active and names its memory. */
function readSegment(reader: Reader): boolean {
  const start = reader.position;
  const form = reader.u32();
  if (form > 2) refuse(`A data segment of form ${form}`, start);
  if (form === 2) reader.u32();
  const isActive = form !== 1;
  if (isActive) copyExpression(reader, new Writer(), 0);
  reader.skip(reader.u32());
  return isActive;
}
