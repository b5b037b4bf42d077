// The end of a parker that its thread owns.

import {
  checkCallback,
  checkNumber,
  checkObject,
  checkTimeout,
} from "../arguments.ts";
import { CONFLICT } from "../core/core.generated.ts";
import type { CoreExports, UNPARKED } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import type { Driver } from "../driver.ts";
import {
  ArgumentTypeError,
  CannotBlockError,
  InUseError,
  ReleasedError,
  TwoOwnersError,
  UnwakeableError,
} from "../errors.ts";
import { parkInLoop, pollInLoop } from "./async_park.ts";
import { parkBlocking, pollDriver } from "./blocking_park.ts";
import { type ParkerCounters, readCounters } from "./counters.ts";
import type { ParkerHandle } from "../core/handle.ts";
import type { ParkResult } from "./result.ts";
import { Grace, GRACE_MS } from "./grace.ts";
import { Unparker } from "./unparker.ts";

/** Imported constants are loaded each time they are used; this one is not. */
const TAKEN: typeof UNPARKED = 0;

/** What a parker calls around its sleeps. */
export interface ParkerOptions {
  /**
   * Called on the owner's thread before it sleeps, once for each park, and not
   * for a park that finds its token there or has a timeout of `0`. It may
   * unpark its own parker. If it throws, the park does, and has not begun.
   */
  readonly beforePark?: () => void;
  /**
   * Called on the owner's thread when it is awake again, once for each call of
   * `beforePark`; with nothing if the park is about to throw. If it throws, the
   * park does, and a token that was taken is made available again.
   */
  readonly afterUnpark?: (result: ParkResult | undefined) => void;
}

/** How long {@linkcode Parker.parkAsync} waits, and what ends it early. */
export interface ParkAsyncOptions {
  /** In milliseconds. Fractions count; `Infinity`, the default, is for ever. */
  readonly timeout?: number;
  /** Ends the park without a token: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Blocks its thread, or its event loop, until another thread makes a token
 * available.
 *
 * A parker holds at most one token, and starts without it. A park waits for the
 * token and takes it; {@linkcode Unparker.unpark} puts it there. An unpark that
 * comes first is therefore not lost, and two of them count as one. Everything a
 * thread did before its `unpark()` is visible when the park returns that took
 * the token.
 *
 * A parker belongs to the thread that claimed it, and every method is that
 * thread's to call. Other threads wake it through an {@linkcode Unparker} made
 * from its {@linkcode Parker.handle}.
 *
 * @example Usage
 * ```ts ignore
 * using parker = runtime.parker();
 * worker.postMessage(parker.handle);
 * parker.park(); // until the worker unparks it
 * ```
 */
export class Parker {
  /** Identifies the parker to other threads. */
  readonly handle: ParkerHandle;
  readonly #local: Local;
  readonly #core: CoreExports;
  /** The core's function itself: a field is read faster than an export. */
  readonly #take: CoreExports["parkerTake"];
  readonly #options: ParkerOptions;
  readonly #address: number;
  readonly #claim: number;
  /** The claim, or 0 while the thread may not park: it then matches nothing. */
  #ready: number;
  #released = false;
  #loop: Driver | undefined;
  readonly #grace = new Grace();

  /**
   * Constructs a parker. Call `Runtime.parker()` instead.
   *
   * @param local This thread's part of the runtime.
   * @param handle The claim, which is this thread's.
   * @param options What to call around sleeps.
   */
  constructor(
    local: Local,
    handle: ParkerHandle,
    options: ParkerOptions,
  ) {
    this.#local = local;
    this.#core = local.core;
    this.#take = local.core.parkerTake;
    this.#options = options;
    this.#address = handle.address;
    this.#claim = handle.claim;
    this.#ready = handle.claim;
    this.handle = handle;
  }

  /**
   * Sleeps and wakes so far. Any thread can read the same by the handle.
   *
   * @throws {ReleasedError} If the parker was released or detached.
   */
  get counters(): ParkerCounters {
    if (this.#released) throw new ReleasedError("read the counters", "parker");
    return readCounters(this.#core, this.#address);
  }

  /**
   * Blocks the thread until the token is available, and takes it.
   *
   * @returns Never `"timed-out"`.
   * @throws {CannotBlockError} If the thread must not block.
   * @throws {UnwakeableError} If nothing can ever end it: no other thread can
   * know of the runtime, and no timer is armed.
   * @throws {InUseError} If a `parkAsync()` of this parker is pending.
   * @throws {ReleasedError} If the parker was released or detached.
   * @throws {TwoOwnersError} If another thread is parked on it.
   */
  park(): ParkResult {
    const take = this.#take;
    if (take(this.#address, this.#ready) === TAKEN) return "unparked";
    return this.#block(Infinity);
  }

  /**
   * Blocks the thread until the token is available, or `timeout` passes.
   *
   * A timeout of `0` polls the driver, if it is free, and does not touch the
   * token.
   *
   * @param timeout In milliseconds. Fractions count; `Infinity` is for ever.
   * @returns `"unparked"` if it took the token: also one that came together
   * with the timeout. Never `"timed-out"` before the time.
   * @throws {ArgumentTypeError} If `timeout` is not a number.
   * @throws {ArgumentRangeError} If `timeout` is negative or NaN.
   * @throws {LaybyError} As {@linkcode Parker.park}.
   */
  parkTimeout(timeout: number): ParkResult {
    checkTimeout("park", timeout);
    if (timeout === 0) {
      this.#checkBlocking();
      return pollDriver(this.#local, this.#address);
    }
    const take = this.#take;
    if (take(this.#address, this.#ready) === TAKEN) return "unparked";
    return this.#block(this.#local.host.now() + timeout);
  }

  /**
   * Blocks the thread until the token is available, or the deadline is there.
   * A token that is there is taken, even if the deadline has passed.
   *
   * @param deadline In milliseconds on the clock of `Runtime.now()`.
   * @returns As {@linkcode Parker.parkTimeout}.
   * @throws {ArgumentTypeError} If `deadline` is not a number.
   * @throws {ArgumentRangeError} If `deadline` is NaN.
   * @throws {LaybyError} As {@linkcode Parker.park}.
   */
  parkDeadline(deadline: number): ParkResult {
    checkNumber("park", "deadline", deadline);
    const take = this.#take;
    if (take(this.#address, this.#ready) === TAKEN) return "unparked";
    return this.#block(deadline);
  }

  /**
   * Waits for the token without blocking the thread, and takes it. Meanwhile
   * the event loop serves timers, I/O and messages; the process does not end.
   *
   * If the token has come within 0.1 ms for a while, the thread blocks for 0.05
   * ms before it yields, where it may block; it yields once a millisecond all
   * the same.
   *
   * A timeout of `0` grants the event loop one turn, polls the driver, and does
   * not touch the token.
   *
   * @returns As {@linkcode Parker.parkTimeout}.
   * @throws {ArgumentTypeError} If an option has the wrong type.
   * @throws {ArgumentRangeError} If `timeout` is negative or NaN.
   * @throws {unknown} The signal's reason, if it is aborted and there is no
   * token.
   * @throws {LaybyError} As {@linkcode Parker.park}, but never for blocking.
   */
  async parkAsync(options: ParkAsyncOptions = {}): Promise<ParkResult> {
    checkObject("park", "options", options);
    const { timeout = Infinity, signal } = options;
    checkTimeout("park", timeout);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new ArgumentTypeError(
        "Cannot park as signal must be an AbortSignal",
      );
    }
    if (timeout === 0) {
      signal?.throwIfAborted();
      return await this.#alone(() => pollInLoop(this.#local, this.#address));
    }
    const take = this.#take;
    if (take(this.#address, this.#ready) === TAKEN) return "unparked";
    signal?.throwIfAborted();
    return await this.#listen(this.#local.host.now() + timeout, signal);
  }

  /**
   * Leaves the parker, with its token, to whichever thread first passes the
   * returned handle to `Runtime.adopt()`. This object is of no use after.
   *
   * @throws {InUseError} If a `parkAsync()` is pending.
   * @throws {ReleasedError} If the parker was released or detached.
   */
  detach(): ParkerHandle {
    this.#check("detach");
    this.#retire();
    this.#core.parkerDetach(this.#address, this.#claim, this.#local.thread);
    return this.handle;
  }

  /**
   * Gives the parker back to the runtime. Its handles go stale, and wake nobody
   * from now on. Releasing twice does nothing.
   *
   * @throws {InUseError} If a `parkAsync()` is pending.
   */
  release(): void {
    if (this.#released) return;
    this.#check("release");
    const code = this.#core.parkerRelease(this.#address, this.#claim);
    if (code === CONFLICT) throw new TwoOwnersError("release");
    this.#retire();
  }

  /** Releases the parker. */
  [Symbol.dispose](): void {
    this.release();
  }

  #retire(): void {
    this.#released = true;
    this.#ready = 0;
  }

  /** Throws if the thread may not use the parker now. */
  #check(action: string): void {
    if (this.#released) throw new ReleasedError(action, "parker");
    if (this.#ready === 0) throw new InUseError(action, "parker");
  }

  #checkBlocking(): void {
    this.#check("park");
    if (!this.#local.mayBlock) {
      throw new CannotBlockError("park", "parkAsync()");
    }
  }

  /**
   * Whether anything can end a park without a deadline. This thread is the only
   * one that knows of the runtime, or another may unpark it, or shut down.
   */
  #isWakeable(): boolean {
    const { isShared, driver, io } = this.#local;
    return isShared || this.#core.shutdownBegun() !== 0 ||
      this.#core.parkerIsNotified(this.#address) !== 0 ||
      (driver !== undefined && this.#core.timersArmed() > 0) ||
      io?.hasRegistrations === true;
  }

  #block(deadline: number): ParkResult {
    this.#checkBlocking();
    this.#options.beforePark?.();
    const began = this.#local.host.now();
    let result: ParkResult | undefined;
    try {
      if (deadline === Infinity && !this.#isWakeable()) {
        throw new UnwakeableError();
      }
      return result = parkBlocking(this.#local, this.handle, deadline);
    } finally {
      this.#after(began, result);
    }
  }

  async #listen(
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<ParkResult> {
    this.#check("park");
    this.#options.beforePark?.();
    return await this.#alone(async () => {
      const began = this.#local.host.now();
      let result: ParkResult | undefined;
      try {
        result = this.#blockBriefly(began, deadline) ??
          await this.#sleepInLoop(deadline, signal);
        return result;
      } finally {
        this.#after(began, result);
      }
    });
  }

  /** Until it has resolved no other call may take the token from under it. */
  async #alone(park: () => Promise<ParkResult>): Promise<ParkResult> {
    this.#check("park");
    this.#ready = 0;
    try {
      return await park();
    } finally {
      this.#ready = this.#claim;
    }
  }

  /** Blocks for a moment, if that has been paying off. */
  #blockBriefly(now: number, deadline: number): ParkResult | undefined {
    if (!this.#local.mayBlock || !this.#grace.isDue(now)) return undefined;
    const until = Math.min(now + GRACE_MS, deadline);
    const result = parkBlocking(this.#local, this.handle, until);
    this.#grace.waited(result !== "timed-out");
    return result === "timed-out" ? undefined : result;
  }

  async #sleepInLoop(
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<ParkResult> {
    const { host, loopDriver } = this.#local;
    this.#loop ??= loopDriver(this.#address);
    const began = host.now();
    const result = await parkInLoop(
      this.#local,
      this.#loop,
      this.handle,
      deadline,
      signal,
    );
    this.#grace.slept(began, host.now());
    return result;
  }

  /** Counts the time, and calls the hook: no token is lost to its error. */
  #after(began: number, result: ParkResult | undefined): void {
    const { host } = this.#local;
    this.#core.parkerAddParked(this.#address, host.now() - began);
    try {
      this.#options.afterUnpark?.(result);
    } catch (error) {
      if (result === "unparked") {
        new Unparker(this.#local, this.handle).unpark();
      }
      throw error;
    }
  }
}

/** Checks what a parker is to call. */
export function checkHooks(options: ParkerOptions): void {
  const action = "claim a parker";
  checkObject(action, "options", options);
  checkCallback(action, "beforePark", options.beforePark);
  checkCallback(action, "afterUnpark", options.afterUnpark);
}
