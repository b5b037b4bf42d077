// A progress bar, for a terminal only.

import { formatBytes, formatCount } from "./format.ts";

/** How far the job is. */
export interface Standing {
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** Whether the totals are known, rather than still growing. */
  readonly isListed: boolean;
}

/** The part of `process.stderr` that a bar needs. */
interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two drawings. */
const INTERVAL = 100;

/** To open a file takes about as long as to hash so many bytes. */
const OPENING_BYTES = 16_384;

const BAR_COLUMNS = 24;
const ERASE_LINE = "\r\x1b[K";

/** Draws one line, over and over. Does nothing if it is not for a terminal. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #began = performance.now();
  #drawn = -Infinity;
  #isVisible = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws what is read, again and again, until it is disposed of. */
  follow(read: () => Standing): Disposable {
    const timer = this.#terminal.isTTY
      ? setInterval(() => this.draw(read()), INTERVAL)
      : undefined;
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.clear();
      },
    };
  }

  /** Draws the line, unless it was drawn just now and can still be seen. */
  draw(standing: Standing): void {
    if (!this.#terminal.isTTY) return;
    const now = performance.now();
    if (this.#isVisible && now < this.#drawn + INTERVAL) return;
    this.#drawn = now;
    this.#isVisible = true;
    const line = render(standing, now - this.#began);
    const columns = this.#terminal.columns || 80;
    this.#terminal.write(ERASE_LINE + line.slice(0, columns - 1));
  }

  /** Erases the line, so that other text can be written there. */
  clear(): void {
    if (this.#isVisible) this.#terminal.write(ERASE_LINE);
    this.#isVisible = false;
  }
}

function render(standing: Standing, elapsed: number): string {
  const { files, bytes, totalFiles, totalBytes, isListed } = standing;
  const done = bytes + files * OPENING_BYTES;
  const total = totalBytes + totalFiles * OPENING_BYTES;
  const part = total === 0 ? 0 : Math.min(1, done / total);
  const filled = Math.floor(part * BAR_COLUMNS);
  const bar = "#".repeat(filled).padEnd(BAR_COLUMNS, ".");
  const percent = `${Math.floor(100 * part)}`.padStart(3);
  const of = formatCount(totalFiles) + (isListed ? "" : "+");
  const speed = bytes / 1e3 / Math.max(1, elapsed);
  return `[${bar}] ${percent} %  ${formatCount(files)} of ${of} files  ` +
    `${formatBytes(bytes)}  ${speed.toFixed(0)} MB/s`;
}
