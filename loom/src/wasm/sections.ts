// Splits a binary into its sections.
// https://webassembly.github.io/spec/core/binary/modules.html

import { refuse, UnsupportedWasmError } from "./errors.ts";
import { Reader } from "./reader.ts";

/** The sections by their ids, except for the custom ones. */
export const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

export type SectionName = keyof typeof SECTION;

/** In the order in which a binary has them. */
export const SECTION_ORDER: readonly SectionName[] = [
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "dataCount",
  "code",
  "data",
];

/** Magic and version. */
export const PREAMBLE: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const CUSTOM = 0;
const NAMES = new Map<number, SectionName>(
  SECTION_ORDER.map((name) => [SECTION[name], name]),
);

/** The sections of a binary. */
export class Sections {
  readonly #standard = new Map<SectionName, Reader>();
  readonly #custom = new Map<string, Reader>();

  /** @throws {UnsupportedWasmError} If a section is of an unknown kind. */
  constructor(wasm: Uint8Array) {
    if (PREAMBLE.some((byte, at) => wasm[at] !== byte)) {
      throw new UnsupportedWasmError("Not WebAssembly, version 1");
    }
    const reader = new Reader(wasm, PREAMBLE.length);
    while (!reader.isAtEnd) this.#add(reader);
  }

  /** A new reader of a section; `undefined` if the binary lacks it. */
  get(name: SectionName): Reader | undefined {
    return fresh(this.#standard.get(name));
  }

  /** A new reader of a custom section, behind its name. */
  custom(name: string): Reader | undefined {
    return fresh(this.#custom.get(name));
  }

  #add(reader: Reader): void {
    const start = reader.position;
    const id = reader.byte();
    const content = reader.part(reader.u32());
    if (id === CUSTOM) {
      this.#custom.set(content.name(), content);
      return;
    }
    const name = NAMES.get(id);
    if (!name) refuse(`A section of kind ${id}`, start);
    if (this.#standard.has(name)) refuse(`A second ${name} section`, start);
    this.#standard.set(name, content);
  }
}

function fresh(reader: Reader | undefined): Reader | undefined {
  return reader && new Reader(reader.bytes, reader.position, reader.end);
}
