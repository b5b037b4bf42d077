// Reads the outline of a WebAssembly binary: what it imports and exports, and
// what it would write into memory. Bodies of functions are skipped.
// https://webassembly.github.io/spec/core/binary/modules.html

/** A type of number that crosses the boundary, or what else it is. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "other";

export type ExternKind = "function" | "table" | "memory" | "global" | "tag";

export interface FunctionType {
  params: ValueType[];
  results: ValueType[];
}

export interface MemoryType {
  shared: boolean;
  /** In pages of 64 KiB. */
  initial: number;
  maximum: number | undefined;
}

export interface Import {
  module: string;
  name: string;
  kind: ExternKind;
  /** Present if `kind` is `"memory"`. */
  memory?: MemoryType;
}

export interface Export {
  name: string;
  kind: ExternKind;
  /** Present if `kind` is `"function"`. */
  type?: FunctionType;
}

/** The outline of a module. */
export interface Outline {
  imports: Import[];
  exports: Export[];
  /** Globals that the module defines itself. */
  globals: { mutable: boolean }[];
  /** Data segments. An active one is written at each instantiation. */
  data: { active: boolean }[];
  hasStart: boolean;
  /** Functions with a body. */
  functions: number;
  /** Names of custom sections. */
  custom: string[];
}

const KINDS: ExternKind[] = ["function", "table", "memory", "global", "tag"];
const VALUES: ValueType[] = ["i32", "i64", "f32", "f64"];
const MAGIC = 0x6d736100;

/** Reads the outline of `wasm`. Throws if it is not one that we can read. */
export function readOutline(wasm: Uint8Array): Outline {
  const cursor = new Cursor(wasm);
  if (cursor.word() !== MAGIC || cursor.word() !== 1) {
    throw new TypeError("Cannot read the module: not WebAssembly, version 1");
  }
  const reader = new Reader();
  while (!cursor.isAtEnd) {
    const id = cursor.byte();
    const size = cursor.unsigned();
    reader.section(id, cursor.slice(size));
  }
  return reader.outline();
}

class Reader {
  #types: FunctionType[] = [];
  /** Indices into `#types`, imported functions first. */
  #functions: number[] = [];
  #exports: { name: string; kind: ExternKind; index: number }[] = [];
  #imports: Import[] = [];
  #globals: { mutable: boolean }[] = [];
  #data: { active: boolean }[] = [];
  #custom: string[] = [];
  #hasStart = false;
  #bodies = 0;

  section(id: number, cursor: Cursor): void {
    if (id === 0) this.#custom.push(cursor.name());
    else if (id === 1) this.#types = cursor.vector(readFunctionType);
    else if (id === 2) cursor.vector((at) => this.#import(at));
    else if (id === 3) cursor.vector((at) => this.#function(at));
    else if (id === 6) this.#globals = cursor.vector(readGlobal);
    else if (id === 7) this.#exports = cursor.vector(readExport);
    else if (id === 8) this.#hasStart = true;
    else if (id === 11) this.#data = cursor.vector(readData);
  }

  outline(): Outline {
    return {
      imports: this.#imports,
      exports: this.#exports.map((found) => this.#export(found)),
      globals: this.#globals,
      data: this.#data,
      hasStart: this.#hasStart,
      functions: this.#bodies,
      custom: this.#custom,
    };
  }

  #import(cursor: Cursor): void {
    const module = cursor.name();
    const name = cursor.name();
    const kind = readKind(cursor);
    const memory = this.#importType(cursor, kind);
    this.#imports.push({ module, name, kind, ...(memory && { memory }) });
  }

  #importType(cursor: Cursor, kind: ExternKind): MemoryType | undefined {
    if (kind === "function") this.#functions.push(cursor.unsigned());
    else if (kind === "memory") return readLimits(cursor);
    else if (kind === "global") cursor.skip(2);
    else if (kind === "tag") cursor.skip(1), cursor.unsigned();
    else cursor.skip(1), readLimits(cursor);
    return undefined;
  }

  #function(cursor: Cursor): void {
    this.#functions.push(cursor.unsigned());
    this.#bodies++;
  }

  #export(found: { name: string; kind: ExternKind; index: number }): Export {
    const { name, kind, index } = found;
    if (kind !== "function") return { name, kind };
    return { name, kind, type: this.#types[this.#functions[index]!]! };
  }
}

function readKind(cursor: Cursor): ExternKind {
  const byte = cursor.byte();
  const kind = KINDS[byte];
  if (kind === undefined) throw unknown("kind of import or export", byte);
  return kind;
}

function readFunctionType(cursor: Cursor): FunctionType {
  const form = cursor.byte();
  if (form !== 0x60) throw unknown("form of type", form);
  return {
    params: cursor.vector(readValueType),
    results: cursor.vector(readValueType),
  };
}

function readValueType(cursor: Cursor): ValueType {
  const byte = cursor.byte();
  // i32 is 0x7f, and the others follow downwards.
  return VALUES[0x7f - byte] ?? "other";
}

function readLimits(cursor: Cursor): MemoryType {
  const flags = cursor.byte();
  if (flags > 3) throw unknown("limits", flags);
  const initial = cursor.unsigned();
  const maximum = flags & 1 ? cursor.unsigned() : undefined;
  return { shared: (flags & 2) !== 0, initial, maximum };
}

function readGlobal(cursor: Cursor): { mutable: boolean } {
  cursor.skip(1);
  const mutable = cursor.byte() === 1;
  cursor.constant();
  return { mutable };
}

function readExport(cursor: Cursor) {
  const name = cursor.name();
  const kind = readKind(cursor);
  return { name, kind, index: cursor.unsigned() };
}

function readData(cursor: Cursor): { active: boolean } {
  const flags = cursor.unsigned();
  if (flags > 2) throw unknown("data segment", flags);
  if (flags === 2) cursor.unsigned();
  if (flags !== 1) cursor.constant();
  cursor.skip(cursor.unsigned());
  return { active: flags !== 1 };
}

function unknown(what: string, value: number): TypeError {
  return new TypeError(`Cannot read the module: ${what} 0x${hex(value)}`);
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Reads forwards through bytes. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) {
      throw new TypeError("Cannot read the module: it ends too early");
    }
    return byte;
  }

  word(): number {
    const [a, b, c, d] = [this.byte(), this.byte(), this.byte(), this.byte()];
    return a | b << 8 | c << 16 | d << 24;
  }

  /** An unsigned LEB128 number of up to 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  name(): string {
    return new TextDecoder().decode(this.slice(this.unsigned()).#bytes);
  }

  vector<T>(read: (cursor: Cursor) => T): T[] {
    return Array.from({ length: this.unsigned() }, () => read(this));
  }

  slice(size: number): Cursor {
    const start = this.#at;
    this.skip(size);
    return new Cursor(this.#bytes.subarray(start, this.#at));
  }

  skip(size: number): void {
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      throw new TypeError("Cannot read the module: it ends too early");
    }
  }

  /** Skips a constant expression of one instruction, and its `end`. */
  constant(): void {
    const opcode = this.byte();
    if (opcode === 0x43) this.skip(4);
    else if (opcode === 0x44) this.skip(8);
    else if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) this.#leb();
    else throw unknown("constant", opcode);
    const end = this.byte();
    if (end !== 0x0b) throw unknown("constant", end);
  }

  #leb(): void {
    while (this.byte() >= 0x80);
  }
}
