// The main thread's loop: list, publish, collect, park.

import process from "node:process";
import type { Crew } from "./crew.ts";
import { type Found, toBytes } from "./files.ts";
import { checksumLine, complaint, reason } from "./format.ts";
import { Progress } from "./progress.ts";
import { MAX_PATH_BYTES, type WorkArea } from "./work_area.ts";

/** Milliseconds that the listing may take before results are printed. */
const SLICE = 10;

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

/** Has a crew hash files, and prints the results in the files' order. */
export class Job {
  readonly #crew: Crew;
  readonly #area: WorkArea;
  readonly #listing: Iterator<Found>;
  readonly #progress = new Progress(process.stderr);
  /** The paths of all files listed. The area has room for some at a time. */
  readonly #paths: string[] = [];
  #isListed = false;
  #published = 0;
  #totalBytes = 0;
  #files = 0;
  #failures = 0;

  constructor(crew: Crew, area: WorkArea, listing: Iterator<Found>) {
    this.#crew = crew;
    this.#area = area;
    this.#listing = listing;
    // What goes wrong is the concern of whoever waits for the write.
    process.stdout.on("error", () => {});
  }

  /** Files that were hashed. */
  get files(): number {
    return this.#files;
  }

  /** Files and directories that could not be read. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Runs to the end. Call it once.
   *
   * @throws {OutputError} If the output cannot be written.
   * @throws {unknown} What a worker threw.
   */
  async run(): Promise<void> {
    try {
      while (!this.#isListed || this.#area.collected < this.#paths.length) {
        this.#draw();
        if (this.#isListed) await this.#crew.wait(this.#progress.due);
        else this.#list();
        await this.#collect();
        this.#publish();
      }
    } finally {
      this.#progress.clear();
    }
  }

  #draw(): void {
    this.#progress.draw({
      files: this.#area.collected,
      bytes: this.#area.bytes,
      totalFiles: this.#paths.length,
      totalBytes: this.#totalBytes,
      isListed: this.#isListed,
    });
  }

  #list(): void {
    const end = performance.now() + SLICE;
    while (performance.now() < end) {
      const { done, value } = this.#listing.next();
      if (done) {
        this.#isListed = true;
        return;
      }
      if ("error" in value) {
        this.#fail(value.path, reason(value.error));
      } else if (value.path.length > MAX_PATH_BYTES) {
        this.#fail(value.path, "name too long");
      } else {
        this.#paths.push(value.path);
        this.#totalBytes += value.size;
      }
    }
  }

  /** Publishes what there is room for, and wakes as many workers. */
  #publish(): void {
    const before = this.#published;
    for (; this.#published < this.#paths.length; this.#published++) {
      const path = this.#paths[this.#published]!;
      if (!this.#area.publish(toBytes(path))) break;
    }
    this.#crew.wake(this.#published - before);
  }

  /** Prints the results that are there, up to the first that is not. */
  async #collect(): Promise<void> {
    let lines = "";
    for (;;) {
      const path = this.#paths[this.#area.collected];
      const result = this.#area.collect();
      if (!result) break;
      if ("error" in result) {
        this.#fail(path!, result.error);
      } else {
        this.#files++;
        lines += checksumLine(result.digest, path!);
      }
    }
    if (lines === "") return;
    if (process.stdout.isTTY) this.#progress.clear();
    await print(toBytes(lines));
  }

  #fail(path: string, why: string): void {
    this.#failures++;
    this.#progress.clear();
    process.stderr.write(complaint(path, why));
  }
}

/** Resolves when the output has taken it. */
async function print(bytes: Uint8Array): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(bytes, (error) => error ? reject(error) : resolve());
    });
  } catch (error) {
    throw new OutputError(error as Error);
  }
}
