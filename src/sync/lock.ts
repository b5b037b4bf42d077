// What a mutex and a condvar are in shared memory: a lock that is claimed.

import type { CondvarHandle, MutexHandle } from "../core/handle.ts";
import type { Local } from "../core/local.ts";
import { InUseError, ReleasedError } from "../errors.ts";

/** @throws {ReleasedError} If it was released. */
export function checkClaimed(
  { core }: Local,
  action: string,
  { kind, address, claim }: MutexHandle | CondvarHandle,
): void {
  if (!core.lockIsClaimed(address, claim)) {
    throw new ReleasedError(action, kind);
  }
}

/**
 * Gives it back to the runtime, if that was not done before.
 *
 * @throws {InUseError} If a thread holds it, or waits on it.
 */
export function releaseLock(
  { core }: Local,
  { kind, address, claim }: MutexHandle | CondvarHandle,
): void {
  if (!core.lockIsClaimed(address, claim)) return;
  if (core.lockIsBusy(address)) throw new InUseError("release", kind);
  core.lockRelease(address, claim);
}
