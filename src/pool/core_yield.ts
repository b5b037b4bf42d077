// Gives way to other threads that want this core: C's sched_yield().
// https://man7.org/linux/man-pages/man2/sched_yield.2.html

import { UnsupportedError } from "../errors.ts";
import type { Host } from "../host.ts";

const LIBRARIES = ["libc.so.6", "libc.so"];
const FUNCTIONS = { sched_yield: { parameters: [], result: "i32" } } as const;

/** Lets whoever waits for this core have it. */
export type CoreYield = () => void;

/**
 * What lets others have this core; undefined if the host cannot call C, or has a
 * word about it: Node warns its users of its FFI. Takes a millisecond or two.
 */
export function openCoreYield(
  { name, ffi }: Pick<Host, "name" | "ffi">,
): CoreYield | undefined {
  const opened = name === "node" ? "" : ffi();
  // Elsewhere nobody has seen what it does.
  if (typeof opened === "string" || opened.platform !== "linux") return;
  try {
    const { call } = opened.open(LIBRARIES, FUNCTIONS);
    return () => void call.sched_yield();
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}
