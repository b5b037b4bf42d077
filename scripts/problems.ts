// What a check of the sources found, and how it says so.

import { readFile } from "node:fs/promises";
import process from "node:process";
import { filesBelow, inRoot } from "./paths.ts";
import type { SourceFile } from "./source.ts";

/** Something wrong in a file. */
export interface Problem {
  path: string;
  line: number;
  message: string;
}

/** Prints the problems, and has the process fail if there are any. */
export function report(problems: readonly Problem[]): void {
  for (const { path, line, message } of problems) {
    console.error(`${path}:${line}: ${message}`);
  }
  if (problems.length > 0) process.exitCode = 1;
}

/** The TypeScript files below these folders. */
export function readSources(...folders: string[]): Promise<SourceFile[]> {
  const paths = folders.flatMap((folder) => filesBelow(folder, ".ts"));
  return Promise.all(paths.map(readSource));
}

/** One file, empty if it does not exist. */
export async function readSource(path: string): Promise<SourceFile> {
  const text = await readFile(inRoot(path), "utf8").catch(() => "");
  return { path, text };
}
