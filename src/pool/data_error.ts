// The error for `data` that workers cannot get.

import { pathOf, UncloneableError } from "../codec/mod.ts";

/** What structured clone's refusal of a pool's data, or something else, is. */
export function dataError(data: unknown, cause: unknown): unknown {
  const refusal = pathOf(data);
  if (!refusal) return cause;
  const { path, what, advice } = refusal;
  const part = path === "" ? "it" : `its ${path}`;
  return new UncloneableError(
    `Cannot send data as ${part} is ${what}: ${advice}`,
    false,
    { cause },
  );
}
