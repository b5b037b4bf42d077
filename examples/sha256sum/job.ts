// The main thread's part: list files, hand them out in batches, print what comes
// back in the files' order.

import process from "node:process";
import type { Pool } from "../../mod.ts";
import type { Found } from "./files.ts";
import { checksumLine, complaint, fileLine, reason } from "./format.ts";
import type { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import type * as tasks from "./tasks.ts";

/** Milliseconds that the listing may take before results are printed. */
const SLICE = 10;
/** Files in a batch, at most: enough that the call itself does not matter. */
const BATCH_FILES = 16;
/** A file as large as this is a batch of its own. */
const LARGE_BYTES = 1024 * 1024;
/** Batches on their way: many, as all wait while the first is a large file. */
const IN_FLIGHT = 1024;

/** Has a pool hash files, and prints the results. */
export class Job {
  readonly #pool: Pool<typeof tasks>;
  readonly #hashedBytes: BigInt64Array;
  readonly #listing: Iterable<Found>;
  readonly #output: Output;
  readonly #isJson: boolean;
  readonly #progress = new Progress(process.stderr);
  /** Handed out, and not printed. */
  readonly #sent: (readonly Found[])[] = [];
  #isListed = false;
  #totalFiles = 0;
  #totalBytes = 0;
  #files = 0;
  #bytes = 0;
  #failures = 0;

  /** @param hashedBytes What the workers count their bytes in. */
  constructor(
    pool: Pool<typeof tasks>,
    hashedBytes: SharedArrayBuffer,
    listing: Iterable<Found>,
    output: Output,
    isJson: boolean,
  ) {
    this.#pool = pool;
    this.#hashedBytes = new BigInt64Array(hashedBytes);
    this.#listing = listing;
    this.#output = output;
    this.#isJson = isJson;
  }

  /** Files that were hashed. */
  get files(): number {
    return this.#files;
  }

  /** Bytes of those. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Files and directories that could not be read. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Runs to the end. Call it once.
   *
   * @throws {OutputError} If the output cannot be written.
   * @throws {unknown} What ended a worker.
   */
  async run(): Promise<void> {
    using _ = this.#progress.follow(() => ({
      files: this.#files,
      bytes: Number(Atomics.load(this.#hashedBytes, 0)),
      totalFiles: this.#totalFiles,
      totalBytes: this.#totalBytes,
      isListed: this.#isListed,
    }));
    const options = { inFlight: IN_FLIGHT };
    const results = this.#pool.map("hash", this.#batches(), options);
    for await (const hashed of results) await this.#print(hashed);
    await this.#output.flush();
  }

  /** The paths of each batch. Lists no faster than they are asked for. */
  async *#batches(): AsyncGenerator<readonly string[]> {
    let batch: Found[] = [];
    let bytes = 0;
    let began = performance.now();
    for (const found of this.#listing) {
      const size = "size" in found ? found.size : 0;
      if (size >= LARGE_BYTES && batch.length > 0) {
        yield this.#send(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(found);
      bytes += size;
      if (batch.length >= BATCH_FILES || bytes >= LARGE_BYTES) {
        yield this.#send(batch);
        [batch, bytes] = [[], 0];
      }
      if (performance.now() < began + SLICE) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      began = performance.now();
    }
    this.#isListed = true;
    if (batch.length > 0) yield this.#send(batch);
  }

  #send(batch: readonly Found[]): readonly string[] {
    this.#sent.push(batch);
    const files = batch.filter((found) => "size" in found);
    this.#totalFiles += files.length;
    for (const { size } of files) this.#totalBytes += size;
    return files.map(({ path }) => path);
  }

  /** Prints a batch: what came of its files, and what is no file. */
  async #print(hashed: readonly tasks.Hashed[]): Promise<void> {
    const results = hashed.values();
    let lines = "";
    for (const found of this.#sent.shift()!) {
      const { path } = found;
      const result = "error" in found
        ? { error: reason(found.error) }
        : results.next().value!;
      if ("error" in result) {
        this.#failures++;
        if (!this.#isJson) this.#complain(path, result.error);
      } else {
        this.#files++;
        this.#bytes += result.bytes;
        if (!this.#isJson) lines += checksumLine(result.digest, path);
      }
      if (this.#isJson) lines += fileLine(path, result);
    }
    if (lines === "") return;
    if (this.#output.isTerminal) this.#progress.clear();
    await this.#output.write(lines);
  }

  #complain(path: string, why: string): void {
    this.#progress.clear();
    process.stderr.write(complaint(path, why));
  }
}
