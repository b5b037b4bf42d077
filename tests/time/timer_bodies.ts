// Threads for timer_test.ts.

import type { ParkerHandle, TimerHandle } from "../../mod.ts";
import { bodies } from "../threads.ts";

const DAY = 86_400_000;

export default bodies({
  /** Arms a timer of another thread, so many milliseconds from now. */
  schedule(runtime, { timer, after }: { timer: TimerHandle; after: number }) {
    runtime.attachTimer(timer).schedule(runtime.now() + after);
  },

  /** Disarms a timer of another thread. Returns whether it was armed. */
  cancel(runtime, { timer }: { timer: TimerHandle }) {
    return runtime.attachTimer(timer).cancel();
  },

  /** Asks for timers, and parks for each. Returns the rounds that it missed. */
  awaitTimers(runtime, { handle, other, rounds, yields }: {
    handle: ParkerHandle;
    other: ParkerHandle;
    rounds: number;
    yields: boolean;
  }) {
    const parker = runtime.adopt(handle);
    const peer = runtime.unparker(other);
    const timeout = 15_000;
    return (async () => {
      for (let round = 0; round < rounds; round++) {
        peer.unpark();
        const result = yields
          ? await parker.parkAsync({ timeout })
          : parker.parkTimeout(timeout);
        if (result !== "unparked") return rounds - round;
      }
      return 0;
    })();
  },

  /** Arms a timer far ahead and then soon, each time it is asked to. */
  armTwice(runtime, { handle, other, rounds }: {
    handle: ParkerHandle;
    other: ParkerHandle;
    rounds: number;
  }) {
    const parker = runtime.adopt(handle);
    const timer = runtime.timer(other);
    for (let round = 0; round < rounds;) {
      const result = parker.parkTimeout(15_000);
      // It may have the driver, and fire the timer of the other.
      if (result === "driver") continue;
      if (result !== "unparked") return;
      timer.schedule(runtime.now() + DAY);
      timer.schedule(runtime.now() + (round % 8) / 10);
      round++;
    }
  },
});
