// The options of an exploration: checked, and with what they are by default.

import type { Bounds } from "./machine/execution.ts";
import type { ModelOptions } from "./scenario.ts";

const DEFAULTS: Bounds = {
  wakeOrder: "any",
  spurious: 0,
  timeouts: 2,
  deaths: 0,
  deadSleepers: "stays",
  maxSteps: 2000,
};

const CHOICES = {
  explorer: ["dpor", "states", "auto", "naive", "random"],
  wakeOrder: ["fifo", "any"],
  deadSleepers: ["leaves", "stays"],
} as const;

/** More would not fit beside each other in the hash of a state. */
const MOST_OF_A_THREAD = 255;

const LIMITS = {
  spurious: MOST_OF_A_THREAD,
  timeouts: MOST_OF_A_THREAD,
  deaths: 8,
  maxSteps: Infinity,
  maxExecutions: Infinity,
  maxStates: Infinity,
  maxSeconds: Infinity,
} as const;

/**
 * Checks what a user passes.
 *
 * @throws {RangeError} If an option is not one of its choices, or no number
 * from 0 to what it may be.
 */
export function checkOptions(options: ModelOptions): void {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (value === undefined || choices.some((it) => it === value)) continue;
    throw new RangeError(
      `Cannot explore as ${name} must be one of ${choices.join(", ")}: ` +
        `current value is ${value}`,
    );
  }
  for (const [name, most] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof LIMITS];
    if (value === undefined) continue;
    if (typeof value === "number" && value >= 0 && value <= most) continue;
    throw new RangeError(
      `Cannot explore as ${name} must be from 0 to ${most}: current value is ` +
        value,
    );
  }
}

/** The bounds of an execution. */
export function boundsOf(options: ModelOptions): Bounds {
  checkOptions(options);
  return {
    wakeOrder: options.wakeOrder ?? DEFAULTS.wakeOrder,
    spurious: options.spurious ?? DEFAULTS.spurious,
    timeouts: options.timeouts ?? DEFAULTS.timeouts,
    deaths: options.deaths ?? DEFAULTS.deaths,
    deadSleepers: options.deadSleepers ?? DEFAULTS.deadSleepers,
    maxSteps: options.maxSteps ?? DEFAULTS.maxSteps,
  };
}
