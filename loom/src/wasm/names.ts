// What the functions of a module are called.

import type { Outline } from "./outline.ts";
import { readVector } from "./outline.ts";
import type { Reader } from "./reader.ts";

const FUNCTION_NAMES = 1;

/** Finds names: those of the name section, else of exports, else `func N`. */
export function functionNames(outline: Outline): (index: number) => string {
  const given = readNames(outline.sections.custom("name"));
  const exported = new Map<number, string>();
  for (const { kind, index, name } of outline.exports) {
    const isNew = kind === "function" && !exported.has(index);
    if (isNew) exported.set(index, name);
  }
  return (index) => given.get(index) ?? exported.get(index) ?? `func ${index}`;
}

function readNames(section: Reader | undefined): Map<number, string> {
  while (section && !section.isAtEnd) {
    const id = section.byte();
    const names = section.part(section.u32());
    if (id === FUNCTION_NAMES) return new Map(readVector(names, readName));
  }
  return new Map();
}

function readName(reader: Reader): [number, string] {
  return [reader.u32(), reader.name()];
}
