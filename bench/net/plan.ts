// The net benches: what each runs, for how long at most, and what is compared.

import type { Part, Ratio, SubjectBench, Wanted } from "../plan.ts";
import type { Form, Kind } from "./subject.ts";
import { EPOLL, NATIVES, SUBJECTS, TOKIO } from "./subjects.ts";

/** A bench of SUBJECTS. */
export interface NetBench extends SubjectBench {
  readonly name: keyof typeof SUBJECTS;
}

/** What most benches are about; there once it is in SUBJECTS. */
const LAYBY = "layby";

const CORES: Readonly<Record<string, { readonly cores?: string }>> = {
  one_core: { cores: "0" },
  two_cores: { cores: "0,1" },
  unpinned: {},
};

/** A part for each of these, in each placement. */
function placed(
  name: string,
  kinds: readonly (Form | Kind)[],
  placements: readonly string[],
): Part[] {
  return kinds.flatMap((kind) =>
    placements.map((placement): Part => ({
      bench: `${name}_${kind}_${placement}`,
      args: [kind, placement],
      ...CORES[placement],
    }))
  );
}

const WAKES = placed(
  "driver_wake",
  ["two_owners", "one_owner"],
  ["one_core", "two_cores", "unpinned"],
);
const ECHOES = placed("echo", ["unix", "tcp"], ["one_core", "unpinned"]);

const PINNED = WAKES.filter(({ cores }) => cores).map(({ bench }) => bench);

function pinned(wanted: Wanted): Wanted {
  return { ...wanted, bench: PINNED };
}

/** Each of these, compared with each of those. */
function against(
  of: readonly string[],
  to: readonly string[],
  native?: true,
): Ratio[] {
  return of.flatMap((one) =>
    to.filter((other) => native || other !== one)
      .map((other): Ratio => ({ of: one, to: other, ...native && { native } }))
  );
}

/** A bench of which SUBJECTS and NATIVES have the subjects. */
function bench(
  name: NetBench["name"],
  question: string,
  details: Pick<NetBench, "rounds" | "limit" | "parts" | "ratios">,
): NetBench {
  const subjects = [...Object.keys(SUBJECTS[name]), ...NATIVES[name]];
  return { name, question, subjects, ...details };
}

const HELLOS = Object.keys(SUBJECTS.http_hello);
const HOLDERS = Object.keys(SUBJECTS.idle_connections);

/** All of them, in the order in which they run. */
export const NET_BENCHES: readonly NetBench[] = [
  bench("driver_wake", "a round trip of wakes, where a driver is slept in", {
    rounds: 5,
    limit: 20_000,
    parts: WAKES,
    ratios: [
      { of: LAYBY, to: "ffi", wanted: pinned({ most: 1.3 }) },
      { of: LAYBY, to: EPOLL, native: true, wanted: pinned({ most: 2 }) },
      { of: "ffi", to: EPOLL, native: true },
    ],
  }),
  bench("echo", "a round trip of 64 bytes between two threads", {
    rounds: 5,
    limit: 20_000,
    parts: ECHOES,
    ratios: [
      ...against([LAYBY], ["ffi", "node:net"]),
      ...against([LAYBY, "ffi", "node:net"], [EPOLL], true),
      ...against([LAYBY, "node:net"], [TOKIO], true),
    ],
  }),
  bench("http_hello", "a server that says hello, on 32 connections", {
    rounds: 5,
    limit: 20_000,
    parts: [{ bench: "http_hello", args: [] }],
    ratios: [
      ...against([LAYBY], HELLOS),
      ...against([...new Set([LAYBY, ...HELLOS])], [TOKIO], true),
    ],
  }),
  bench("idle_connections", "1,000 connections at rest: CPU, of one core", {
    rounds: 3,
    limit: 40_000,
    parts: [{ bench: "idle_connections", args: [] }],
    ratios: [...new Set([LAYBY, ...HOLDERS])].map((of): Ratio => ({
      of,
      to: `${of}, none`,
      minus: true,
      ...(of === LAYBY ? { wanted: { most: 0.02 } } : {}),
    })),
  }),
];
