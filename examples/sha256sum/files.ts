// Lists the files below a directory, in the order of their paths' bytes.
//
// A path is a string with one character for each byte ("latin1"): names need
// not be UTF-8, and comparing two such strings compares their bytes.

import { Buffer } from "node:buffer";
import { lstatSync, readdirSync, statSync } from "node:fs";

/** A file, or something that could not be read. */
export type Found =
  | { readonly path: string; readonly size: number }
  | { readonly path: string; readonly error: unknown };

interface Directory {
  readonly directory: string;
}

/**
 * Finds the regular files below `root`, or `root` itself if it is one. Links
 * are not followed, but for `root`; anything that is no file is passed over.
 *
 * @param root As bytes. What is found starts with it.
 * @param leftOut Names of entries to pass over, wherever they are.
 * @throws {Error} If there is no `root`, or it is neither file nor directory.
 */
export function listFiles(
  root: string,
  leftOut: readonly string[],
): Generator<Found> {
  const stats = statSync(toBytes(root));
  if (stats.isDirectory()) return walk({ directory: root }, leftOut);
  if (stats.isFile()) return walk({ path: root, size: stats.size }, leftOut);
  throw new Error("neither a file nor a directory");
}

function* walk(
  root: Found | Directory,
  leftOut: readonly string[],
): Generator<Found> {
  const stack = [root];
  for (let next; (next = stack.pop()) !== undefined;) {
    if (!("directory" in next)) {
      yield next;
      continue;
    }
    try {
      // One by one: a directory may have more than a call can have arguments.
      for (const entry of readDirectory(next.directory, leftOut)) {
        stack.push(entry);
      }
    } catch (error) {
      yield { path: next.directory, error };
    }
  }
}

/** The bytes of a path. */
export function toBytes(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

/** The path that a string of Unicode means. */
export function fromUnicode(path: string): string {
  return Buffer.from(path).toString("latin1");
}

/** What is in a directory, from the last to the first. */
function readDirectory(
  directory: string,
  leftOut: readonly string[],
): (Found | Directory)[] {
  const prefix = directory.replace(/\/*$/, "/");
  const entries: (Found | Directory)[] = [];
  for (const bytes of readdirSync(toBytes(directory), { encoding: "buffer" })) {
    const name = bytes.toString("latin1");
    if (leftOut.includes(name)) continue;
    const path = prefix + name;
    try {
      const stats = lstatSync(toBytes(path));
      if (stats.isDirectory()) entries.push({ directory: path });
      else if (stats.isFile()) entries.push({ path, size: stats.size });
    } catch (error) {
      entries.push({ path, error: explain(error, name) });
    }
  }
  return entries.sort((a, b) => sortKey(a) < sortKey(b) ? 1 : -1);
}

/** Deno gives names that are not UTF-8 as if they had U+FFFD in them. */
function explain(error: unknown, name: string): unknown {
  if (!name.includes("\xef\xbf\xbd")) return error;
  return new Error("no file of that name: the real one may not be UTF-8");
}

/** Files in a directory `a` come after `a.b`, since "/" comes after ".". */
function sortKey(entry: Found | Directory): string {
  return "directory" in entry ? `${entry.directory}/` : entry.path;
}
