// One memory for all threads: unshared, since the checker runs one thread at a
// time, and therefore fast.

import {
  ADD,
  AND,
  OR,
  PLAIN_STORE,
  STORE,
  SUB,
  XCHG,
  XOR,
} from "./operation.ts";

const PAGE = 65_536;

/** The memory of the program, and behind it one stack for each thread. */
export class Memory {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  /** Bytes that the program may use by now. It can ask for more. */
  size: number;
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #longs: BigInt64Array;
  readonly #initial: number;
  readonly #limit: number;
  readonly #stackBytes: number;
  /**
   * Words that any execution has written since `keep()`. All others are what
   * they were then: so it is these that resets, copies and hashes are about.
   */
  readonly written: number[] = [];
  readonly #isWritten: Uint8Array;
  #image = new Int32Array(0);

  /**
   * @param initial Pages.
   * @param maximum Pages that the program may grow it to.
   * @param stacks How many threads keep their stacks behind it.
   * @param stackBytes Of each.
   */
  constructor(
    initial: number,
    maximum: number,
    stacks: number,
    stackBytes: number,
  ) {
    this.#initial = initial * PAGE;
    this.#limit = maximum * PAGE;
    this.#stackBytes = stackBytes;
    this.size = this.#initial;
    const extra = Math.ceil(stacks * stackBytes / PAGE);
    this.memory = new WebAssembly.Memory({ initial: maximum + extra });
    const { buffer } = this.memory;
    this.words = new Int32Array(buffer);
    this.#isWritten = new Uint8Array(this.words.length);
    this.#bytes = new Uint8Array(buffer);
    this.#halves = new Uint16Array(buffer);
    this.#longs = new BigInt64Array(buffer);
  }

  /** Where a thread's stack begins, in bytes. */
  stackOf(thread: number): number {
    return this.#limit + thread * this.#stackBytes;
  }

  /** `memory.grow`: pages before, or -1. */
  grow(pages: number): number {
    const before = this.size;
    const after = before + (pages >>> 0) * PAGE;
    if (after > this.#limit) return -1;
    this.size = after;
    return before / PAGE;
  }

  /** Traps unless an atomic access is in bounds and aligned. */
  check(address: number, bytes: number): void {
    if (address + bytes > this.size) {
      throw new WebAssembly.RuntimeError("memory access out of bounds");
    }
    if (address % bytes !== 0) {
      throw new WebAssembly.RuntimeError("unaligned atomic access");
    }
  }

  /** Traps unless a plain access is in bounds. */
  checkRange(address: number, bytes: number): void {
    if (address + bytes > this.size) {
      throw new WebAssembly.RuntimeError("memory access out of bounds");
    }
  }

  /** Notes that a thread is about to write there itself. */
  willWrite(address: number, bytes: number): void {
    const end = (address + bytes - 1) >> 2;
    for (let word = address >> 2; word <= end; word++) {
      if (this.#isWritten[word] !== 0) continue;
      this.#isWritten[word] = 1;
      this.written.push(word);
    }
  }

  /** Reads a number of up to four bytes; four are signed. */
  read(address: number, bytes: number): number {
    if (bytes === 4) return this.words[address >> 2]!;
    return bytes === 2 ? this.#halves[address >> 1]! : this.#bytes[address]!;
  }

  write(address: number, bytes: number, value: number): void {
    this.willWrite(address, bytes);
    if (bytes === 4) this.words[address >> 2] = value;
    else if (bytes === 2) this.#halves[address >> 1] = value;
    else this.#bytes[address] = value;
  }

  readWide(address: number, bytes: number): bigint {
    if (bytes === 8) return this.#longs[address >> 3]!;
    return BigInt.asUintN(8 * bytes, BigInt(this.read(address, bytes)));
  }

  writeWide(address: number, bytes: number, value: bigint): void {
    if (bytes === 8) {
      this.willWrite(address, bytes);
      this.#longs[address >> 3] = value;
    } else this.write(address, bytes, Number(BigInt.asIntN(32, value)));
  }

  /** Loads, stores, and read-modify-writes but for compare-exchange. */
  update(
    code: number,
    address: number,
    bytes: number,
    value: number,
  ): number {
    const before = this.read(address, bytes);
    const after = combine(code, before, value);
    if (after !== undefined) this.write(address, bytes, after);
    return before;
  }

  /** The same of i64. */
  updateWide(
    code: number,
    address: number,
    bytes: number,
    value: bigint,
  ): bigint {
    const before = this.readWide(address, bytes);
    const after = combineWide(code, before, value);
    if (after !== undefined) this.writeWide(address, bytes, after);
    return before;
  }

  /** Keeps what is there, for `reset()`. */
  keep(): void {
    this.#image = this.words.slice(0, this.#limit >> 2);
    this.#isWritten.fill(0);
    this.written.length = 0;
  }

  /** Puts back what was kept. */
  reset(): void {
    const { words, written } = this;
    const image = this.#image;
    this.size = this.#initial;
    for (let index = 0; index < written.length; index++) {
      const word = written[index]!;
      words[word] = image[word]!;
    }
  }

  /** What a word was when `keep()` was called. */
  kept(word: number): number {
    return this.#image[word]!;
  }

  /** A copy of the written words, in their order. */
  save(): Int32Array {
    const { words, written } = this;
    const copy = new Int32Array(written.length);
    for (let index = 0; index < written.length; index++) {
      copy[index] = words[written[index]!]!;
    }
    return copy;
  }

  /** Puts back such a copy; what was written first since then is as kept. */
  restore(copy: Int32Array, size: number): void {
    const { words, written } = this;
    const image = this.#image;
    this.size = size;
    for (let index = 0; index < written.length; index++) {
      const word = written[index]!;
      words[word] = index < copy.length ? copy[index]! : image[word]!;
    }
  }
}

function combine(
  code: number,
  before: number,
  value: number,
): number | undefined {
  switch (code) {
    case STORE:
    case XCHG:
    case PLAIN_STORE:
      return value;
    case ADD:
      return before + value | 0;
    case SUB:
      return before - value | 0;
    case AND:
      return before & value;
    case OR:
      return before | value;
    case XOR:
      return before ^ value;
  }
  return undefined;
}

function combineWide(
  code: number,
  before: bigint,
  value: bigint,
): bigint | undefined {
  switch (code) {
    case STORE:
    case XCHG:
    case PLAIN_STORE:
      return value;
    case ADD:
      return before + value;
    case SUB:
      return before - value;
    case AND:
      return before & value;
    case OR:
      return before | value;
    case XOR:
      return before ^ value;
  }
  return undefined;
}
