// Where things are in the repository, and what files it has.

import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** The absolute path of `path`, which is given from the repository's root. */
export function inRoot(path: string): string {
  return join(ROOT, path);
}

/** The path from the repository's root, with forward slashes everywhere. */
export function fromRoot(path: string): string {
  return relative(ROOT, path).split(sep).join("/");
}

/** Files below `folder` whose path ends with `suffix`, in a fixed order. */
export function filesBelow(folder: string, suffix: string): string[] {
  return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => fromRoot(join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules/"))
    .sort();
}
