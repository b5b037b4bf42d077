// What every bench needs: medians, contenders that take turns, and rows to
// print.

/** One figure, as a bench prints it: `bench/main.ts` adds the runtime. */
export interface Row {
  readonly bench: string;
  readonly subject: string;
  readonly unit: string;
  readonly value: number;
  readonly better: "higher" | "lower";
}

/** One of several ways to do the same. */
export interface Contender {
  readonly subject: string;
  /**
   * Does it `count` times. Returns how many milliseconds that took, if it times
   * itself.
   */
  readonly run: (count: number) => void | number | Promise<void>;
}

/** How long contenders run. */
export interface Turns {
  /** Batches of each contender that count. */
  readonly batches: number;
  /** Milliseconds that a batch takes, about. */
  readonly batch: number;
  /** Milliseconds to warm each contender up, at least. */
  readonly warmUp: number;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half]!;
  return (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The value that `share` of the values are not above. Sorts them. */
export function quantile(values: Float64Array, share: number): number {
  values.sort();
  return values[
    Math.min(Math.floor(values.length * share), values.length - 1)
  ]!;
}

/**
 * Runs the contenders by turns, a batch each.
 *
 * @returns For each, the median over its batches of the milliseconds that one
 * of `count` takes.
 */
export async function interleave(
  contenders: readonly Contender[],
  turns: Turns,
): Promise<number[]> {
  const counts: number[] = [];
  for (const contender of contenders) counts.push(await size(contender, turns));
  const times: number[][] = contenders.map(() => []);
  for (let batch = 0; batch < turns.batches; batch++) {
    for (const [index, contender] of contenders.entries()) {
      const count = counts[index]!;
      times[index]!.push(await time(contender, count) / count);
    }
  }
  return times.map(median);
}

/** Warms a contender up. Returns how often it runs in a batch. */
async function size(contender: Contender, turns: Turns): Promise<number> {
  const end = performance.now() + turns.warmUp;
  let count = 1;
  for (;;) {
    const taken = await time(contender, count);
    if (taken < turns.batch / 2) count *= 2;
    else if (performance.now() >= end) {
      return Math.max(1, Math.round(count * turns.batch / taken));
    }
  }
}

async function time({ run }: Contender, count: number): Promise<number> {
  const start = performance.now();
  const done = run(count);
  if (typeof done === "number") return done;
  // No turn of the event loop, unless the contender takes one itself.
  if (done) await done;
  return performance.now() - start;
}

/** Throws if contenders that are to do the same do not. */
export function checkEqual(results: Readonly<Record<string, unknown>>): void {
  const [first, ...others] = Object.entries(results);
  for (const [subject, result] of others) {
    const [one, other] = [JSON.stringify(first![1]), JSON.stringify(result)];
    if (one === other) continue;
    throw new Error(`${first![0]} got ${one}, and ${subject} got ${other}`);
  }
}

/** A row of a figure of which less is better. */
export function lower(
  bench: string,
  subject: string,
  unit: string,
  value: number,
): Row {
  return { bench, subject, unit, value, better: "lower" };
}

/** Prints rows, one line of JSON each, at once. */
export function emit(rows: readonly Row[]): void {
  console.log(rows.map((row) => JSON.stringify(row)).join("\n"));
}
