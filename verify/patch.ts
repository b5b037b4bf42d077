// Applies unified diffs. A machine that runs the mutants may have neither git
// nor patch, and what does not fit exactly must not be made to fit.

/** A run of lines, and what takes its place. */
interface Hunk {
  before: string[];
  after: string[];
}

/**
 * Applies a diff to the files that it names, and returns what becomes of them,
 * by their paths. What stands before the first `diff` line is for people, and so
 * are the numbers of the lines: a hunk goes where its lines are.
 *
 * @throws {Error} If it is no diff, or a hunk's lines are nowhere in its file, or
 * in several places.
 */
export function applyPatch(
  patch: string,
  read: (path: string) => string,
): Map<string, string> {
  const patched = new Map<string, string>();
  for (const [path, hunks] of new Reader(patch).read()) {
    patched.set(path, hunks.reduce(applyHunk, read(path)));
  }
  return patched;
}

function applyHunk(source: string, { before, after }: Hunk): string {
  const lines = source.split("\n");
  const fits = (line: string, at: number) => lines[at] === line;
  const found = [...lines.keys()]
    .filter((at) => before.every((line, index) => fits(line, at + index)));
  if (found.length !== 1) {
    throw new Error(
      `Cannot apply the patch as these lines are in ${found.length} places:\n` +
        before.join("\n"),
    );
  }
  lines.splice(found[0]!, before.length, ...after);
  return lines.join("\n");
}

class Reader {
  readonly #lines: string[];
  #at = 0;

  constructor(patch: string) {
    this.#lines = patch.replace(/\n$/, "").split("\n");
  }

  /** The hunks of each file. */
  read(): Map<string, Hunk[]> {
    const files = new Map<string, Hunk[]>();
    while (this.#at < this.#lines.length && !this.#sees("diff ")) this.#at++;
    while (this.#at < this.#lines.length) {
      const path = this.#file();
      const hunks: Hunk[] = [];
      while (this.#sees("@@ ")) hunks.push(this.#hunk());
      if (hunks.length === 0 || files.has(path)) throw this.#error();
      files.set(path, hunks);
    }
    if (files.size === 0) throw this.#error();
    return files;
  }

  #sees(start: string): boolean {
    return this.#lines[this.#at]?.startsWith(start) ?? false;
  }

  #error(): Error {
    const line = this.#lines[this.#at] ?? "the end";
    return new Error(`Cannot read the patch at line ${this.#at + 1}: ${line}`);
  }

  /** Reads what comes before the hunks of a file. */
  #file(): string {
    const names = /^diff --git a\/(\S+) b\/\1$/.exec(this.#lines[this.#at]!);
    if (!names) throw this.#error();
    const path = names[1]!;
    this.#at++;
    if (this.#sees("index ")) this.#at++;
    for (const line of [`--- a/${path}`, `+++ b/${path}`]) {
      if (this.#lines[this.#at] !== line) throw this.#error();
      this.#at++;
    }
    return path;
  }

  #hunk(): Hunk {
    const counts = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(
      this.#lines[this.#at]!,
    );
    if (!counts) throw this.#error();
    const before: string[] = [];
    const after: string[] = [];
    const isShort = () =>
      before.length < Number(counts[1] ?? 1) ||
      after.length < Number(counts[2] ?? 1);
    for (this.#at++; isShort(); this.#at++) {
      const line = this.#lines[this.#at] ?? "";
      const text = line.slice(1);
      if (!/^[ +-]/.test(line)) throw this.#error();
      if (line[0] !== "+") before.push(text);
      if (line[0] !== "-") after.push(text);
    }
    return { before, after };
  }
}
