// Threads for async_park_test.ts.

import type { ParkerHandle } from "../../mod.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /**
   * Answers tokens without a pause until its event loop has served timers and
   * messages, so many times each. Returns the rounds that it took.
   */
  async answerUntilServed(runtime, { handle, other, turns }: {
    handle: ParkerHandle;
    other: ParkerHandle;
    turns: number;
  }) {
    const parker = runtime.adopt(handle);
    const peer = runtime.unparker(other);
    let timeouts = 0;
    let messages = 0;
    const timer = setInterval(() => timeouts++, 1);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      messages++;
      port2.postMessage(messages);
    };
    port2.postMessage(messages);
    let rounds = 0;
    // As many rounds as take minutes: it is not served.
    while (Math.min(timeouts, messages) < turns && rounds < 5_000_000) {
      peer.unpark();
      if (await parker.parkAsync({ timeout: 15_000 }) !== "unparked") break;
      rounds++;
    }
    clearInterval(timer);
    port1.close();
    port2.close();
    return { timeouts, messages, rounds };
  },

  /** Answers tokens until there are none for a while, or it is shut down. */
  echo(runtime, { handle, other }: {
    handle: ParkerHandle;
    other: ParkerHandle;
  }) {
    const parker = runtime.adopt(handle);
    const peer = runtime.unparker(other);
    while (parker.parkTimeout(15_000) === "unparked") peer.unpark();
  },
});
