// Checks that assembly/ has no decorator that `deno fmt` would delete: it drops
// those on functions, variables and constants at the top level, and says nothing.
// On classes and their members they survive.

import { type Problem, readSources, report } from "./problems.ts";
import { layers, lineAt, type SourceFile } from "./source.ts";

const DELETED =
  /^@\w+(?:\([^)]*\))?\s+(?:@\w+(?:\([^)]*\))?\s+)*(?:export\s+)?(?:declare\s+)?(?:function|const|let|var|enum|namespace)\b/gm;

/** Checks one source. */
export function checkDecorators({ path, text }: SourceFile): Problem[] {
  const { code } = layers(text);
  return Array.from(code.matchAll(DELETED), ({ 0: found, index }) => ({
    path,
    line: lineAt(text, index),
    message: `${/^@\w+/.exec(found)![0]}: \`deno fmt\` would delete it`,
  }));
}

async function main(): Promise<void> {
  const sources = await readSources("assembly");
  report(sources.flatMap(checkDecorators));
}

if (import.meta.main) await main();
