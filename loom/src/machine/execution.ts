// How an execution is bounded, and how it can end.

import type { ModelOptions } from "../scenario.ts";

/** The bounds of an execution, none left open. */
export type Bounds = Required<
  Pick<
    ModelOptions,
    | "wakeOrder"
    | "spurious"
    | "timeouts"
    | "deaths"
    | "deadSleepers"
    | "maxSteps"
  >
>;

/** How an execution ended. */
export type End =
  /** All threads did what they had to do. */
  | "finished"
  /** A thread sleeps whose timeouts are used up. */
  | "truncated"
  /** The explorer has seen enough of it. */
  | "abandoned"
  | "deadlock"
  | "trap"
  | "assertion"
  | "race"
  | "busy loop";

/** The execution has failed; what was thrown says it to the machine. */
export class Failed extends Error {
  readonly kind: End;

  constructor(kind: End, message: string) {
    super(message);
    this.kind = kind;
  }
}
