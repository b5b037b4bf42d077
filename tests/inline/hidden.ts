// A runtime that is told to have no threads, so that pools do without.

import { Pool, type PoolOptions, type TaskSource } from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";

/** Does something where there are no threads. */
export async function withoutThreads<T>(body: () => T): Promise<Awaited<T>> {
  const host = currentHost() as { hasThreads: boolean; missing: string };
  const { hasThreads, missing } = host;
  Object.assign(host, { hasThreads: false, missing: "a test hides them" });
  try {
    return await body();
  } finally {
    Object.assign(host, { hasThreads, missing });
  }
}

/** Starts a pool without threads. */
export function startInline<Tasks>(
  module: URL | string | TaskSource<Tasks>,
  options: PoolOptions = {},
): Promise<Pool<Tasks>> {
  return withoutThreads(() =>
    Pool.start<Tasks>(module, { ...options, fallback: "inline" })
  );
}
