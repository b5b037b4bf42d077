// Exports: the memory as a whole, and the end of its runtime.

import { beginShutdown, header, isShutdown, nextThread } from "../header";
import { LAYOUT_VERSION, MAGIC } from "../layout";
import { closeTimers, wheel } from "../timers";
import { NEVER } from "../wheel";

/** Makes a zeroed memory a runtime's. */
export function memoryCreate(
  id: i32,
  flags: i32,
  parkers: i32,
  locks: i32,
  timers: i32,
  registrations: i32,
  epochMs: f64,
): void {
  const it = header();
  it.id = id;
  it.flags = flags;
  it.parkers = parkers;
  it.locks = locks;
  it.timers = timers;
  it.registrations = registrations;
  it.epochMs = epochMs;
  it.version = LAYOUT_VERSION;
  it.magic = MAGIC;
  wheel().nextWake = NEVER;
}

/** The next thread id: 1, 2, 3, … */
export function threadNext(): i32 {
  return nextThread();
}

/** Sets the flag that ends the runtime. Returns whether this call did it. */
export function shutdownBegin(thread: i32): bool {
  if (!beginShutdown()) return false;
  closeTimers(thread);
  return true;
}

/** Whether the runtime was shut down. */
export function shutdownBegun(): bool {
  return isShutdown();
}
