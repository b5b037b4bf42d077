// A condition variable in shared memory, for the threads of a runtime.

import { checkTimeout } from "../arguments.ts";
import { LOCK_FOREIGN } from "../core/core.generated.ts";
import type { CondvarHandle } from "../core/handle.ts";
import type { Local } from "../core/local.ts";
import {
  ArgumentTypeError,
  CannotBlockError,
  ForeignHandleError,
  NotOwnerError,
} from "../errors.ts";
import { checkClaimed, releaseLock } from "./lock.ts";
import { Mutex } from "./mutex.ts";

/** What `Atomics.wait` and the core's wait return when the time has passed. */
const TIMED_OUT = 2;

/**
 * Waits for something that a {@linkcode Mutex} guards.
 *
 * A wait may return although nobody notified: check the condition in a loop. A
 * notification reaches those that wait at the time, and is not kept for others.
 */
export class Condvar {
  readonly #local: Local;

  /** Identifies the condvar to other threads. */
  readonly handle: CondvarHandle;

  /**
   * Constructs a condvar. Call `Runtime.condvar()` instead.
   *
   * @param local This thread's part of the runtime.
   * @param handle A handle of the runtime's.
   */
  constructor(local: Local, handle: CondvarHandle) {
    this.#local = local;
    this.handle = handle;
  }

  /**
   * Unlocks the mutex, blocks until notified, and locks it again.
   *
   * @param mutex Held by this thread, and the one that notifiers hold when they
   * change the condition.
   * @throws {CannotBlockError} If the thread must not block.
   * @throws {NotOwnerError} If this thread does not hold the mutex.
   * @throws {ReleasedError} If the condvar was released.
   */
  wait(mutex: Mutex): void {
    this.waitTimeout(mutex, Infinity);
  }

  /**
   * Unlocks the mutex, blocks until notified or for `timeout`, and locks it
   * again, however long that takes.
   *
   * @param timeout In milliseconds. Fractions count; `Infinity` is for ever.
   * @returns Whether it woke before the time had passed.
   * @throws {ArgumentTypeError} If `timeout` is not a number.
   * @throws {ArgumentRangeError} If `timeout` is negative or NaN.
   * @throws {LaybyError} As {@linkcode Condvar.wait}.
   */
  waitTimeout(mutex: Mutex, timeout: number): boolean {
    checkTimeout("wait", timeout);
    this.#check("wait");
    if (!(mutex instanceof Mutex)) {
      throw new ArgumentTypeError(
        "Cannot wait as mutex must be a Mutex: pass one of runtime.mutex()",
      );
    }
    if (!this.#local.mayBlock) throw new CannotBlockError("wait", "a Parker");
    if (mutex.handle.runtime !== this.handle.runtime) {
      throw new ForeignHandleError("mutex");
    }
    const { core, host, thread } = this.#local;
    const { address } = this.handle;
    checkClaimed(this.#local, "wait", mutex.handle);
    const until = host.now() + timeout;
    const seen = core.condvarPrepare(address);
    if (core.mutexUnlock(mutex.handle.address, thread) === LOCK_FOREIGN) {
      core.condvarCancel(address);
      throw new NotOwnerError(
        "Cannot wait as this thread does not hold the mutex: lock() it first",
      );
    }
    const ended = core.condvarWait(address, seen, timeout);
    mutex.lock();
    return ended !== TIMED_OUT || host.now() < until;
  }

  /**
   * Wakes one thread that waits.
   *
   * @throws {ReleasedError} If the condvar was released.
   */
  notifyOne(): void {
    this.#check("notify");
    this.#local.core.condvarNotify(this.handle.address, 1);
  }

  /**
   * Wakes all threads that wait.
   *
   * @throws {ReleasedError} If the condvar was released.
   */
  notifyAll(): void {
    this.#check("notify");
    this.#local.core.condvarNotify(this.handle.address, -1);
  }

  /**
   * Gives the condvar back to the runtime. Its handles go stale. Releasing
   * twice does nothing.
   *
   * @throws {InUseError} If a thread waits on it.
   */
  release(): void {
    releaseLock(this.#local, this.handle);
  }

  /** Releases the condvar. */
  [Symbol.dispose](): void {
    this.release();
  }

  #check(action: string): void {
    checkClaimed(this.#local, action, this.handle);
  }
}
