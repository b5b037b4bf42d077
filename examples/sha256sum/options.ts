// What the arguments say.

import { parseArgs } from "node:util";

export const USAGE = `usage: npm start [-- [DIR] [--workers N] [--json]]

Prints the SHA-256 of every file below DIR, as sha256sum does, and what it took.
Without DIR it is this project's files, but for .git and node_modules.

  --workers N  threads to hash with, 1 to 256; by default as many as run at once
  --json       a line of JSON for each file, and one for the summary
  --help       print this
`;

/** More would not be of use to anybody. */
const MAX_WORKERS = 256;

/** What is to be done. */
export interface Options {
  readonly dir: string | undefined;
  /** As many as run at the same time, if it is undefined. */
  readonly workers: number | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** Arguments that say nothing that can be done. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If there is one that means nothing.
 */
export function readOptions(args: readonly string[]): Options {
  let options: Options = {
    dir: undefined,
    workers: undefined,
    json: false,
    help: false,
  };
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      workers: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
    // The runtimes word their errors each in its own way.
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (options.dir !== undefined) throw new UsageError("more than one DIR");
      options = { ...options, dir: token.value };
    } else if (token.kind === "option") {
      const { name, rawName, value } = token;
      options = { ...options, ...readOption(name, rawName, value) };
    }
  }
  return options;
}

function readOption(
  name: string,
  rawName: string,
  value: string | undefined,
): Partial<Options> {
  switch (name) {
    case "workers":
      return { workers: readCount(rawName, value) };
    case "json":
    case "help":
      if (value === undefined) return { [name]: true };
      throw new UsageError(`${rawName} takes no value: it was given ${value}`);
    default:
      throw new UsageError(`no such option: ${rawName}`);
  }
}

function readCount(rawName: string, value: string | undefined): number {
  const count = /^\d+$/.test(value ?? "") ? Number(value) : NaN;
  if (count >= 1 && count <= MAX_WORKERS) return count;
  throw new UsageError(
    `${rawName} takes a whole number from 1 to ${MAX_WORKERS}: ` +
      `it was given ${value ?? "none"}`,
  );
}
