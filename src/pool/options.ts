// What callers choose when they start a pool or run a task: types, defaults and
// checks.

import {
  checkInteger,
  checkNumber,
  checkObject,
  checkOneOf,
  checkString,
  checkTimeout,
} from "../arguments.ts";
import type { ErrorClasses } from "../codec/mod.ts";
import { MAX_WORKERS } from "../core/core.generated.ts";
import { ArgumentRangeError, ArgumentTypeError } from "../errors.ts";
import type { DriverName } from "../options.ts";
import { withOwnErrors } from "./own_errors.ts";
import type { IdleMode } from "./start.ts";

/** What a pool is made of. */
export interface PoolOptions {
  /** Workers, 1 to 256. By default as many as run at the same time. */
  readonly workers?: number;
  /** Workers that stay when there is nothing to do. By default `workers`. */
  readonly minWorkers?: number;
  /** Workers when there is much to do. By default `workers`. */
  readonly maxWorkers?: number;
  /**
   * Milliseconds after which a worker without work ends, if there are more than
   * `minWorkers`. Default 10,000.
   */
  readonly idleTimeout?: number;
  /**
   * Tasks that may wait. `run()` rejects with a `QueueFullError` if there are
   * so many. Default `Infinity`.
   */
  readonly maxQueue?: number;
  /** What workers are called: `name-0`, `name-1`, … Default `"layby"`. */
  readonly name?: string;
  /** Where there are no threads: run tasks on the caller's own event loop. */
  readonly fallback?: "inline";
  /**
   * Where layby itself is, for workers to import it: by default the URL that it
   * was loaded from. A bundle that layby is part of has to tell.
   */
  readonly entry?: URL | string;
  /**
   * Where a worker sleeps that has nothing to do.
   *
   * - `"auto"`, the default: blocked, which is the cheapest; but in its event
   *   loop while that has something to wait for, and in browsers, which do not
   *   tell.
   * - `"event-loop"`: always there, so that inspectors reach it, and so that what
   *   the runtime does not tell of goes on: timers on Bun, and message ports that
   *   a task has left open on Bun and Deno.
   * - `"block"`: always blocked, once what it has printed is written.
   */
  readonly idle?: IdleMode;
  /**
   * What workers sleep in, if it is the first to ask: see
   * {@linkcode RuntimeOptions.driver}.
   *
   * - `"time"`, the default: each sleeps on its own word, or in its event loop.
   * - `"epoll"`, `"kqueue"`: one of them sleeps in the operating system's
   *   selector, for all, and `pool.io` and `worker.io` take file descriptors.
   */
  readonly driver?: PoolDriverName;
  /** File descriptors that can be registered. Default 1,024 with such a driver. */
  readonly registrations?: number;
  /** An export of the task module to call in each worker before any task. */
  readonly setup?: string;
  /** An export to call in each worker before it ends, if it is not killed. */
  readonly teardown?: string;
  /** For `worker.data`, and for both hooks. Structured clone carries it. */
  readonly data?: unknown;
  /**
   * Milliseconds that a task may run on after it was cancelled, until its worker
   * is replaced. Default `Infinity`: it is not.
   */
  readonly grace?: number;
  /** Crashes in a row after which the pool gives up. Default 8. */
  readonly maxCrashes?: number;
  /** Classes by name, for errors to be instances of when they arrive. */
  readonly errors?: ErrorClasses;
  /** See https://nodejs.org/api/worker_threads.html; Node only. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** Tasks in flight in shared memory; others wait outside. Default 65,536. */
  readonly tasks?: number;
  /** Mebibytes of shared memory for values, at most. Default 256. */
  readonly memory?: number;
}

/** The drivers of a pool. */
export type PoolDriverName = Exclude<DriverName, "event-loop">;

/** When a task is to be run, and what ends it early. */
export interface RunOptions {
  /** Rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call rejects with a `TimedOutError`. */
  readonly timeout?: number;
  /** Default `"normal"`. */
  readonly priority?: Priority;
  /** What of the arguments is moved to the worker, in place of a copy. */
  readonly transfer?: readonly Transferable[];
}

/** Which tasks come first. */
export type Priority = "high" | "normal" | "low";

/** The injection queues of the core, in their order. */
const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

/** How a caller that blocks runs a task. */
export type RunSyncOptions = Omit<RunOptions, "signal">;

/** How many items are on their way. */
export interface MapOptions extends Omit<RunOptions, "transfer"> {
  /** Default: four for each worker. */
  readonly inFlight?: number;
}

/** How a pool ends. */
export interface ShutdownOptions {
  /**
   * Milliseconds that tasks have to end; then the workers are terminated.
   * Default `Infinity`.
   */
  readonly timeout?: number;
}

/** Between how many workers there are. */
export interface Limits {
  /** Workers that stay when there is nothing to do, 0 to 256. */
  readonly minWorkers: number;
  /** Workers when there is much to do, 1 to 256. */
  readonly maxWorkers: number;
}

/** Options with nothing left out. */
export interface CheckedPoolOptions {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly idleTimeout: number;
  readonly maxQueue: number;
  readonly name: string;
  readonly fallback: "inline" | undefined;
  readonly entry: string | undefined;
  readonly idle: IdleMode;
  readonly driver: PoolDriverName;
  readonly registrations: number | undefined;
  readonly setup: string | undefined;
  readonly teardown: string | undefined;
  readonly data: unknown;
  readonly grace: number;
  readonly maxCrashes: number;
  readonly errors: ErrorClasses;
  readonly resourceLimits: Readonly<Record<string, number>> | undefined;
  readonly tasks: number;
  readonly memory: number;
}

const MAX_TASKS = 1 << 20;
const DRIVERS: readonly PoolDriverName[] = ["time", "epoll", "kqueue"];
const MAX_MEMORY = 3072;

/** Fills in the defaults, and checks what was given. */
export function checkPoolOptions(
  options: PoolOptions,
  parallelism: number,
): CheckedPoolOptions {
  const action = "start a pool";
  checkObject(action, "options", options);
  const count = (name: "workers" | "minWorkers" | "maxWorkers", low: number) =>
    options[name] === undefined
      ? undefined
      : checkInteger(action, name, options[name], low, MAX_WORKERS);
  const workers = count("workers", 1);
  const maxWorkers = count("maxWorkers", 1) ?? workers ??
    Math.max(parallelism, options.minWorkers ?? 1);
  const minWorkers = count("minWorkers", 0) ?? workers ?? maxWorkers;
  checkOrder(action, minWorkers, maxWorkers);
  const { idle = "auto", tasks = 65_536, memory = 256 } = options;
  const { maxCrashes = 8, maxQueue = Infinity, grace = Infinity } = options;
  const { idleTimeout = 10_000, name = "layby", fallback } = options;
  const { errors, resourceLimits, entry } = options;
  const { driver = "time", registrations } = options;
  if (errors !== undefined) checkErrors(action, errors);
  if (resourceLimits !== undefined) {
    checkObject(action, "resourceLimits", resourceLimits);
  }
  return {
    minWorkers,
    maxWorkers,
    idleTimeout: time(action, "idleTimeout", idleTimeout),
    maxQueue: checkLimit(action, "maxQueue", maxQueue, 0),
    name: text(action, "name", name)!,
    fallback: fallback === undefined
      ? undefined
      : checkOneOf(action, "fallback", fallback, ["inline"] as const),
    entry: entry === undefined ? undefined : checkUrl(action, "entry", entry),
    idle: checkOneOf(action, "idle", idle, ["auto", "event-loop", "block"]),
    driver: checkOneOf(action, "driver", driver, DRIVERS),
    registrations: registrations === undefined
      ? undefined
      : checkInteger(action, "registrations", registrations, 0, MAX_TASKS),
    setup: text(action, "setup", options.setup),
    teardown: text(action, "teardown", options.teardown),
    data: options.data,
    grace: time(action, "grace", grace),
    maxCrashes: checkInteger(action, "maxCrashes", maxCrashes, 1, 1_000_000),
    errors: withOwnErrors(errors),
    resourceLimits,
    tasks: checkInteger(action, "tasks", tasks, 1, MAX_TASKS),
    memory: checkInteger(action, "memory", memory, 1, MAX_MEMORY),
  };
}

/** Classes by name. */
function checkErrors(action: string, errors: ErrorClasses): void {
  checkObject(action, "errors", errors);
  for (const [name, it] of Object.entries(errors)) {
    if (typeof it === "function") continue;
    throw new ArgumentTypeError(
      `Cannot ${action} as errors.${name} must be a function: give a class`,
    );
  }
}

/** How many workers there are to be from now on: so many, or two limits. */
export function checkLimits(limits: unknown): Limits {
  const action = "resize the pool";
  const integer = (name: string, value: unknown, low: number) =>
    checkInteger(action, name, value, low, MAX_WORKERS);
  if (typeof limits !== "object") {
    const workers = integer("workers", limits, 1);
    return { minWorkers: workers, maxWorkers: workers };
  }
  const { minWorkers, maxWorkers } = checkObject(
    action,
    "workers",
    limits as Limits,
  );
  integer("minWorkers", minWorkers, 0);
  integer("maxWorkers", maxWorkers, 1);
  checkOrder(action, minWorkers, maxWorkers);
  return { minWorkers, maxWorkers };
}

function checkOrder(action: string, low: number, high: number): void {
  if (low <= high) return;
  throw new ArgumentRangeError(
    `Cannot ${action} as minWorkers must be <= maxWorkers: current values ` +
      `are ${low} and ${high}`,
  );
}

/** A URL, as text. */
export function checkUrl(
  action: string,
  name: string,
  value: unknown,
): string {
  const isUrl = value instanceof URL ||
    (typeof value === "string" && URL.canParse(value));
  if (isUrl) return `${value}`;
  throw new ArgumentTypeError(
    `Cannot ${action} as ${name} must be a URL: pass ` +
      "new URL(path, import.meta.url)",
  );
}

/** A whole number from `low` on, or `Infinity`. */
export function checkLimit(
  action: string,
  name: string,
  value: unknown,
  low: number,
): number {
  if (value === Infinity) return value;
  return checkInteger(action, name, value, low, Number.MAX_SAFE_INTEGER);
}

function time(action: string, name: string, value: unknown): number {
  const ms = checkNumber(action, name, value);
  if (ms >= 0) return ms;
  throw new ArgumentRangeError(
    `Cannot ${action} as ${name} must be >= 0 ms: current value is ${ms}`,
  );
}

function text(
  action: string,
  name: string,
  value: unknown,
): string | undefined {
  return value === undefined ? value : checkString(action, name, value);
}

/** A list of what is moved. What may be in it, structured clone says. */
export function checkTransfer(action: string, transfer: unknown): void {
  if (Array.isArray(transfer)) return;
  throw new ArgumentTypeError(`Cannot ${action} as transfer must be an array`);
}

/** Options of a call with nothing left out. */
export interface CheckedRunOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly priority: number;
  readonly transfer: readonly Transferable[] | undefined;
}

/** Fills in the defaults, and checks what was given. */
export function checkRunOptions(
  action: string,
  options: RunOptions,
): CheckedRunOptions {
  checkObject(action, "options", options);
  const { signal, timeout = Infinity, priority = "normal", transfer } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ArgumentTypeError(
      `Cannot ${action} as signal must be an AbortSignal`,
    );
  }
  if (transfer !== undefined) checkTransfer(action, transfer);
  checkOneOf(action, "priority", priority, PRIORITIES);
  return {
    signal,
    timeout: checkTimeout(action, timeout),
    priority: PRIORITIES.indexOf(priority),
    transfer,
  };
}
