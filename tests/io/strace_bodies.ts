// Threads for strace_script.ts.

import type { ParkerHandle } from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /** Parks until the runtime is shut down. Says who the kernel has it be. */
  park(runtime, { handle, words }: {
    handle: ParkerHandle;
    words: Int32Array<SharedArrayBuffer>;
  }) {
    Atomics.store(words, 0, currentHost().kernelThreads()?.current ?? 0);
    const parker = runtime.adopt(handle);
    while (parker.park() !== "shutdown");
  },
});
