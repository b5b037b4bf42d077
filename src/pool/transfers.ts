// Which results a message carries, though bytes in shared memory could: those that
// a task has moved, and copies of large ones.

import { checkObject } from "../arguments.ts";
import { checkTransfer } from "./options.ts";
import { copyOfLarge, type Moved } from "./parcel.ts";

const ACTION = "transfer a result";

/** What the tasks of one worker have moved. */
export class Transfers {
  /** Returned or not: what is nobody's any more goes with its task. */
  readonly #transfers = new WeakMap<object, readonly Transferable[]>();
  readonly #moveLarge: boolean;

  /**
   * @param moveLarge Whether large results go by message. Where a caller that
   * blocks cannot be sent any, they do not.
   */
  constructor(moveLarge: boolean) {
    this.#moveLarge = moveLarge;
  }

  /** See `WorkerContext.transfer()`. */
  note<Value extends object>(
    value: Value,
    transfer: readonly Transferable[],
  ): Value {
    checkObject(ACTION, "value", value);
    checkTransfer(ACTION, transfer);
    this.#transfers.set(value, [...transfer]);
    return value;
  }

  /** What is to go by message of what a task has returned, if anything is. */
  of(value: unknown): Moved | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    const transfer = this.#transfers.get(value);
    if (transfer) {
      this.#transfers.delete(value);
      return { value, transfer };
    }
    return this.#moveLarge ? copyOfLarge(value) : undefined;
  }
}
