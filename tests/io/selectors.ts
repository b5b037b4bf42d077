// The drivers that sleep in the operating system's selector, for tests of what
// they have in common.

import process from "node:process";
import { test } from "node:test";
import { LaybyError, Runtime, type RuntimeOptions } from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";

export type SelectorName = "epoll" | "kqueue";

function missing(driver: SelectorName): string | false {
  try {
    Runtime.create({ driver }).shutdown();
    return false;
  } catch (error) {
    if (!(error instanceof LaybyError)) throw error;
    return error.message;
  }
}

/**
 * Each of them, and why it is missing; false if it is there. `npm test` sees to a
 * kqueue on Linux: see docs/drivers.md.
 */
export const SELECTORS: readonly {
  readonly driver: SelectorName;
  readonly skip: string | false;
}[] = (["epoll", "kqueue"] as const).map((driver) => ({
  driver,
  skip: missing(driver),
}));

/**
 * Registers tests for each of them. Where there is none, one that is skipped says
 * why.
 */
export function forSelectors(
  register: (driver: SelectorName) => void,
): void {
  for (const { driver, skip } of SELECTORS) {
    if (skip === false) register(driver);
    else test(`${driver}: all`, { skip }, () => {});
  }
}

/** Whether it is libkqueue's kqueue, and not the one in tests/native/. */
export function isLibkqueue(driver: SelectorName): boolean {
  if (driver !== "kqueue" || process.platform !== "linux") return false;
  const ffi = currentHost().ffi();
  if (typeof ffi === "string") return false;
  try {
    ffi.open(["libkqueue.so.0", "libkqueue.so"], {
      layby_kqueue: { parameters: [], result: "i32" },
    });
    return false;
  } catch {
    return true;
  }
}

/** A runtime that sleeps in a selector, and is shut down with its scope. */
export function create(
  driver: SelectorName,
  options: RuntimeOptions = {},
): Runtime {
  return Runtime.create({ driver, ...options });
}
