// The drivers that sleep in the operating system's selector, for tests of what
// they have in common.

import { test } from "node:test";
import { LaybyError, Runtime, type RuntimeOptions } from "../../mod.ts";

export type SelectorName = "epoll" | "kqueue";

/** Why there is none of this name here; undefined if there is. */
function missing(driver: SelectorName): string | undefined {
  try {
    Runtime.create({ driver }).shutdown();
    return undefined;
  } catch (error) {
    if (!(error instanceof LaybyError)) throw error;
    return error.message;
  }
}

/**
 * Registers tests for each of them. Where there is none, one that is skipped says
 * why. For kqueue on Linux, have `LD_LIBRARY_PATH` name the folder of
 * libkqueue's library.
 */
export function forSelectors(
  register: (driver: SelectorName) => void,
): void {
  for (const driver of ["epoll", "kqueue"] as const) {
    const skip = missing(driver);
    if (skip === undefined) register(driver);
    else test(`${driver}: all`, { skip }, () => {});
  }
}

/** A runtime that sleeps in a selector, and is shut down with its scope. */
export function create(
  driver: SelectorName,
  options: RuntimeOptions = {},
): Runtime {
  return Runtime.create({ driver, ...options });
}
