// What runs a pool's tasks: threads, or the caller's own event loop.

import type { Io } from "../io/io.ts";
import type { CheckedRunOptions, Limits } from "./options.ts";
import type { PoolMetrics } from "./metrics.ts";

/** The part of a pool that differs by where tasks run. */
export interface Engine {
  /** The tasks, by number. */
  readonly names: readonly string[];
  /** File descriptors, on the caller's thread, where there are threads. */
  readonly io?: Io;
  /** Workers that there are. */
  readonly workers: number;
  /**
   * Whether as many calls wait for a worker as may. Not so where none is taken
   * any more: to wait would be in vain.
   */
  readonly isFull: boolean;
  /** Resolves when there is room in the queue. */
  readonly ready: Promise<void>;
  /** Runs a task. `options` only if there are any. */
  run(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions | undefined,
  ): Promise<unknown>;
  /** Runs a task, and blocks until it is done. */
  runSync(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions,
  ): unknown;
  resize(limits: Limits): Promise<void>;
  recycle(): Promise<void>;
  drain(): Promise<void>;
  shutdown(timeout: number): Promise<void>;
  metrics(): PoolMetrics;
}
