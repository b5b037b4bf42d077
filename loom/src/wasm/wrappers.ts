// The functions that the rewriter adds: each makes one kind of plain access,
// after it told of it. A store's address lies under its value, and out of reach
// of anything but a function that takes both.

import type { AddedTypes } from "./added_types.ts";
import { type Hook, indexOfHook } from "./hooks.ts";
import {
  BULK,
  CALL,
  END,
  I32_CONST,
  LOCAL_GET,
  MEMORY_COPY,
  MEMORY_FILL,
  type MemoryArgument,
} from "./opcodes.ts";
import { F32, F64, I32, I64 } from "./types.ts";
import { Writer } from "./writer.ts";

/** The types of the values of i32.store to i64.store32. */
const STORED = [I32, I64, F32, F64, I32, I32, I64, I64, I64];
const FIRST_STORE = 0x36;
const I32_ADD = 0x6a;

/** The added functions; one for each thing that they do. */
export class Wrappers {
  readonly #first: number;
  readonly #addedTypes: AddedTypes;
  readonly #indices = new Map<string, number>();
  /** Of each function, the type. */
  readonly types: number[] = [];
  /** Of each function, the body, without its size. */
  readonly bodies: number[][] = [];

  /** @param first The index of the first function that is added. */
  constructor(first: number, addedTypes: AddedTypes) {
    this.#first = first;
    this.#addedTypes = addedTypes;
  }

  /** Takes the address, the value and the site of a store. */
  store(opcode: number, { align, offset }: MemoryArgument): number {
    return this.#add(`store ${opcode} ${align} ${offset}`, [
      I32,
      STORED[opcode - FIRST_STORE]!,
      I32,
    ], (body) => {
      get(body, 0, 2);
      call(body, "touch");
      get(body, 1).byte(opcode).u32(align).u32(offset);
    });
  }

  /** Takes start, value, length and site. */
  fill(): number {
    return this.#add("fill", [I32, I32, I32, I32], (body) => {
      get(body, 0, 2, 3);
      call(body, "range");
      get(body, 0, 1, 2).byte(BULK).u32(MEMORY_FILL).byte(0);
    });
  }

  /** Takes destination, source, length, and the first of two sites. */
  copy(): number {
    return this.#add("copy", [I32, I32, I32, I32], (body) => {
      get(body, 0, 2, 3);
      call(body, "range");
      get(body, 1, 2, 3).byte(I32_CONST).positive(1).byte(I32_ADD);
      call(body, "range");
      get(body, 0, 1, 2).byte(BULK).u32(MEMORY_COPY).byte(0).byte(0);
    });
  }

  #add(key: string, params: number[], write: (body: Writer) => void): number {
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const index = this.#first + this.bodies.length;
    const body = new Writer().u32(0); // No locals.
    write(body);
    body.byte(END);
    this.#indices.set(key, index);
    this.types.push(this.#addedTypes.indexOf({ params, results: [] }));
    this.bodies.push(body.bytes);
    return index;
  }
}

function get(body: Writer, ...locals: number[]): Writer {
  for (const local of locals) body.byte(LOCAL_GET).u32(local);
  return body;
}

function call(body: Writer, hook: Hook): void {
  body.byte(CALL).u32(indexOfHook(hook));
}
