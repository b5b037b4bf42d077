// What callers choose when they create a runtime, attach to one, or claim a
// parker: types, defaults and checks.

import {
  checkBoolean,
  checkInteger,
  checkObject,
  checkOneOf,
} from "./arguments.ts";
import { MAX_PARKERS } from "./core/core.generated.ts";
import type { RuntimeHandle } from "./core/module.ts";

/** The drivers that `Runtime.create()` knows. */
export type DriverName = "time" | "event-loop" | "epoll" | "kqueue";

/** How threads sleep and wake. */
export type WaitName = "wasm" | "futex";

/** What a runtime is made of. Fixed when it is created. */
export interface RuntimeOptions {
  /** Parkers that can be claimed at the same time, 1 to 16,384. Default 64. */
  readonly parkers?: number;
  /** Mutexes and condvars, 0 to 65,536. Default 64. */
  readonly locks?: number;
  /** Timers, 0 to 16,777,216. Default 1,024. */
  readonly timers?: number;
  /**
   * File descriptors that can be registered at the same time, 0 to 1,048,576.
   * Default 1,024 if the driver takes any.
   */
  readonly registrations?: number;
  /**
   * What a blocking park sleeps in, if it is the first to ask.
   *
   * - `"time"`, the default: the thread that has it fires everybody's timers.
   * - `"event-loop"`: blocking parks leave the timers to threads in
   *   `parkAsync()`.
   * - `"epoll"` on Linux, `"kqueue"` on macOS and FreeBSD: as `"time"`, and file
   *   descriptors can be registered. They call C, which Deno allows with
   *   `--allow-ffi` and Node has from version 26 on.
   */
  readonly driver?: DriverName;
  /**
   * How a blocked thread sleeps.
   *
   * - `"wasm"`, the default: in WebAssembly's own wait.
   * - `"futex"`: in the kernel's futex, through FFI, on Bun on Linux. A wake
   *   takes a third of the time there. `Thread.terminate()` cannot end such a
   *   sleep: shut the runtime down first.
   */
  readonly wait?: WaitName;
  /** The core to run in place of the one inlined, such as one under test. */
  readonly module?: RuntimeHandle["module"] | undefined;
  /** As for {@linkcode AttachOptions}. */
  readonly blocking?: boolean;
}

/** How a thread attaches. */
export interface AttachOptions {
  /**
   * Whether this thread may block. By default it may if the host lets it; say
   * `false` on a thread that serves others, to have blocking calls refused.
   */
  readonly blocking?: boolean;
}

const MAX_LOCKS = 65_536;
const MAX_TIMERS = 16_777_216;
const MAX_REGISTRATIONS = 1_048_576;
const DRIVERS = ["time", "event-loop", "epoll", "kqueue"] as const;

/** Options with nothing left out, but for a core of the caller's own. */
export type CheckedOptions =
  & Required<Omit<RuntimeOptions, "module">>
  & Pick<RuntimeOptions, "module">;

/** Fills in the defaults, and checks what was given. */
export function checkOptions(options: RuntimeOptions): CheckedOptions {
  const action = "create a runtime";
  checkObject(action, "options", options);
  const { parkers = 64, locks = 64, timers = 1024, module } = options;
  const { driver = "time", wait = "wasm" } = options;
  checkOneOf(action, "driver", driver, DRIVERS);
  const { registrations = isSelector(driver) ? 1024 : 0 } = options;
  return {
    parkers: checkInteger(action, "parkers", parkers, 1, MAX_PARKERS),
    locks: checkInteger(action, "locks", locks, 0, MAX_LOCKS),
    timers: checkInteger(action, "timers", timers, 0, MAX_TIMERS),
    registrations: checkInteger(
      action,
      "registrations",
      registrations,
      0,
      MAX_REGISTRATIONS,
    ),
    driver,
    wait: checkOneOf(action, "wait", wait, ["wasm", "futex"]),
    blocking: checkBlocking(action, options),
    module,
  };
}

/** Whether the driver sleeps in a selector of the operating system's. */
export function isSelector(driver: DriverName): driver is "epoll" | "kqueue" {
  return driver === "epoll" || driver === "kqueue";
}

/** Whether the thread is to block, if its host lets it. */
export function checkBlocking(
  action: string,
  { blocking = true }: AttachOptions,
): boolean {
  return checkBoolean(action, "blocking", blocking);
}
