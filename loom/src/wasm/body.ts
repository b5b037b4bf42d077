// Rewrites the body of one function, instruction by instruction. The operands
// of an access are on the stack already: what is added takes them from there.

import { type Access, atomicOf, plainOf } from "./accesses.ts";
import { hex, refuse } from "./errors.ts";
import { type Hook, hookOf, HOOKS, indexOfHook } from "./hooks.ts";
import {
  ATOMIC,
  BULK,
  CALL,
  I32_CONST,
  I64_CONST,
  I64_GE_S,
  MEMORY_COPY,
  MEMORY_FILL,
  MEMORY_GROW,
  MEMORY_SIZE,
  readBulk,
  readMemoryArgument,
  REF_FUNC,
  skipImmediates,
} from "./opcodes.ts";
import type { Reader } from "./reader.ts";
import type { Wrappers } from "./wrappers.ts";
import { Writer } from "./writer.ts";

/** Notes an access down, and returns the number of its site. */
export type AddSite = (access: Access, pc: number, offset: number) => number;

const FILL: Access = {
  kind: "fill",
  op: "memory.fill",
  bytes: 0,
  wide: false,
};
const COPY_TO: Access = { ...FILL, kind: "copy", op: "memory.copy (to)" };
const COPY_FROM: Access = { ...COPY_TO, op: "memory.copy (from)" };

/** Rewrites one body. */
export class BodyRewriter {
  readonly #reader: Reader;
  readonly #wrappers: Wrappers;
  readonly #addSite: AddSite;
  readonly #writer = new Writer();

  constructor(reader: Reader, wrappers: Wrappers, addSite: AddSite) {
    this.#reader = reader;
    this.#wrappers = wrappers;
    this.#addSite = addSite;
  }

  /** @returns The new body, without its size. */
  rewrite(): readonly number[] {
    this.#locals();
    while (!this.#reader.isAtEnd) this.#instruction();
    return this.#writer.bytes;
  }

  #locals(): void {
    const reader = this.#reader;
    const start = reader.position;
    for (let groups = reader.u32(); groups > 0; groups--) {
      reader.u32();
      reader.valueType();
    }
    this.#writer.copy(reader, start);
  }

  #instruction(): void {
    const pc = this.#reader.position;
    const opcode = this.#reader.byte();
    switch (opcode) {
      case CALL:
      case REF_FUNC:
        this.#writer.byte(opcode).u32(this.#reader.u32() + HOOKS.length);
        return;
      case MEMORY_SIZE:
      case MEMORY_GROW:
        this.#reader.memoryIndex();
        this.#call(opcode === MEMORY_SIZE ? "size" : "grow");
        return;
      case BULK:
        this.#bulk(pc);
        return;
      case ATOMIC:
        this.#atomic(pc);
        return;
      default:
        this.#other(opcode, pc);
    }
  }

  #other(opcode: number, pc: number): void {
    const access = plainOf(opcode);
    if (access) {
      this.#plain(opcode, access, pc);
    } else {
      skipImmediates(opcode, this.#reader);
      this.#writer.copy(this.#reader, pc);
    }
  }

  #plain(opcode: number, access: Access, pc: number): void {
    const argument = readMemoryArgument(this.#reader);
    this.#site(access, pc, argument.offset);
    if (access.kind === "plain load") {
      this.#call("touch");
      this.#writer.copy(this.#reader, pc);
    } else {
      this.#callIndex(this.#wrappers.store(opcode, argument));
    }
  }

  #bulk(pc: number): void {
    switch (readBulk(this.#reader)) {
      case MEMORY_FILL:
        this.#site(FILL, pc, 0);
        this.#callIndex(this.#wrappers.fill());
        return;
      case MEMORY_COPY:
        this.#site(COPY_TO, pc, 0);
        // The wrapper takes the first of the two, and adds 1.
        this.#addSite(COPY_FROM, pc, 0);
        this.#callIndex(this.#wrappers.copy());
        return;
      default:
        this.#writer.copy(this.#reader, pc);
    }
  }

  #atomic(pc: number): void {
    const opcode = this.#reader.u32();
    const access = atomicOf(opcode);
    if (!access) refuse(`Opcode 0xfe ${hex(opcode)}`, pc);
    const offset = access.kind === "fence" ? this.#ordering() : this.#offset();
    if (access.kind === "wait") {
      // The timeout becomes whether there is one.
      this.#writer.byte(I64_CONST).positive(0).byte(I64_GE_S);
    }
    this.#site(access, pc, offset);
    this.#call(hookOf(access));
  }

  #offset(): number {
    return readMemoryArgument(this.#reader).offset;
  }

  /** A fence has no offset, but the byte of an ordering: 0 is the only one. */
  #ordering(): 0 {
    const ordering = this.#reader.byte();
    if (ordering === 0) return 0;
    return refuse(`The ordering ${hex(ordering)}`, this.#reader.position - 1);
  }

  #site(access: Access, pc: number, offset: number): void {
    const id = this.#addSite(access, pc, offset);
    this.#writer.byte(I32_CONST).positive(id);
  }

  #call(hook: Hook): void {
    this.#callIndex(indexOfHook(hook));
  }

  #callIndex(index: number): void {
    this.#writer.byte(CALL).u32(index);
  }
}
