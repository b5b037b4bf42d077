// Values into records and out of them: numbers as they are, all else as bytes.

import { decode, encode, type ErrorClasses, isByPort } from "../codec/mod.ts";
import type { Serializer } from "../codec/mod.ts";
import { ExhaustedError } from "../errors.ts";
import type { Heap } from "./heap.ts";
import { INLINE_BYTES, MAX_NUMBERS, type Records } from "./record.ts";

/** Arguments that wait for a record: bytes, or numbers, or one number. */
export type Packed = Uint8Array | readonly number[] | number;

/** One thread's way of writing and reading values. */
export class Marshal {
  readonly #records: Records;
  readonly #heap: Heap;
  readonly #serializer: Serializer | undefined;
  readonly #errors: ErrorClasses | undefined;

  constructor(
    records: Records,
    heap: Heap,
    serializer: Serializer | undefined,
    errors?: ErrorClasses,
  ) {
    this.#records = records;
    this.#heap = heap;
    this.#serializer = serializer;
    this.#errors = errors;
  }

  /**
   * Writes arguments into a record.
   *
   * @throws {UncloneableError} If one cannot be sent.
   * @throws {ExhaustedError} If there is no memory for them.
   */
  writeArguments(task: number, values: readonly unknown[]): void {
    if (areNumbers(values)) return this.#records.writeNumbers(task, values);
    let address = 0;
    try {
      const length = encode(values, this.#serializer, (size) => {
        if (size > INLINE_BYTES) address = this.#heap.allocate(size);
        return this.#records.place(task, address, size);
      });
      this.#records.setArguments(task, address, length);
    } catch (error) {
      this.#heap.free(address);
      throw error;
    }
  }

  /** Makes a copy of arguments, to be written later. */
  pack(values: readonly unknown[]): Packed {
    return pack(values, this.#serializer);
  }

  /** Reads what was packed. */
  unpack(packed: Packed): unknown[] {
    return unpack(packed, this.#serializer, this.#errors);
  }

  /** Writes what was packed. */
  writePacked(task: number, packed: Packed): void {
    if (typeof packed === "number") {
      return this.#records.writeNumber(task, packed);
    }
    if (!(packed instanceof Uint8Array)) {
      return this.#records.writeNumbers(task, packed);
    }
    const { length } = packed;
    const address = length > INLINE_BYTES ? this.#heap.allocate(length) : 0;
    const { bytes, at } = this.#records.place(task, address, length);
    bytes.set(packed, at);
    this.#records.setArguments(task, address, length);
  }

  /** Reads the arguments. */
  readArguments(task: number): unknown[] {
    const count = this.#records.countNumbers(task);
    if (count >= 0) {
      return Array.from(
        { length: count },
        (_, place) => this.#records.number(task, place),
      );
    }
    const { bytes, at, length } = this.#records.argumentBytes(task);
    return decode(bytes, at, length, this.#serializer, this.#errors);
  }

  /**
   * Writes a result, or an error.
   *
   * @throws {UncloneableError} If it cannot be sent.
   * @throws {ExhaustedError} If there is no memory for it.
   */
  writeResult(task: number, value: unknown): void {
    if (typeof value === "number") {
      return this.#records.returnNumber(task, value);
    }
    if (value === undefined) return this.#records.returnUndefined(task);
    let address = 0;
    try {
      const length = encode([value], this.#serializer, (size) => {
        if (size > INLINE_BYTES) address = this.#heap.allocate(size);
        return this.#records.place(task, address, size);
      }, "result");
      this.#records.setResult(task, address, length);
    } catch (error) {
      this.#heap.free(address);
      throw error;
    }
  }

  /**
   * Writes what a task threw, or what can be told of it.
   *
   * @throws {ExhaustedError} If there is no memory for it.
   */
  writeError(task: number, error: unknown): void {
    try {
      this.writeResult(task, error);
    } catch (cause) {
      if (cause instanceof ExhaustedError) throw cause;
      this.writeResult(task, unsendable(cause));
    }
  }

  /** An error as bytes, or what can be told of it: for messages. */
  packError(error: unknown): Packed {
    return packError(error, this.#serializer);
  }

  /** What was packed, as it was thrown. */
  unpackError(packed: Packed): unknown {
    return this.unpack(packed)[0];
  }

  /** Reads the result, and gives its bytes back. */
  readResult(task: number): unknown {
    try {
      return this.#records.readResult(task, this.#decode);
    } finally {
      this.#heap.free(this.#records.result(task));
    }
  }

  readonly #decode = (
    { bytes, at }: { readonly bytes: Uint8Array; readonly at: number },
    length: number,
  ): unknown => decode(bytes, at, length, this.#serializer, this.#errors)[0];
}

function pack(
  values: readonly unknown[],
  serializer: Serializer | undefined,
): Packed {
  if (areNumbers(values)) return values.length === 1 ? values[0]! : [...values];
  let bytes = new Uint8Array(0);
  const length = encode(values, serializer, (size) => {
    bytes = new Uint8Array(size);
    return { bytes, at: 0 };
  });
  return bytes.subarray(0, length);
}

/** Reads what was packed: see `Marshal.pack()`. */
export function unpack(
  packed: Packed,
  serializer: Serializer | undefined,
  errors: ErrorClasses | undefined,
): unknown[] {
  if (typeof packed === "number") return [packed];
  if (!(packed instanceof Uint8Array)) return [...packed];
  return decode(packed, 0, packed.length, serializer, errors);
}

/** An error as bytes, or what can be told of it. */
export function packError(
  error: unknown,
  serializer: Serializer | undefined,
): Packed {
  try {
    return pack([error], serializer);
  } catch (cause) {
    return pack([unsendable(cause)], serializer);
  }
}

/** Whether a message may carry a value, though the shared memory does not. */
export function isForMessage(error: unknown): boolean {
  return isByPort(error) || error instanceof ExhaustedError;
}

/** The error for an error that cannot be sent. */
export function unsendable(cause: unknown): Error {
  const { message } = cause as Error;
  return new Error(`Task threw what cannot be sent: ${message}`);
}

/** Whether they fit into the record as they are. */
function areNumbers(values: readonly unknown[]): values is readonly number[] {
  const { length } = values;
  if (length > MAX_NUMBERS) return false;
  for (let place = 0; place < length; place++) {
    if (typeof values[place] !== "number") return false;
  }
  return true;
}
