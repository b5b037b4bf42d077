// Puts a rewritten binary together, section by section.

import type { MemoryImport } from "../types.ts";
import type { AddedTypes } from "./added_types.ts";
import { copyElements, copyExpression } from "./expressions.ts";
import { HOOK_MODULE, HOOKS } from "./hooks.ts";
import { EXTERN_KINDS, type Outline } from "./outline.ts";
import type { Reader } from "./reader.ts";
import {
  PREAMBLE,
  SECTION,
  SECTION_ORDER,
  type SectionName,
} from "./sections.ts";
import type { Wrappers } from "./wrappers.ts";
import { Writer } from "./writer.ts";

const SHIFT = HOOKS.length;
const FUNCTION = EXTERN_KINDS.indexOf("function");
const MEMORY = EXTERN_KINDS.indexOf("memory");
const GLOBAL = EXTERN_KINDS.indexOf("global");
/** Of a memory that is not shared and has no maximum. */
const NO_LIMIT = 0;

/** What a rewritten binary is made of. */
export interface Parts {
  /** Of the original. */
  readonly outline: Outline;
  readonly memory: MemoryImport;
  readonly types: AddedTypes;
  /** The types of the hooks, in their order. */
  readonly hookTypes: readonly number[];
  readonly wrappers: Wrappers;
  /** Of the functions of the original, rewritten. */
  readonly bodies: readonly (readonly number[])[];
}

/** The name of the export that is added for a mutable global. */
export function globalExport(index: number): string {
  return `loom_global_${index}`;
}

/** Writes the binary. Custom sections are left out. */
export function emit(parts: Parts): Uint8Array {
  const { sections } = parts.outline;
  const contents: Partial<Record<SectionName, Writer>> = {
    type: emitTypes(parts),
    import: emitImports(parts),
    function: emitFunctions(parts),
    global: emitGlobals(parts),
    export: emitExports(parts),
    start: emitStart(parts),
    element: emitElements(parts),
    code: emitCode(parts),
  };
  const writer = new Writer().append(PREAMBLE);
  for (const name of SECTION_ORDER) {
    const content = contents[name]?.bytes ?? rest(sections.get(name));
    if (content.length > 0) writer.byte(SECTION[name]).vector(content);
  }
  return Uint8Array.from(writer.bytes);
}

function rest(reader: Reader | undefined): Uint8Array {
  if (!reader) return new Uint8Array();
  return reader.bytes.subarray(reader.position, reader.end);
}

/** A section with entries behind those that it has. */
function extended(section: Reader | undefined, added: number): Writer {
  const count = section?.u32() ?? 0;
  return new Writer().u32(count + added).append(rest(section));
}

function emitTypes({ outline, types }: Parts): Writer {
  const writer = extended(outline.sections.get("type"), types.count);
  return writer.append(types.bytes);
}

function emitImports({ memory, hookTypes }: Parts): Writer {
  const writer = new Writer().u32(HOOKS.length + 1);
  writer.name(memory.module).name(memory.name);
  writer.byte(MEMORY).byte(NO_LIMIT).u32(memory.initial);
  for (const [index, [name]] of HOOKS.entries()) {
    writer.name(HOOK_MODULE).name(name);
    writer.byte(FUNCTION).u32(hookTypes[index]!);
  }
  return writer;
}

function emitFunctions({ outline, wrappers }: Parts): Writer {
  const section = outline.sections.get("function");
  const writer = extended(section, wrappers.types.length);
  for (const type of wrappers.types) writer.u32(type);
  return writer;
}

function emitGlobals({ outline }: Parts): Writer {
  const reader = outline.sections.get("global");
  const writer = new Writer();
  if (!reader) return writer;
  const count = reader.u32();
  writer.u32(count);
  for (let index = 0; index < count; index++) {
    // Its type, and whether it is mutable.
    writer.byte(reader.byte()).byte(reader.byte());
    copyExpression(reader, writer, SHIFT);
  }
  return writer;
}

function emitExports({ outline: { exports, globals } }: Parts): Writer {
  const mutable = [...globals.keys()].filter((index) => globals[index]);
  const writer = new Writer().u32(exports.length + mutable.length);
  for (const { name, kind, index } of exports) {
    const moved = kind === "function" ? index + SHIFT : index;
    writer.name(name).byte(EXTERN_KINDS.indexOf(kind)).u32(moved);
  }
  for (const index of mutable) {
    writer.name(globalExport(index)).byte(GLOBAL).u32(index);
  }
  return writer;
}

function emitStart({ outline: { start } }: Parts): Writer {
  const writer = new Writer();
  return start === undefined ? writer : writer.u32(start + SHIFT);
}

function emitElements({ outline }: Parts): Writer {
  const reader = outline.sections.get("element");
  const writer = new Writer();
  if (reader) copyElements(reader, writer, SHIFT);
  return writer;
}

function emitCode({ bodies, wrappers }: Parts): Writer {
  const writer = new Writer().u32(bodies.length + wrappers.bodies.length);
  for (const body of [...bodies, ...wrappers.bodies]) writer.vector(body);
  return writer;
}
