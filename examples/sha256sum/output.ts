// What is written to the standard output: not line by line, and not too late.

import type { Buffer } from "node:buffer";
import process from "node:process";
import { toBytes } from "./files.ts";
import { reason } from "./format.ts";

/** So much is written at once, unless it has waited for long. */
const ENOUGH_BYTES = 16_384;
/** Milliseconds. */
const LONG = 50;

/** The output cannot be written. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  /** Whether it is because nobody reads it any more, as in `… | head`. */
  readonly isClosed: boolean;

  constructor(cause: Error) {
    super(`write error: ${reason(cause)}`, { cause });
    this.isClosed = "code" in cause && cause.code === "EPIPE";
  }
}

/** The standard output. Text has a character for each byte. */
export class Output {
  #waiting = "";
  #written = performance.now();

  constructor() {
    // What goes wrong is the concern of whoever waits for the write.
    process.stdout.on("error", () => {});
  }

  /** Whether it goes where a progress bar goes, too. */
  get isTerminal(): boolean {
    return process.stdout.isTTY === true;
  }

  /** Writes text, now or with what comes next. */
  async write(text: string): Promise<void> {
    this.#waiting += text;
    const isDue = this.#waiting.length >= ENOUGH_BYTES ||
      performance.now() - this.#written >= LONG;
    if (isDue) await this.flush();
  }

  /**
   * Resolves when the output has taken all that was written.
   *
   * @throws {OutputError} If it cannot.
   */
  async flush(): Promise<void> {
    const bytes = toBytes(this.#waiting);
    this.#waiting = "";
    if (bytes.length > 0) await print(bytes);
    this.#written = performance.now();
  }
}

async function print(bytes: Buffer): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(bytes, (error) => error ? reject(error) : resolve());
    });
  } catch (error) {
    throw new OutputError(error as Error);
  }
}
