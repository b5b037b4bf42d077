// A mutex in shared memory, for the threads of a runtime.

import { checkTimeout } from "../arguments.ts";
import {
  LOCK_FOREIGN,
  LOCK_OWNED,
  LOCK_TIMED_OUT,
  LOCKED,
} from "../core/core.generated.ts";
import type { MutexHandle } from "../core/handle.ts";
import type { Local } from "../core/local.ts";
import { CannotBlockError, NotOwnerError } from "../errors.ts";
import { checkClaimed, releaseLock } from "./lock.ts";

/** A held mutex. Disposing of it unlocks: `using guard = mutex.lock()`. */
export interface MutexGuard {
  /** Unlocks the mutex. */
  unlock(): void;
  /** Unlocks the mutex. */
  [Symbol.dispose](): void;
}

/**
 * Lets one thread at a time do something. Not re-entrant, and not fair: a
 * thread that unlocks and locks again may overtake those that wait.
 *
 * What a thread did while it held the mutex is visible to the next that locks
 * it. A thread sleeps while it waits.
 */
export class Mutex {
  readonly #local: Local;
  readonly #guard: MutexGuard;

  /** Identifies the mutex to other threads. */
  readonly handle: MutexHandle;

  /**
   * Constructs a mutex. Call `Runtime.mutex()` instead.
   *
   * @param local This thread's part of the runtime.
   * @param handle A handle of the runtime's.
   */
  constructor(local: Local, handle: MutexHandle) {
    this.#local = local;
    this.handle = handle;
    const unlock = () => this.unlock();
    this.#guard = { unlock, [Symbol.dispose]: unlock };
  }

  /**
   * Locks the mutex if nobody holds it, and does not wait.
   *
   * @returns Nothing if another thread holds it.
   * @throws {NotOwnerError} If this thread holds it already.
   * @throws {ReleasedError} If the mutex was released.
   */
  tryLock(): MutexGuard | undefined {
    this.#check("lock");
    const { core, thread } = this.#local;
    const code = core.mutexTryLock(this.handle.address, thread);
    return this.#locked(code) ? this.#guard : undefined;
  }

  /**
   * Locks the mutex, and blocks until it can.
   *
   * @throws {CannotBlockError} If the thread must not block.
   * @throws {NotOwnerError} If this thread holds it already.
   * @throws {ReleasedError} If the mutex was released.
   */
  lock(): MutexGuard {
    return this.lockTimeout(Infinity)!;
  }

  /**
   * Locks the mutex, and blocks for at most `timeout` until it can.
   *
   * @param timeout In milliseconds. Fractions count; `Infinity` is for ever.
   * @returns Nothing if the time has passed.
   * @throws {ArgumentTypeError} If `timeout` is not a number.
   * @throws {ArgumentRangeError} If `timeout` is negative or NaN.
   * @throws {LaybyError} As {@linkcode Mutex.lock}.
   */
  lockTimeout(timeout: number): MutexGuard | undefined {
    checkTimeout("lock", timeout);
    const free = this.tryLock();
    if (free || timeout === 0) return free;
    if (!this.#local.mayBlock) throw new CannotBlockError("lock", "tryLock()");
    const { core, host, thread } = this.#local;
    const deadline = host.now() + timeout;
    for (let left = timeout;;) {
      const code = core.mutexLock(this.handle.address, thread, left);
      if (this.#locked(code)) return this.#guard;
      left = deadline - host.now();
      if (code === LOCK_TIMED_OUT && left <= 0) return undefined;
    }
  }

  /**
   * Unlocks the mutex, and wakes one that waits for it.
   *
   * @throws {NotOwnerError} If this thread does not hold it.
   * @throws {ReleasedError} If the mutex was released.
   */
  unlock(): void {
    this.#check("unlock");
    const { core, thread } = this.#local;
    if (core.mutexUnlock(this.handle.address, thread) === LOCK_FOREIGN) {
      throw new NotOwnerError(
        "Cannot unlock as this thread does not hold the mutex: lock() it first",
      );
    }
  }

  /**
   * Gives the mutex back to the runtime. Its handles go stale. Releasing twice
   * does nothing.
   *
   * @throws {InUseError} If a thread holds it.
   */
  release(): void {
    releaseLock(this.#local, this.handle);
  }

  /** Releases the mutex. */
  [Symbol.dispose](): void {
    this.release();
  }

  #check(action: string): void {
    checkClaimed(this.#local, action, this.handle);
  }

  #locked(code: number): boolean {
    if (code === LOCK_OWNED) {
      throw new NotOwnerError(
        "Cannot lock as this thread holds the mutex already: unlock() it first",
      );
    }
    return code === LOCKED;
  }
}
