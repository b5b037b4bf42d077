// The error for what cannot be sent.

import { LaybyError } from "../errors.ts";

/** An argument or a result that cannot cross to another thread. */
export class UncloneableError extends LaybyError {
  /** Whether a message port may carry it, if bytes cannot. */
  readonly byPort: boolean;

  /** Constructs the error. If reading the value threw, that is the cause. */
  constructor(message: string, byPort: boolean, options?: ErrorOptions) {
    super("uncloneable", message, options);
    this.byPort = byPort;
  }
}

/** Whether bytes cannot carry what a message port may. */
export function isByPort(error: unknown): boolean {
  return error instanceof UncloneableError && error.byPort;
}
