// Reads source maps of binaries: all is on one line, and the column is the
// byte at which an instruction begins.
// https://tc39.es/ecma426/

import type { SourcePlace } from "../types.ts";

/** What a source map has that is used here. */
interface SourceMapJson {
  readonly version: number;
  readonly sources: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly mappings: string;
}

/** From a byte on, up to the next mapping. */
interface Mapping {
  readonly pc: number;
  readonly source: SourcePlace;
}

/** Finds what the instruction at a byte, in a body, was compiled from. */
export type FindPlace = (
  pc: number,
  bodyStart?: number,
) => SourcePlace | undefined;

const VERSION = 3;
const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The bit of a digit that says that there are more. */
const CONTINUES = 32;

/**
 * Reads a source map.
 *
 * Optimisers lose the places of some instructions, and end the mapping before
 * these. They get its place nevertheless: it is that of their operands.
 *
 * @returns Finds the nearest mapping at a byte, or before it but in the body.
 * @throws {TypeError} If it is not a source map, version 3.
 */
export function readSourceMap(json: string): FindPlace {
  const map: SourceMapJson = JSON.parse(json);
  if (map.version !== VERSION || typeof map.mappings !== "string") {
    throw new TypeError("Cannot read the source map: not of version 3");
  }
  const mappings = decode(map);
  return (pc, bodyStart = 0) => {
    const nearest = mappings[firstAfter(mappings, pc) - 1];
    return nearest && nearest.pc >= bodyStart ? nearest.source : undefined;
  };
}

function decode({ mappings, sources, sourceRoot }: SourceMapJson): Mapping[] {
  const root = prefixOf(sourceRoot);
  const decoded: Mapping[] = [];
  const [line = ""] = mappings.split(";");
  let [pc, file, row, column] = [0, 0, 0, 0];
  for (const segment of line.split(",")) {
    const [pcBy = 0, fileBy, rowBy = 0, columnBy = 0] = readNumbers(segment);
    pc += pcBy;
    file += fileBy ?? 0;
    row += rowBy;
    column += columnBy;
    const name = fileBy === undefined ? undefined : sources[file];
    if (typeof name !== "string") continue;
    const source = { file: root + name, line: row + 1, column };
    decoded.push({ pc, source });
  }
  return decoded.sort((a, b) => a.pc - b.pc);
}

/** What is before its last slash, as it is a URL to be resolved against. */
function prefixOf(root = ""): string {
  const isPath = root.includes("/") || root === "";
  const prefix = isPath ? root.slice(0, root.lastIndexOf("/") + 1) : `${root}/`;
  return prefix === "./" ? "" : prefix;
}

/** Reads differences: base64 digits of 5 bits, of which the lowest is a sign. */
function readNumbers(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) {
      throw new TypeError(`Cannot read the source map: '${character}'`);
    }
    value += (digit % CONTINUES) * factor;
    factor *= CONTINUES;
    if (digit >= CONTINUES) continue;
    numbers.push(value % 2 ? -(value - 1) / 2 : value / 2);
    value = 0;
    factor = 1;
  }
  return numbers;
}

/** The index of the first mapping that begins after a byte. */
function firstAfter(mappings: readonly Mapping[], pc: number): number {
  let [low, high] = [0, mappings.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (mappings[middle]!.pc <= pc) low = middle + 1;
    else high = middle;
  }
  return low;
}
