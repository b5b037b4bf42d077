// The benches: which programs each runs, what is compared with what, and what
// is wanted.

import type { RuntimeName } from "../scripts/runtimes.ts";

/** Who a row is about. */
export type Runner = RuntimeName | "native";

/** A program to run: once a round for each runtime, or once for native. */
export interface Part {
  /** The value of `bench` in its rows. */
  readonly bench: string;
  /** Arguments of `bench/<name>.ts`, if it has this part. */
  readonly args?: readonly string[];
  /** Arguments of the native program, if it has this part. */
  readonly native?: readonly string[];
  /** Subjects of the native program's row, if not as it says. */
  readonly nativeSubject?: string;
  /** Cores to bind the process to, as `taskset -c` takes them. */
  readonly cores?: string;
  /** Rounds, if fewer than the bench has. */
  readonly rounds?: number;
  /** Runs only there. */
  readonly only?: readonly RuntimeName[];
}

/** Two figures to compare. The rows say which is better. */
export interface Ratio {
  /** In the rows of these parts. All, if not given. */
  readonly bench?: readonly string[];
  readonly of: string;
  /** A subject of the same runtime, or of native. */
  readonly to: string;
  readonly native?: true;
  /** Difference, in place of the quotient. */
  readonly minus?: true;
  readonly wanted?: Wanted;
}

/** A limit to a figure. */
export interface Limit {
  readonly subject: string;
  readonly wanted: Wanted;
}

/** At most so much, or at least. */
export interface Wanted {
  readonly most?: number;
  readonly least?: number;
  /** Where it is wanted. Everywhere, if not given. */
  readonly on?: readonly RuntimeName[];
  /** In the rows of these parts. All, if not given. */
  readonly bench?: readonly string[];
}

/** A bench: what `bench/<name>.ts` measures. */
export interface Bench {
  readonly name: string;
  readonly question: string;
  readonly rounds: number;
  readonly parts: readonly Part[];
  /** Whether to run a round's parts of one runtime at the same time. */
  readonly together?: true;
  /** Whether it needs dist/. */
  readonly dist?: true;
  readonly ratios: readonly Ratio[];
  readonly limits?: readonly Limit[];
}

/** A bench whose parts run once for each subject, in a process of its own. */
export interface SubjectBench extends Bench {
  /** Milliseconds after which a program is taken to hang. */
  readonly limit: number;
  readonly subjects: readonly string[];
}

const V8: readonly RuntimeName[] = ["deno", "node", "node24"];
const NODE: readonly RuntimeName[] = ["node", "node24"];
const BUN: readonly RuntimeName[] = ["bun"];
const ONE_CORE = "0";
const TWO_CORES = "0,1";
const SIZES = [4, 16, 64, 256];

const token: Bench = {
  name: "token",
  question: "unpark + park on one thread, the token there",
  rounds: 5,
  parts: [{ bench: "token", args: [], native: ["token"] }],
  ratios: [
    { of: "layby", to: "js", wanted: { most: 0.6, on: V8 } },
    { of: "layby", to: "futex", native: true, wanted: { most: 2.2 } },
  ],
};

const PINNED = ["pingpong_one_core", "pingpong_two_cores"];

const pingpong: Bench = {
  name: "pingpong",
  question: "a round trip between two threads that block",
  rounds: 5,
  parts: [
    {
      bench: "pingpong_one_core",
      args: ["one_core"],
      native: ["pingpong", "--pin", "one", "--trips", "2000"],
      cores: ONE_CORE,
    },
    {
      bench: "pingpong_two_cores",
      args: ["two_cores"],
      native: ["pingpong", "--pin", "two", "--trips", "1000"],
      cores: TWO_CORES,
    },
    {
      bench: "pingpong_unpinned",
      args: ["unpinned"],
      native: ["pingpong", "--pin", "none", "--trips", "1000"],
    },
  ],
  ratios: [
    { of: "layby", to: "raw", wanted: { most: 1.1, bench: PINNED } },
    { of: "layby", to: "raw wasm" },
    { of: "layby", to: "postMessage" },
    {
      of: "layby",
      to: "futex",
      native: true,
      wanted: { most: 1.4, on: V8, bench: PINNED },
    },
    {
      of: "layby futex",
      to: "futex",
      native: true,
      wanted: { most: 1.5, on: BUN, bench: PINNED },
    },
  ],
};

const asyncPingpong: Bench = {
  name: "async_pingpong",
  question: "a round trip, the caller in its event loop",
  rounds: 5,
  parts: [
    {
      bench: "async_pingpong_one_core",
      args: ["one_core"],
      cores: ONE_CORE,
    },
    { bench: "async_pingpong_unpinned", args: ["unpinned"] },
  ],
  ratios: [
    { of: "layby", to: "postMessage", wanted: { most: 0.7 } },
    { of: "layby futex", to: "postMessage" },
  ],
};

const idle: Bench = {
  name: "idle",
  question: "a process at rest, with 8 workers that wait",
  rounds: 3,
  together: true,
  parts: ["layby", "messages", "no workers"].map((subject) => ({
    bench: "idle",
    args: [subject],
  })),
  ratios: [
    { of: "layby", to: "messages", wanted: { most: 1 } },
    { of: "layby", to: "no workers", minus: true, wanted: { most: 0.02 } },
    { of: "messages", to: "no workers", minus: true },
  ],
};

const timers: Bench = {
  name: "timers",
  question: "100,000 timers, from 4 threads, all fired",
  rounds: 3,
  parts: [{ bench: "timers", args: [] }],
  ratios: [
    { of: "layby CPU", to: "setTimeout CPU", wanted: { most: 0.5 } },
    { of: "layby CPU, claimed before", to: "setTimeout CPU" },
    { of: "layby p99 late", to: "setTimeout p99 late" },
  ],
  limits: [{ subject: "layby early", wanted: { most: 0 } }],
};

const scale: Bench = {
  name: "scale",
  question: "wake one of N parked threads",
  rounds: 3,
  parts: [
    ...placed("scale_one_core", ONE_CORE),
    ...placed("scale_unpinned", undefined),
  ],
  ratios: [
    ...beside("layby", 1.2),
    ...beside("unpark", undefined),
    ...[1, 4, 16, 64].map((size): Ratio => ({
      of: `layby ${size} in turn`,
      to: `futex ${size} in turn`,
      native: true,
    })),
  ],
};

/** One of so many, compared with one alone in the same process. */
function beside(subject: string, wantedAt64: number | undefined): Ratio[] {
  return SIZES.map((size): Ratio => ({
    of: `${subject} ${size}`,
    to: `${subject} 1 beside ${size}`,
    ...(size === 64 && wantedAt64 ? { wanted: { most: wantedAt64 } } : {}),
  }));
}

/** For JavaScript the sizes in one program, and the largest once; for native
 * a program a size. */
function placed(bench: string, cores: string | undefined): Part[] {
  const place = cores === undefined ? {} : { cores };
  return [
    { bench, args: [bench, "4", "16", "64"], ...place },
    { bench, args: [bench, "256"], rounds: 1, ...place },
    ...[1, ...SIZES].map((size): Part => ({
      bench,
      native: ["scale", `${size}`],
      nativeSubject: `futex ${size} in turn`,
      ...place,
    })),
  ];
}

const load: Bench = {
  name: "load",
  question: "from a fresh process to a runtime",
  rounds: 15,
  dist: true,
  parts: [
    { bench: "load", args: ["mod.ts"] },
    { bench: "load", args: ["dist/mod.js"], only: NODE },
    { bench: "load", args: ["loader"], rounds: 5 },
  ],
  ratios: [
    { of: "instantiate, loader", to: "instantiate, WebAssembly" },
    { of: "token, loader", to: "token, WebAssembly" },
  ],
  limits: [
    {
      subject: "import + create, mod.ts",
      wanted: { most: 3, on: ["deno", "bun"] },
    },
    { subject: "import + create, dist/mod.js", wanted: { most: 3 } },
    { subject: "attach, mod.ts", wanted: { most: 1 } },
    { subject: "attach, dist/mod.js", wanted: { most: 1 } },
    { subject: "wasm size", wanted: { most: 6144 } },
  ],
};

const loom: Bench = {
  name: "loom",
  question: "executions that the model checker explores in a second",
  rounds: 1,
  parts: [{ bench: "loom", args: [] }],
  ratios: [],
};

/** All of them, in the order in which they run. */
export const BENCHES: readonly Bench[] = [
  token,
  pingpong,
  asyncPingpong,
  scale,
  timers,
  load,
  idle,
  loom,
];
