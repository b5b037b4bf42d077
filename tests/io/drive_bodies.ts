// Thread bodies for drive_test.ts. Each runs on a thread of its own.

import { UnixStream } from "../../mod.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /** Waits in its event loop, until it wakes itself. */
  wait: async ({ io }) => {
    const [one, other] = UnixStream.pair(io);
    setTimeout(() => other.writeAllSync(Uint8Array.of(1)), 100);
    const count = await one.read(new Uint8Array(8));
    one.close();
    other.close();
    return count;
  },

  /** Blocks for ever. */
  block: ({ io }) => {
    const [one] = UnixStream.pair(io);
    one.readSync(new Uint8Array(8));
  },
});
