// Copies of values, as a thread would have got them.

import { decode, encode, type ErrorClasses, refusal } from "../codec/mod.ts";
import { isByPort, type Serializer, type Subject } from "../codec/mod.ts";
import { unsendable } from "./marshal.ts";

/** Copies what goes to tasks and what comes from them. */
export class Copies {
  readonly #serializer: Serializer | undefined;
  readonly #errors: ErrorClasses | undefined;

  constructor(
    serializer: Serializer | undefined,
    errors: ErrorClasses | undefined,
  ) {
    this.#serializer = serializer;
    this.#errors = errors;
  }

  /**
   * Copies arguments, or moves them.
   *
   * @throws {UncloneableError} If one cannot be copied.
   */
  ofArguments(
    values: readonly unknown[],
    transfer: readonly Transferable[] | undefined,
  ): readonly unknown[] {
    if (transfer) return clone(values, "argument", transfer);
    return values.some(isObject) ? this.#copy(values, "argument") : [...values];
  }

  /**
   * Copies a result, or moves it.
   *
   * @throws {UncloneableError} If it cannot be copied.
   */
  ofResult(
    value: unknown,
    transfer: readonly Transferable[] | undefined,
  ): unknown {
    if (transfer) return clone([value], "result", transfer)[0];
    return isObject(value) ? this.#copy([value], "result")[0] : value;
  }

  /** Copies what was thrown, or tells of it. */
  ofError(error: unknown): unknown {
    try {
      return this.#recode([error], "result")[0];
    } catch (cause) {
      return unsendable(cause);
    }
  }

  #copy(values: readonly unknown[], subject: Subject): readonly unknown[] {
    try {
      return this.#recode(values, subject);
    } catch (error) {
      if (isByPort(error)) return clone(values, subject, []);
      throw error;
    }
  }

  #recode(values: readonly unknown[], subject: Subject): unknown[] {
    let bytes = new Uint8Array(0);
    const length = encode(values, this.#serializer, (size) => {
      bytes = new Uint8Array(size);
      return { bytes, at: 0 };
    }, subject);
    return decode(bytes, 0, length, this.#serializer, this.#errors);
  }
}

/** Not a primitive that can be shared. Functions and symbols are refused. */
function isObject(value: unknown): boolean {
  switch (typeof value) {
    case "object":
      return value !== null;
    case "function":
    case "symbol":
      return true;
  }
  return false;
}

/** What a message port would make of values. */
function clone(
  values: readonly unknown[],
  subject: Subject,
  transfer: readonly Transferable[],
): readonly unknown[] {
  try {
    return structuredClone(values, { transfer: [...transfer] });
  } catch (cause) {
    throw refusal(values, cause, subject);
  }
}
