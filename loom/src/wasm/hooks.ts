// The functions of the module "loom" that a rewritten binary imports.

import type { Access } from "./accesses.ts";
import { I32, I64, type Signature } from "./types.ts";

export const HOOK_MODULE = "loom";

/** What each takes: addresses without offsets, and as the last a site. */
const SIGNATURES = {
  i32_load: { params: [I32, I32], results: [I32] },
  i64_load: { params: [I32, I32], results: [I64] },
  i32_store: { params: [I32, I32, I32], results: [] },
  i64_store: { params: [I32, I64, I32], results: [] },
  i32_rmw: { params: [I32, I32, I32], results: [I32] },
  i64_rmw: { params: [I32, I64, I32], results: [I64] },
  i32_cmpxchg: { params: [I32, I32, I32, I32], results: [I32] },
  i64_cmpxchg: { params: [I32, I64, I64, I32], results: [I64] },
  // The third says whether the wait has a timeout.
  wait: { params: [I32, I32, I32, I32], results: [I32] },
  wait64: { params: [I32, I64, I32, I32], results: [I32] },
  notify: { params: [I32, I32, I32], results: [I32] },
  fence: { params: [I32], results: [] },
  // A plain access is about to be made. Returns the address.
  touch: { params: [I32, I32], results: [I32] },
  // A start and a length of bytes that are about to be filled or copied.
  range: { params: [I32, I32, I32], results: [] },
  // Of the memory, in pages, as the binary is to see it.
  size: { params: [], results: [I32] },
  grow: { params: [I32], results: [I32] },
} as const satisfies Record<string, Signature>;

export type Hook = keyof typeof SIGNATURES;

/** In the order in which they are imported. */
export const HOOKS: readonly (readonly [Hook, Signature])[] = Object.entries(
  SIGNATURES,
) as [Hook, Signature][];

const INDICES = new Map(HOOKS.map(([hook], index) => [hook, index]));

/** The index of its function. As nothing else is imported, these come first. */
export function indexOfHook(hook: Hook): number {
  return INDICES.get(hook)!;
}

/** What performs an atomic instruction. */
export function hookOf({ kind, wide }: Access): Hook {
  switch (kind) {
    case "load":
    case "store":
    case "rmw":
    case "cmpxchg":
      return `${wide ? "i64" : "i32"}_${kind}`;
    case "wait":
      return wide ? "wait64" : "wait";
    case "notify":
    case "fence":
      return kind;
    default:
      throw new TypeError(`Not atomic: ${kind}`);
  }
}
