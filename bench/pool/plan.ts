// The pool benches: what each runs, for how long at most, and what is compared.

import type { Limit, Part, Ratio, SubjectBench, Wanted } from "../plan.ts";
import { MOVED, NO_POOL, POOLS, PROMISES, TOKIO } from "./subjects.ts";

/** The arguments of its parts are the number of workers. */
export type PoolBench = SubjectBench;

/** A row of its own: the best of the pools that others have written. */
export const BEST_PEER = "best peer";

const ONE_CORE = "0";

/** What is wanted of the quotient of layby and a subject. */
interface Goal {
  readonly to: string;
  readonly wanted: Wanted;
  /** In these rows. In all, if not given. */
  readonly rows?: readonly string[];
}

const RIVALS: readonly Pick<Ratio, "of" | "to" | "native">[] = [
  { of: "layby", to: "raw" },
  { of: "layby", to: BEST_PEER },
  { of: "layby", to: "piscina-sync" },
  { of: "layby", to: "knitting" },
  { of: "layby", to: TOKIO, native: true },
  { of: BEST_PEER, to: "raw" },
  { of: BEST_PEER, to: TOKIO, native: true },
];

/** What is compared in each bench of speed, with what is wanted in this one. */
function rivals(...goals: readonly Goal[]): Ratio[] {
  return RIVALS.flatMap((rival): Ratio[] => {
    const mine = goals.filter(({ to }) =>
      rival.of === "layby" && rival.to === to
    );
    return mine.length === 0 ? [rival] : mine.map(({ wanted, rows }) => ({
      ...rival,
      wanted,
      ...(rows ? { bench: rows } : {}),
    }));
  });
}

/** What pools add to a process that has none. */
const ADDED: readonly Ratio[] = POOLS.map((of) => ({
  of,
  to: NO_POOL,
  minus: true,
}));

/** The same, with what is wanted of layby. */
const ADDED_CPU: readonly Ratio[] = ADDED.map((ratio) =>
  ratio.of === "layby" ? { ...ratio, wanted: { most: 0.02 } } : ratio
);

interface Details {
  readonly rounds: number;
  /** Seconds. */
  readonly limit: number;
  readonly parts: readonly Part[];
  readonly ratios?: readonly Ratio[];
  readonly limits?: readonly Limit[];
  readonly subjects?: readonly string[];
}

function bench(name: string, question: string, details: Details): PoolBench {
  return {
    name,
    question,
    ratios: rivals(),
    subjects: POOLS,
    ...details,
    limit: details.limit * 1e3,
  };
}

/** A part for each number of workers, named after it. */
function sized(
  name: string,
  sizes: readonly number[],
  native = false,
): Part[] {
  return sizes.map((size) => ({
    bench: `${name}_${size}`,
    args: [`${size}`],
    ...(native ? { native: [`${size}`] } : {}),
  }));
}

/** A part with so many workers. */
function only(
  name: string,
  workers: number,
  native = false,
  place: { readonly cores?: string } = {},
): Part {
  const args = [`${workers}`];
  return { bench: name, args, ...(native ? { native: args } : {}), ...place };
}

/** All of them, in the order in which they run. */
export const POOL_BENCHES: readonly PoolBench[] = [
  bench("hot_call", "one tiny call after the other, 1 worker", {
    rounds: 5,
    limit: 20,
    parts: [
      only("hot_call", 1, true),
      only("hot_call_one_core", 1, true, { cores: ONE_CORE }),
    ],
    ratios: rivals(
      { to: "raw", rows: ["hot_call_p50"], wanted: { most: 0.1 } },
      { to: "raw", rows: ["hot_call_one_core_p50"], wanted: { most: 0.5 } },
      { to: "knitting", rows: ["hot_call_p50"], wanted: { most: 0.3 } },
    ),
    limits: [
      { subject: "layby", wanted: { most: 1, bench: ["hot_call_p50"] } },
    ],
  }),
  bench("batch100", "100 tiny calls at the same time, 1 worker", {
    rounds: 5,
    limit: 20,
    parts: [only("batch100", 1, true)],
    ratios: rivals(
      { to: "piscina-sync", wanted: { most: 0.05 } },
      { to: "knitting", wanted: { most: 0.7 } },
    ),
  }),
  bench("parked_call", "a call after 60 ms without any, 1 worker", {
    rounds: 3,
    limit: 30,
    parts: [only("parked_call", 1, true)],
    ratios: rivals(
      { to: BEST_PEER, rows: ["parked_call_p50"], wanted: { most: 1 } },
      { to: "knitting", rows: ["parked_call_p50"], wanted: { most: 0.1 } },
    ),
  }),
  bench("busy5_overhead", "a task of 5 ms: what is above that, 1 worker", {
    rounds: 5,
    limit: 20,
    parts: [only("busy5_overhead", 1, true)],
    ratios: rivals({ to: "raw", wanted: { most: 1 } }),
    limits: [{ subject: "layby", wanted: { most: 300 } }],
  }),
  bench("idle_cpu", "workers at rest: CPU, of one core", {
    rounds: 3,
    limit: 30,
    parts: sized("idle_cpu", [1, 2, 4, 8]),
    ratios: ADDED_CPU,
    subjects: [...POOLS, NO_POOL],
  }),
  bench("throughput", "200,000 tasks that do nothing, submitted at once", {
    rounds: 3,
    limit: 60,
    parts: sized("throughput", [1, 2], true),
    ratios: rivals(
      { to: "piscina-sync", wanted: { least: 40 } },
      { to: TOKIO, wanted: { least: 1 } },
    ).concat(
      { of: "layby", to: PROMISES },
      { of: PROMISES, to: TOKIO, native: true },
    ),
    subjects: [...POOLS, PROMISES],
  }),
  bench("nested", "a tree of tasks, forked by each, or else by the caller", {
    rounds: 3,
    limit: 60,
    parts: [only("nested", 2, true)],
    ratios: rivals(
      { to: "raw", wanted: { least: 20 } },
      { to: TOKIO, wanted: { least: 0.2 } },
    ),
  }),
  bench("payload", "an echo of bytes, or of a tree of objects, 1 worker", {
    rounds: 3,
    limit: 30,
    parts: [only("payload", 1)],
    ratios: rivals(
      { to: BEST_PEER, rows: ["payload_1MiB"], wanted: { most: 1 } },
    ).concat({ of: MOVED, to: "multithreading" }),
    subjects: [...POOLS, MOVED],
  }),
  bench("startup", "from the start of a pool to its first answer, 1 worker", {
    rounds: 7,
    limit: 20,
    parts: [only("startup", 1, true)],
  }),
  bench("rss", "resident memory of the process", {
    rounds: 3,
    limit: 20,
    parts: sized("rss", [1, 4]),
    ratios: ADDED,
    subjects: [...POOLS, NO_POOL],
  }),
  bench("scaling", "64 tasks of about 5 ms", {
    rounds: 3,
    limit: 40,
    parts: sized("scaling", [1, 2, 4, 8, 16]),
  }),
];
