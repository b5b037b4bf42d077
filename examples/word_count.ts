// The words of many files by their number: a task for each file, whose answer is
// a Map.
//
//   node examples/word_count.ts FILE...
//   bun examples/word_count.ts FILE...
//   deno run -A examples/word_count.ts FILE...

import { readFileSync } from "node:fs";
import process from "node:process";
import { Pool } from "../mod.ts";

/** How many words are printed. */
const TOP = 10;

/** How often each word is in a file. */
export function countWords(path: string): Map<string, number> {
  const counts = new Map<string, number>();
  const text = readFileSync(path, "utf8").toLowerCase();
  for (const [word] of text.matchAll(/\p{L}[\p{L}\p{M}'’]*/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

async function main(paths: readonly string[]): Promise<void> {
  const module = new URL(import.meta.url);
  await using pool = await Pool.start<{ countWords: typeof countWords }>(
    module,
  );
  const total = new Map<string, number>();
  for await (const counts of pool.map("countWords", paths)) {
    for (const [word, count] of counts) {
      total.set(word, (total.get(word) ?? 0) + count);
    }
  }
  const sorted = [...total].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [word, count] of sorted.slice(0, TOP)) {
    console.log(`${`${count}`.padStart(7)} ${word}`);
  }
  console.log(`${paths.length} files have ${total.size} different words`);
}

// Workers import this very module, too.
if (import.meta.main) {
  const paths = process.argv.slice(2);
  try {
    if (paths.length === 0) throw new Error("which files?");
    await main(paths);
  } catch (error) {
    // The first file that cannot be read ends it all, and the pool as well.
    console.error(`word_count: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
