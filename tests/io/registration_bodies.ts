// Threads for registration_test.ts.

import type { RegistrationHandle } from "../../mod.ts";
import { bodies, publish } from "../threads.ts";

interface Waiting {
  handle: RegistrationHandle;
  way?: "read" | "write";
  /** Whether it blocks. */
  blocks?: boolean;
  /** The first word: it waits, or is just about to. */
  words: Int32Array<SharedArrayBuffer>;
}

export default bodies({
  /** Waits for a descriptor. Says how it ended. */
  async wait(runtime, { handle, way = "read", blocks, words }: Waiting) {
    const watch = runtime.attachRegistration(handle);
    try {
      if (blocks) {
        publish(words, 0, 1);
        return watch.readySync(way).isReadable;
      }
      const wait = watch.ready(way);
      publish(words, 0, 1);
      return (await wait).isReadable;
    } catch (error) {
      return (error as Error).name;
    }
  },

  /** Registers what another thread has opened. */
  register(runtime, { fd }: { fd: number }) {
    return runtime.register(fd, { read: true }).handle;
  },

  /** Ends another thread's registration. */
  deregister(runtime, { handle }: { handle: RegistrationHandle }) {
    runtime.attachRegistration(handle).deregister();
  },
});
