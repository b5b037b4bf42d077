// What a file descriptor is ready for, and what one can wait for.

import { checkObject } from "../arguments.ts";
import {
  ERROR,
  PRIORITY,
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../core/core.generated.ts";
import { ArgumentRangeError, ArgumentTypeError } from "../errors.ts";

/** What is to be known of a file descriptor. One at least. */
export interface Interest {
  /** Whether there is something to read, or nothing will come any more. */
  readonly read?: boolean;
  /** Whether there is room to write, or nobody reads any more. */
  readonly write?: boolean;
  /** Whether there is something urgent, such as out-of-band data. */
  readonly priority?: boolean;
  /** Whether there is an error. */
  readonly error?: boolean;
}

/** In the order of the core's ways to wait: bit n is the way n. */
const NAMES: readonly Way[] = ["read", "write", "priority", "error"];

/** What one waits for. */
export type Way = keyof Interest;

/** The core's number for it. */
export function wayOf(way: Way): number {
  return NAMES.indexOf(way);
}

/** In the order of the ways: what ends each wait. Tokio's `Interest::mask()`. */
const MASKS = [
  READABLE | READ_CLOSED,
  WRITABLE | WRITE_CLOSED,
  PRIORITY | READ_CLOSED,
  ERROR,
] as const;

/** What ends a wait in this way. */
export function maskOf(way: number): number {
  return MASKS[way]!;
}

/** An interest as bits. */
export function checkInterest(action: string, interest: Interest): number {
  checkObject(action, "interest", interest);
  let bits = 0;
  NAMES.forEach((name, way) => {
    const value = interest[name];
    if (value === undefined || value === false) return;
    if (value !== true) {
      throw new ArgumentTypeError(
        `Cannot ${action} as ${name} must be a boolean: current value is ` +
          typeof value,
      );
    }
    bits |= 1 << way;
  });
  if (bits !== 0) return bits;
  throw new ArgumentRangeError(
    `Cannot ${action} as nothing is asked for: set one of ${NAMES.join(", ")}`,
  );
}

/** The bits of a word of the core's that say what is ready. */
const BITS = 0xffff;

/** What a file descriptor was ready for, when somebody looked. */
export class Ready {
  /** As the core has it: with the turn of the driver that said so. */
  readonly #word: number;

  /**
   * Constructs it. Use what a wait returns.
   *
   * @param word As the core has it.
   */
  constructor(word: number) {
    this.#word = word;
  }

  /**
   * What of it ends a wait in this way; undefined if nothing does. Whoever clears
   * that takes nothing from those who wait in another way.
   */
  static inWay(word: number, way: number): Ready | undefined {
    const bits = word & maskOf(way);
    return bits === 0 ? undefined : new Ready((word & ~BITS) | bits);
  }

  /** The core's word. */
  static wordOf(ready: Ready): number {
    return ready.#word;
  }

  /** There is something to read. */
  get isReadable(): boolean {
    return (this.#word & READABLE) !== 0;
  }

  /** There is room to write. */
  get isWritable(): boolean {
    return (this.#word & WRITABLE) !== 0;
  }

  /** Nothing will come any more, but what is there to read. */
  get isReadClosed(): boolean {
    return (this.#word & READ_CLOSED) !== 0;
  }

  /** Nobody reads any more. */
  get isWriteClosed(): boolean {
    return (this.#word & WRITE_CLOSED) !== 0;
  }

  /** There is something urgent. */
  get isPriority(): boolean {
    return (this.#word & PRIORITY) !== 0;
  }

  /** There is an error. */
  get isError(): boolean {
    return (this.#word & ERROR) !== 0;
  }
}
