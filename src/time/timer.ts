// A timer of the shared wheel: it unparks a parker when its time has come.

import { checkNumber } from "../arguments.ts";
import {
  ARMED,
  CLOSED,
  FIRED,
  HAND_OFF,
  RING,
  STALE,
  TIMER_ENDED,
} from "../core/core.generated.ts";
import type { TimerHandle } from "../core/handle.ts";
import { type Local, wakeSummoned } from "../core/local.ts";
import { ArgumentRangeError, ReleasedError, ShutdownError } from "../errors.ts";

/**
 * - `"idle"`: not armed since it was claimed or cancelled.
 * - `"armed"`: waits for its deadline.
 * - `"fired"`: its deadline has passed, and its parker was unparked.
 * - `"shutdown"`: the runtime was shut down before its deadline.
 */
export type TimerState = "idle" | "armed" | "fired" | "shutdown";

/**
 * Unparks a parker at a deadline.
 *
 * Timers lie in one wheel for the whole runtime. Whichever thread is parked in
 * the driver fires everybody's; if all threads are busy, they fire at the next
 * park. Any thread may arm and cancel any timer; of two that do so at the same
 * time, the last one counts.
 */
export class Timer {
  readonly #local: Local;

  /** Identifies the timer to other threads. */
  readonly handle: TimerHandle;

  /**
   * Constructs a timer. Call `Runtime.timer()` instead.
   *
   * @param local This thread's part of the runtime.
   * @param handle A handle of the runtime's.
   */
  constructor(local: Local, handle: TimerHandle) {
    this.#local = local;
    this.handle = handle;
  }

  /**
   * What has become of it.
   *
   * @throws {ReleasedError} If the timer was released.
   */
  get state(): TimerState {
    const { core } = this.#local;
    const { address, claim } = this.handle;
    if (!core.timerIsClaimed(address, claim)) {
      throw new ReleasedError("read the state", "timer");
    }
    switch (core.timerState(address)) {
      case ARMED:
        return "armed";
      case FIRED:
        return "fired";
      case CLOSED:
        return "shutdown";
    }
    return "idle";
  }

  /**
   * Arms the timer for a deadline, in place of an earlier or later one.
   *
   * It never fires before its deadline, and after it as soon as a thread in the
   * driver gets to it: the wheel turns in steps of a millisecond.
   *
   * @param deadline In milliseconds on the clock of `Runtime.now()`. One that
   * has passed fires at the next turn of the driver.
   * @throws {ArgumentTypeError} If `deadline` is not a number.
   * @throws {ArgumentRangeError} If `deadline` is not finite.
   * @throws {ReleasedError} If the timer was released.
   * @throws {ShutdownError} If the runtime is shut down.
   */
  schedule(deadline: number): void {
    checkNumber("schedule the timer", "deadline", deadline);
    if (!Number.isFinite(deadline)) {
      throw new ArgumentRangeError(
        "Cannot schedule the timer as deadline must be finite: current " +
          `value is ${deadline}; cancel() the timer instead`,
      );
    }
    const { core, timerThread, driver } = this.#local;
    const { address, claim } = this.handle;
    const code = core.timerArm(address, claim, deadline, timerThread);
    if (code === STALE) throw new ReleasedError("schedule", "timer");
    if (code === TIMER_ENDED) throw new ShutdownError("schedule a timer");
    if (code === RING) driver?.unpark();
    if (code === HAND_OFF) wakeSummoned(this.#local, core.driverHandOff());
  }

  /**
   * Disarms the timer.
   *
   * @returns Whether it was armed: if so, it does not fire any more.
   * @throws {ReleasedError} If the timer was released.
   */
  cancel(): boolean {
    const { core, timerThread } = this.#local;
    const { address, claim } = this.handle;
    const found = core.timerCancel(address, claim, timerThread);
    if (found < 0) throw new ReleasedError("cancel", "timer");
    return found !== 0;
  }

  /**
   * Gives the timer back to the runtime, disarmed. Its handles go stale.
   * Releasing twice does nothing.
   */
  release(): void {
    const { core, timerThread } = this.#local;
    core.timerRelease(this.handle.address, this.handle.claim, timerThread);
  }

  /** Releases the timer. */
  [Symbol.dispose](): void {
    this.release();
  }
}
