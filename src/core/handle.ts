// What names a parker, a timer or a lock across threads.

import { checkObject } from "../arguments.ts";
import {
  ArgumentTypeError,
  ForeignHandleError,
  StaleHandleError,
} from "../errors.ts";
import { CONDVAR, MUTEX } from "./core.generated.ts";
import { isRecord } from "./layout.ts";
import type { Local } from "./local.ts";

/** What has a handle. */
export type HandleKind =
  | "parker"
  | "timer"
  | "mutex"
  | "condvar"
  | "registration";

/**
 * Identifies something in shared memory to other threads. Structured clone
 * carries it. It goes stale when its thing is released.
 */
export interface Handle<Kind extends HandleKind> {
  /** What it identifies. */
  readonly kind: Kind;
  /** The runtime it belongs to. */
  readonly runtime: number;
  /** Where it lies in shared memory, in bytes. */
  readonly address: number;
  /** Which claim of that place. */
  readonly claim: number;
}

/** Identifies a parker: pass it to `Runtime.unparker()` in another thread. */
export type ParkerHandle = Handle<"parker">;
/** Identifies a timer: pass it to `Runtime.attachTimer()` in another thread. */
export type TimerHandle = Handle<"timer">;
/** Identifies a mutex: pass it to `Runtime.attachMutex()` in another thread. */
export type MutexHandle = Handle<"mutex">;
/** Identifies a condvar: see `Runtime.attachCondvar()`. */
export type CondvarHandle = Handle<"condvar">;

/** Identifies a registration: see `Runtime.attachRegistration()`. */
export type RegistrationHandle = Handle<"registration">;

/** What a lock's claim says of its kind, in its low bits. */
const LOCK_KIND = 3;

/** Whether a handle names a record of its kind, by the claim in force. */
function isInForce(local: Local, handle: Handle<HandleKind>): boolean {
  const { core, regions } = local;
  const { kind, address, claim } = handle;
  // The core reads where it is told to: only what it gave out itself.
  if (typeof claim !== "number" || claim !== (claim | 0)) return false;
  switch (kind) {
    case "parker":
      return isRecord(regions.parkers, address) &&
        core.parkerIsClaimed(address, claim) !== 0;
    case "timer":
      return isRecord(regions.timers, address) &&
        core.timerIsClaimed(address, claim) !== 0;
    case "registration":
      return isRecord(regions.registrations, address) &&
        core.registrationIsClaimed(address, claim) !== 0;
    default:
      return isRecord(regions.locks, address) &&
        (claim & LOCK_KIND) === (kind === "mutex" ? MUTEX : CONDVAR) &&
        core.lockIsClaimed(address, claim) !== 0;
  }
}

/**
 * Returns a copy of the handle if it is one of this runtime's, and its claim in force.
 *
 * @throws {ArgumentTypeError} If it is no handle, or one of another kind.
 * @throws {ForeignHandleError} If it is another runtime's.
 * @throws {StaleHandleError} If what it named was released.
 */
export function checkHandle<Kind extends HandleKind>(
  local: Local,
  kind: Kind,
  handle: Handle<Kind>,
): Handle<Kind> {
  checkObject(`use the ${kind} handle`, "it", handle);
  // Read once: what is checked is what is used.
  const { runtime, address, claim } = handle;
  const copy = { kind: handle.kind, runtime, address, claim };
  if (copy.kind !== kind) {
    throw new ArgumentTypeError(
      `Cannot use the ${kind} handle as it is none: pass the handle of a ` +
        kind,
    );
  }
  if (runtime !== local.id) throw new ForeignHandleError(kind);
  if (!isInForce(local, copy)) throw new StaleHandleError(kind);
  return copy;
}
