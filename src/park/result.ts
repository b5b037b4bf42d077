// How a park ends.

import {
  CONFLICT,
  DRIVER,
  ENDED,
  STALE,
  TIMED_OUT,
  UNPARKED,
} from "../core/core.generated.ts";
import type { ParkerHandle } from "../core/handle.ts";
import { deliver, type Local } from "../core/local.ts";
import { ReleasedError, TwoOwnersError } from "../errors.ts";

/**
 * Why a park returned.
 *
 * - `"unparked"`: it took the token.
 * - `"timed-out"`: its deadline passed, and there was no token.
 * - `"driver"`: there was no token, but the thread has served the driver
 *   meanwhile: fired timers, or dispatched events. Look for work and park again.
 * - `"shutdown"`: the runtime is shut down. Every later park says so at once.
 */
export type ParkResult = "unparked" | "timed-out" | "driver" | "shutdown";

/** The result that a code of the core stands for; nothing if it is no end. */
export function toResult(code: number, action: string): ParkResult | undefined {
  switch (code) {
    case UNPARKED:
      return "unparked";
    case TIMED_OUT:
      return "timed-out";
    case DRIVER:
      return "driver";
    case ENDED:
      return "shutdown";
    case STALE:
      throw new ReleasedError(action, "parker");
    case CONFLICT:
      throw new TwoOwnersError(action);
  }
  return undefined;
}

/** Where a parker lies, and which claim of it. */
export type ParkerPlace = Pick<ParkerHandle, "address" | "claim">;

/** An error ended the park, which says nothing of a token: it stays there. */
export function keepToken(
  local: Local,
  { address, claim }: ParkerPlace,
  end: number,
): void {
  if (end !== UNPARKED) return;
  deliver(local, local.core.parkerUnpark(address, claim), address);
}
