// Threads for exit_script.ts.

import process from "node:process";
import { type ParkerHandle, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { SelectorName } from "./selectors.ts";

/** Starts a wait that its thread goes on with when it has returned. */
async function wait(runtime: Runtime, fd: number): Promise<void> {
  const watch = runtime.register(fd, { read: true });
  await watch.readable();
  watch.deregister();
}

export default bodies({
  park: (runtime, { handle }: { handle: ParkerHandle }) =>
    runtime.adopt(handle).park(),

  shutdown: (runtime) => runtime.shutdown(),

  wait: (runtime, { fd }: { fd: number }) => void wait(runtime, fd),

  waitAndExit: (runtime, { fd }: { fd: number }) =>
    void wait(runtime, fd).then(() => process.exit(5)),

  /** Makes a runtime, and sleeps in its driver. */
  create: (_, { driver }: { driver: SelectorName }) => {
    const runtime = Runtime.create({ driver });
    const parker = runtime.parker();
    setTimeout(() => parker.park(), 20);
    return { runtime: runtime.handle, parker: parker.handle };
  },
});
