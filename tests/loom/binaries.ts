// Makes binaries for the tests: from text, and byte by byte.

import { I32 } from "../../loom/src/wasm/types.ts";
import { Writer } from "../../loom/src/wasm/writer.ts";

const FEATURES = [
  "Atomics",
  "MutableGlobals",
  "NontrappingFPToInt",
  "BulkMemory",
  "BulkMemoryOpt",
  "SignExt",
  "ReferenceTypes",
  "Multivalue",
] as const;

/** A line of text that imports the memory that threads share. */
export const MEMORY = `(import "env" "memory" (memory 1 4 shared))`;

/** Assembles a module in the text format. `named` keeps names of functions. */
export async function assemble(
  text: string,
  named = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.parseText(text);
  const features = FEATURES.map((name): number => binaryen.Features[name]);
  module.setFeatures(features.reduce((all, next) => all | next));
  binaryen.setDebugInfo(named);
  const bytes = module.emitBinary();
  binaryen.setDebugInfo(false);
  module.dispose();
  return Uint8Array.from(bytes);
}

/** A section, by its id and bytes. */
export type RawSection = readonly [id: number, ...bytes: number[]];

/** A binary of sections. */
export function binary(...sections: RawSection[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer().append([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  for (const [id, ...bytes] of sections) writer.byte(id).vector(bytes);
  return Uint8Array.from(writer.bytes);
}

/** The bytes of a name. */
export function name(text: string): number[] {
  return new Writer().name(text).bytes;
}

/** Imports `env.memory`, shared, of one page to four. */
export const MEMORY_SECTION: RawSection = [
  2,
  1,
  ...name("env"),
  ...name("memory"),
  2,
  3,
  1,
  4,
];

/** Of functions that take nothing: type 0 returns an i32, type 1 nothing. */
export const TYPE_SECTION: RawSection = [1, 2, 0x60, 0, 1, I32, 0x60, 0, 0];

/** The code section of bodies without locals. */
export function code(...bodies: number[][]): RawSection {
  const writer = new Writer().u32(bodies.length);
  for (const body of bodies) writer.vector([0, ...body, 0x0b]);
  return [10, ...writer.bytes];
}

/** A binary with one function, of type 1, without exports. */
export function withBody(...body: number[]): Uint8Array<ArrayBuffer> {
  return binary(TYPE_SECTION, MEMORY_SECTION, [3, 1, 1], code(body));
}
