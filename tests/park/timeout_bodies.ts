// Threads for timeout_test.ts.

import type { ParkerHandle } from "../../mod.ts";
import { bodies } from "../threads.ts";

/** Milliseconds. */
const TIMEOUT = 0.4;

export default bodies({
  /**
   * Parks with a timeout that a token is likely to meet, and then until the
   * token is there; each round asks for one. Returns what went wrong.
   */
  async meetTokens(runtime, { handle, other, rounds, yields }: {
    handle: ParkerHandle;
    other: ParkerHandle;
    rounds: number;
    yields: boolean;
  }) {
    const parker = runtime.adopt(handle);
    const peer = runtime.unparker(other);
    const park = (timeout: number) =>
      yields ? parker.parkAsync({ timeout }) : parker.parkTimeout(timeout);
    const wrong: string[] = [];
    let timeouts = 0;
    for (let round = 0; round < rounds; round++) {
      peer.unpark();
      const first = await park(TIMEOUT);
      if (first === "timed-out") {
        timeouts++;
        const second = await park(15_000);
        if (second !== "unparked") wrong.push(`${second} for a lost token`);
      } else if (first !== "unparked") {
        wrong.push(first);
      }
      const third = await park(0.01);
      if (third !== "timed-out") wrong.push(`${third} for no token`);
    }
    peer.unpark();
    return { wrong, timeouts };
  },

  /** Unparks about when the other's timeout ends, each time it is asked to. */
  unparkInTime(runtime, { handle, other, rounds }: {
    handle: ParkerHandle;
    other: ParkerHandle;
    rounds: number;
  }) {
    const parker = runtime.adopt(handle);
    const peer = runtime.unparker(other);
    for (let round = 0; round <= rounds; round++) {
      if (parker.parkTimeout(15_000) !== "unparked") return;
      if (round === rounds) return;
      // A little earlier or later each time.
      const due = runtime.now() + TIMEOUT + (round % 16) / 40 - 0.2;
      while (runtime.now() < due) { /* The wait is what is tested. */ }
      peer.unpark();
    }
  },

  /** Parks with a timeout while the other clocks of the thread go astray. */
  parkWithoutClocks(runtime, { handle, timeout }: {
    handle: ParkerHandle;
    timeout: number;
  }) {
    const parker = runtime.adopt(handle);
    const { now } = Date;
    let jump = 0;
    Date.now = () => now() + (jump = jump > 0 ? -1e9 : 1e9);
    try {
      const began = performance.now();
      const result = parker.parkTimeout(timeout);
      return { result, early: performance.now() - began < timeout - 0.01 };
    } finally {
      Date.now = now;
    }
  },
});
