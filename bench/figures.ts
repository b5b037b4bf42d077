// From what the rounds have printed to what is reported: medians, ratios, and
// whether they are as wanted.

import { median } from "./harness.ts";
import type { Bench, Ratio, Runner, Wanted } from "./plan.ts";
import type { RuntimeName } from "../scripts/runtimes.ts";
import type { Sample } from "./rounds.ts";

/** What is reported of one subject. */
export interface Figure {
  readonly bench: string;
  readonly runtime: Runner;
  readonly subject: string;
  readonly unit: string;
  readonly value: number;
  readonly better: "higher" | "lower";
}

/** The medians over the rounds, and after them what compares them. */
export function figuresOf(bench: Bench, samples: readonly Sample[]): Figure[] {
  const rounds = Map.groupBy(samples, keyOf);
  const absolutes = Array.from(rounds.values(), (rows): Figure => {
    const { bench, runtime, subject, unit, better } = rows[0]!;
    const value = median(rows.map((row) => row.value));
    return { bench, runtime, subject, unit, value, better };
  });
  const ratios = absolutes.flatMap((figure) =>
    bench.ratios.flatMap((ratio) => compare(figure, ratio, rounds))
  );
  return [...absolutes, ...ratios];
}

function keyOf(row: { bench: string; runtime: Runner; subject: string }) {
  return `${row.bench}|${row.runtime}|${row.subject}`;
}

/** The median over the rounds of the ratio within a round. */
function compare(
  figure: Figure,
  ratio: Ratio,
  rounds: Map<string, Sample[]>,
): Figure[] {
  const { bench, subject, better } = figure;
  if (subject !== ratio.of || figure.runtime === "native") return [];
  if (ratio.bench && !ratio.bench.includes(bench)) return [];
  const runtime = ratio.native ? "native" : figure.runtime;
  const base = rounds.get(keyOf({ bench, runtime, subject: ratio.to }));
  if (base === undefined) return [];
  const values = rounds.get(keyOf(figure))!.flatMap((row) => {
    const other = base.find(({ round }) => round === row.round);
    if (other === undefined) return [];
    return ratio.minus ? row.value - other.value : row.value / other.value;
  });
  if (values.length === 0) return [];
  return [{
    bench,
    runtime: figure.runtime,
    subject: nameOf(ratio),
    unit: ratio.minus ? figure.unit : "ratio",
    value: median(values),
    better,
  }];
}

/** The subject of a ratio's row. */
export function nameOf({ of, to, native, minus }: Ratio): string {
  return `${of} ${minus ? "-" : "/"} ${native ? `native ${to}` : to}`;
}

/** What is wanted of a subject; nothing if it is only reported. */
export function wantedOf(
  plan: Bench,
  bench: string,
  subject: string,
): Wanted | undefined {
  const ratio = plan.ratios.find((ratio) =>
    nameOf(ratio) === subject && (ratio.bench?.includes(bench) ?? true)
  );
  const limit = plan.limits?.find((limit) => limit.subject === subject);
  const wanted = ratio?.wanted ?? limit?.wanted;
  if (wanted?.bench && !wanted.bench.includes(bench)) return undefined;
  return wanted;
}

/** Whether a figure is as wanted; nothing if that is not asked there. */
export function verdict(
  { runtime, value }: Figure,
  wanted: Wanted | undefined,
): "met" | "missed" | undefined {
  if (wanted === undefined || runtime === "native") return undefined;
  if (wanted.on && !wanted.on.includes(runtime as RuntimeName)) {
    return undefined;
  }
  const { most = Infinity, least = -Infinity } = wanted;
  return value <= most && value >= least ? "met" : "missed";
}
