// A trace for a reader: threads as columns, time downwards.

import type { Failure, TraceStep } from "../scenario.ts";

/** Characters of a column that is not the last, at most. */
const WIDEST = 44;

/** The picture of a failure, in lines of text. */
export function drawFailure(failure: Failure): string {
  const { kind, message, trace, schedule } = failure;
  return [
    `${kind}: ${message}`,
    "",
    ...drawTrace(trace),
    "",
    `schedule: ${schedule}`,
  ].join("\n");
}

/** One line a step, in the column of its thread, with its place behind it. */
export function drawTrace(trace: readonly TraceStep[]): string[] {
  const threads = [...new Set(trace.map(({ thread }) => thread))];
  const widths = threads.map((thread) =>
    Math.min(
      Math.max(
        thread.length,
        ...trace.map((step) => step.thread === thread ? step.text.length : 0),
      ),
      WIDEST,
    )
  );
  const cells = (of: (column: number) => string) =>
    threads.map((_, column) => of(column).padEnd(widths[column]!)).join(" │ ");
  const digits = `${trace.length}`.length;
  const head = `${"".padStart(digits)}  ${cells((column) => threads[column]!)}`;
  const rule = `${"".padStart(digits)}  ${
    widths.map((width) => "─".repeat(width)).join("─┼─")
  }`;
  const lines = trace.map(({ thread, text, place }, index) => {
    const own = threads.indexOf(thread);
    const row = cells((column) => column === own ? cut(text) : "");
    const step = `${index + 1}`.padStart(digits);
    return `${step}  ${row}${place === undefined ? "" : ` │ ${place}`}`
      .trimEnd();
  });
  return [head.trimEnd(), rule, ...lines];
}

function cut(text: string): string {
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
}
