// Shows figures to a reader: a line a subject, a column a runtime.

import { type Figure, verdict, wantedOf } from "./figures.ts";
import type { Bench, Runner, Wanted } from "./plan.ts";

/** One table for each `bench` in the figures. */
export function tablesOf(
  plan: Bench,
  figures: readonly Figure[],
  runners: readonly Runner[],
): string {
  const tables = Map.groupBy(figures, ({ bench }) => bench);
  return Array.from(tables, ([bench, rows]) => {
    const columns = runners.filter((runner) =>
      rows.some(({ runtime }) => runtime === runner)
    );
    const title = `${bench}: ${plan.question}`;
    const lines = Map.groupBy(rows, (row) => `${row.subject}|${row.unit}`);
    const body = Array.from(lines.values(), (line) => {
      const { subject, unit } = line[0]!;
      const wanted = wantedOf(plan, bench, subject);
      const cells = columns.map((column) => {
        const figure = line.find(({ runtime }) => runtime === column);
        if (figure === undefined) return "–";
        const word = verdict(figure, wanted);
        return round(figure.value) + (word === undefined ? "" : ` ${word}`);
      });
      const note = wanted ? `wanted ${limitOf(wanted)}` : "";
      return [subject, unit, ...cells, note];
    });
    return `${title}\n\n${align([["", "", ...columns, ""], ...body])}\n`;
  }).join("\n");
}

function limitOf({ most, least }: Wanted): string {
  return most === undefined ? `>= ${least}` : `<= ${most}`;
}

/** Three digits that matter. */
function round(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 4);
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  return lines.map((line) =>
    line.map((cell, column) => {
      const isText = column < 2 || column === line.length - 1;
      const width = widths[column]!;
      return isText ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  ).join("\n");
}
