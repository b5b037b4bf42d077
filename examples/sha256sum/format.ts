// How files, errors and numbers are written out.

import { Buffer } from "node:buffer";

const ESCAPES: Record<string, string> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
};

/**
 * A line of `sha256sum`: a name that has a backslash or a line's end in it is
 * escaped, and the line starts with a backslash then.
 * https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
 *
 * @param path As bytes, and so is the line.
 */
export function checksumLine(digest: string, path: string): string {
  const escaped = path.replace(/[\\\n\r]/g, (char) => ESCAPES[char]!);
  const mark = escaped === path ? "" : "\\";
  return `${mark}${digest}  ${escaped}\n`;
}

/**
 * A line of JSON about a file. A path that is not UTF-8 has U+FFFD in it.
 *
 * @param path As bytes, and so is the line.
 */
export function fileLine(path: string, result: object): string {
  const line = JSON.stringify({ path: toUnicode(path), ...result });
  return `${Buffer.from(line).toString("latin1")}\n`;
}

/** A line that says what is wrong with a file. */
export function complaint(path: string, reason: string): string {
  return `layby: ${printable(path)}: ${reason}\n`;
}

/** Why a call failed, in the system's words, without its code and its path. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : `${error}`;
  // As in "EACCES: permission denied, open '/etc/shadow'".
  return /^[A-Z\d]+: (.+?), \w/.exec(message)?.[1] ?? message;
}

/** A path as Unicode, with nothing in it that a terminal would act on. */
function printable(path: string): string {
  return toUnicode(path).replace(
    /\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function toUnicode(path: string): string {
  return Buffer.from(path, "latin1").toString();
}

/** A count, such as `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A count of something, such as `12,345 files`. */
export function formatNumber(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A time, such as `1.23 ms` or `0.045 ms`. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 0.1 ? 3 : 2)} ms`;
}

/** A number of bytes, such as `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return formatNumber(bytes, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let amount = bytes / 1000;
  while (amount >= 999.95 && units.length > 1) {
    amount /= 1000;
    units.shift();
  }
  return `${amount.toFixed(1)} ${units[0]}`;
}
