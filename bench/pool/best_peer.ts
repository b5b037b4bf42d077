// The best of the pools that others have written, as a subject of its own.

import { median } from "../harness.ts";
import type { Sample } from "../rounds.ts";
import { BEST_PEER } from "./plan.ts";
import { PEERS } from "./subjects.ts";

/**
 * Adds the samples of whichever peer has the best median, once more, as those
 * of the best peer: for each `bench` and runtime another one, perhaps.
 */
export function withBestPeer(samples: readonly Sample[]): Sample[] {
  const rivals = samples.filter(({ subject }) => PEERS.includes(subject));
  const places = Map.groupBy(
    rivals,
    ({ bench, runtime }) => `${bench}|${runtime}`,
  );
  const best = Array.from(places.values(), (rows) => {
    const subjects = Map.groupBy(rows, ({ subject }) => subject);
    return [...subjects.values()].reduce(better);
  });
  const copies = best.flat().map((row) => ({ ...row, subject: BEST_PEER }));
  return [...samples, ...copies];
}

/** The better of two subjects. */
function better(one: Sample[], other: Sample[]): Sample[] {
  const [first, second] = [one, other].map((rows) =>
    median(rows.map(({ value }) => value))
  ) as [number, number];
  const isHigher = one[0]!.better === "higher";
  return (isHigher ? first >= second : first <= second) ? one : other;
}
