// A thread that does nothing but drive, when all others are in their event loops
// or busy: those cannot sleep in the operating system's selector.

import { compose, currentHost } from "../compose.ts";
import type { ParkerHandle } from "../core/handle.ts";
import { deliver, type Local, share } from "../core/local.ts";
import { attachCore, type RuntimeHandle } from "../core/module.ts";
import { standBy } from "../park/blocking_park.ts";
import { claimParker } from "../park/claim.ts";

/** What that thread is started with. */
interface DriverStart {
  readonly handle: RuntimeHandle;
  readonly parker: ParkerHandle;
  /** Not 0: it is to end. */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/**
 * Starts that thread, if there is none. It ends with the runtime, or with the
 * thread that has started it.
 *
 * @throws {ExhaustedError} If there is no parker left for it.
 */
export function driveForOthers(local: Local): void {
  const { core, io, host, handle } = local;
  if (!io || !core.pollDrive()) return;
  try {
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const parker = claimParker(local).detach();
    const start: DriverStart = { handle, parker, stop };
    share(local);
    const thread = host.spawn(
      // The name as it is exported: a minifier may have changed the function's.
      { module: import.meta.url, name: "runDriver" },
      start,
      { name: "layby-driver" },
    );
    // Whoever waits keeps the process alive.
    thread.setAlive(false);
    // Node ends it together with a thread of the user's that has started it, and
    // would wait for it for ever. The main thread's end is the runtime's.
    if (!host.self()) return;
    const forget = host.onExit?.(() => stopDriver(local, start));
    thread.onExit(() => forget?.());
  } catch (error) {
    core.pollUndrive();
    throw error;
  }
}

/** Ends that thread. Others who wait start one of their own. */
function stopDriver(local: Local, { parker, stop }: DriverStart): void {
  const { core, io } = local;
  Atomics.store(stop, 0, 1);
  const { address, claim } = parker;
  deliver(local, core.parkerUnpark(address, claim), address);
  core.pollUndrive();
  if (!core.shutdownBegun()) io!.recall();
}

/**
 * What that thread runs. Not for users.
 */
export function runDriver(): void {
  const host = currentHost();
  const { handle, parker, stop } = host.self()!.data as DriverStart;
  const local = compose(attachCore(handle), host, true);
  const { address, claim } = parker;
  if (!local.core.parkerAdopt(address, claim, local.thread)) return;
  while (Atomics.load(stop, 0) === 0) {
    if (standBy(local, parker) === "shutdown") return;
  }
  local.core.parkerRelease(address, claim);
}
