// Checks that each atomic operation says what it pairs with.
//
// Above each `atomic.x()` in assembly/ and each `Atomics.x()` in src/ stands a
// comment that names either the reason why order does not matter,
//
//   // Relaxed: a guess, which the exchange below confirms or refutes.
//
// or the ordering that it needs and the edge that it is an end of:
//
//   // Release. Pairs with the exchange in `unpark()` [P1].
//
// An edge has two ends at least, and one row in docs/atomics.md. A row whose
// last column says `host` stands for an edge with one end in a system call, a
// message or the like: then a comment in src/ cites the tag.

import { type Problem, readSource, readSources, report } from "./problems.ts";
import { layers, lineAt, type SourceFile } from "./source.ts";

const LEDGER = "docs/atomics.md";

const TAG = /\[([A-Z]\d+)\]/g;
const RELAXED = /\bRelaxed:\s*\S/;
const SYNCHRONIZES = /\b(?:Acquire|Release|AcqRel|SeqCst)\b/;
const ORDERING = /\b(?:Relaxed|Acquire|Release|AcqRel|SeqCst)\b/;

// The builtins in assembly/, whatever they are a part of; and the calls in src/
// but those that touch no memory.
const OPERATIONS =
  /\batomic\s*\.\s*\w+|\bAtomics\s*\.\s*(?!pause\b|isLockFree\b)\w+(?=\s*(?:\?\.)?\s*\()/g;

/** An atomic operation. */
interface Operation {
  path: string;
  line: number;
  name: string;
  /** The comment above it. */
  comment: Comment | undefined;
}

interface Comment {
  text: string;
  /** Its last line. */
  line: number;
}

/** A row of the ledger. */
interface Row {
  tag: string;
  line: number;
  isHost: boolean;
}

/** Checks sources, those of the core and the facade, against the ledger. */
export function checkAtomics(
  sources: readonly SourceFile[],
  ledger: SourceFile,
): Problem[] {
  const operations = sources.flatMap(findOperations);
  const rows = readRows(ledger.text);
  return [
    ...operations.flatMap(checkOperation),
    ...checkTags(operations, rows),
    ...checkCitations(sources, rows),
    ...checkRows(operations, sources, rows, ledger.path),
  ];
}

function findOperations({ path, text }: SourceFile): Operation[] {
  const { code } = layers(text);
  return Array.from(code.matchAll(OPERATIONS), ({ 0: name, index }) => ({
    path,
    line: lineAt(text, index),
    name,
    comment: commentAbove(text, code, index),
  }));
}

/**
 * The comment above the operation at `offset`: directly above its line, or
 * above an earlier line of the same statement.
 */
function commentAbove(
  text: string,
  code: string,
  offset: number,
): Comment | undefined {
  const lines = text.split("\n");
  const isComment = (line: number) =>
    lines[line - 1]?.trimStart().startsWith("//") ?? false;
  const first = lineAt(text, statementStart(code, offset));
  for (let line = lineAt(text, offset); line >= first; line--) {
    if (!isComment(line - 1)) continue;
    let top = line - 1;
    while (isComment(top - 1)) top--;
    const block = lines.slice(top - 1, line - 1);
    return {
      text: block.map((it) => it.replace(/^\s*\/\/\s?/, "")).join(" "),
      line: line - 1,
    };
  }
  return undefined;
}

/** Where the statement begins that `offset` is in. */
function statementStart(code: string, offset: number): number {
  const open: { bracket: string; start: number }[] = [];
  let start = 0;
  const isInList = () => "([".includes(open.at(-1)?.bracket ?? "{");
  for (let at = 0; at < offset; at++) {
    const char = code[at]!;
    if ("([{".includes(char)) open.push({ bracket: char, start });
    const closed = ")]}".includes(char) ? open.pop() : undefined;
    if (char === "{") start = at + 1;
    else if (char === "}") start = isInList() ? closed?.start ?? 0 : at + 1;
    else if (char === ";" && !isInList()) start = at + 1;
  }
  return start + /^\s*/.exec(code.slice(start))![0].length;
}

function checkOperation({ path, line, name, comment }: Operation): Problem[] {
  const problem = (message: string) => [{ path, line, message }];
  if (comment === undefined) {
    return problem(`${name}: no comment above it says what it pairs with`);
  }
  if (RELAXED.test(comment.text)) return [];
  if (tagsIn(comment.text).length === 0) {
    return problem(`${name}: neither \`Relaxed: <reason>\` nor a tag above it`);
  }
  if (!ORDERING.test(comment.text)) {
    return problem(`${name}: no ordering named above it`);
  }
  return [];
}

/** Tags that an operation is an end of. What is relaxed only mentions them. */
function endsAt({ comment }: Operation): string[] {
  if (comment === undefined) return [];
  const { text } = comment;
  if (RELAXED.test(text) && !SYNCHRONIZES.test(text)) return [];
  return tagsIn(text);
}

/** Each edge that an operation is an end of, with the ends that it has. */
function ends(operations: readonly Operation[]): Map<string, Operation[]> {
  const found = new Map<string, Operation[]>();
  for (const operation of operations) {
    for (const tag of endsAt(operation)) {
      const others = found.get(tag) ?? [];
      // Two operations under one comment are one end.
      const isKnown = others.some((other) => isSameEnd(other, operation));
      found.set(tag, isKnown ? others : [...others, operation]);
    }
  }
  return found;
}

function isSameEnd(one: Operation, other: Operation): boolean {
  return one.path === other.path && one.comment?.line === other.comment?.line;
}

function checkTags(
  operations: readonly Operation[],
  rows: readonly Row[],
): Problem[] {
  return [...ends(operations)].flatMap(([tag, [end, ...others]]) => {
    const isHost = rows.some((row) => row.tag === tag && row.isHost);
    if (end === undefined || others.length > 0 || isHost) return [];
    const { path, line } = end;
    return [{ path, line, message: `[${tag}] has no other end` }];
  });
}

/** Every tag in a comment, whatever stands below it, has a row. */
function checkCitations(
  sources: readonly SourceFile[],
  rows: readonly Row[],
): Problem[] {
  const known = new Set(rows.map(({ tag }) => tag));
  const problems: Problem[] = [];
  for (const { path, text } of sources) {
    for (const { 1: tag, index } of layers(text).comments.matchAll(TAG)) {
      if (known.has(tag!)) continue;
      // Once for each tag is enough.
      known.add(tag!);
      const message = `[${tag}] has no row in ${LEDGER}`;
      problems.push({ path, line: lineAt(text, index), message });
    }
  }
  return problems;
}

function checkRows(
  operations: readonly Operation[],
  sources: readonly SourceFile[],
  rows: readonly Row[],
  path: string,
): Problem[] {
  const used = ends(operations);
  const cited = new Set(
    sources.filter((source) => source.path.startsWith("src/"))
      .flatMap(({ text }) => tagsIn(layers(text).comments)),
  );
  return rows.flatMap(({ tag, line, isHost }, index) => {
    const problem = (message: string) => [{ path, line, message }];
    if (rows.slice(0, index).some((row) => row.tag === tag)) {
      return problem(`[${tag}] has two rows`);
    }
    if (!used.has(tag)) return problem(`[${tag}] is at no operation`);
    if (isHost && !cited.has(tag)) {
      return problem(`[${tag}] is a host's, and no comment in src/ cites it`);
    }
    return [];
  });
}

/** Rows of tables whose first column is a tag. */
function readRows(markdown: string): Row[] {
  return markdown.split("\n").flatMap((text, index) => {
    const cells = text.trim().replace(/^\||\|$/g, "").split("|");
    const tag = /^`?\[([A-Z]\d+)\]`?$/.exec(cells[0]!.trim())?.[1];
    if (tag === undefined || cells.length < 2) return [];
    const last = cells.at(-1)!.replaceAll("`", "").trim();
    return [{ tag, line: index + 1, isHost: last === "host" }];
  });
}

function tagsIn(text: string): string[] {
  return Array.from(text.matchAll(TAG), ([, tag]) => tag!);
}

async function main(): Promise<void> {
  const sources = await readSources("assembly", "src");
  report(checkAtomics(sources, await readSource(LEDGER)));
}

if (import.meta.main) await main();
