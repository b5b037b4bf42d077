// A thread that does nothing but drive, when all others are in their event loops
// or busy: those cannot sleep in the operating system's selector.

import { compose, currentHost } from "../compose.ts";
import type { ParkerHandle } from "../core/handle.ts";
import { deliver, type Local, share } from "../core/local.ts";
import { attachCore, type RuntimeHandle } from "../core/module.ts";
import { ShutdownError } from "../errors.ts";
import { standBy } from "../park/blocking_park.ts";
import { claimParker } from "../park/claim.ts";

/** What that thread is started with. */
interface DriverStart {
  readonly handle: RuntimeHandle;
  readonly parker: ParkerHandle;
  /** A word for what it does. */
  readonly stage: Int32Array<SharedArrayBuffer>;
}

// What that thread does.
/** It has not begun yet. */
const STARTING = 0;
/** It drives. */
const DRIVING = 1;
/** It is to end. */
const STOPPING = 2;
/** It does not touch the runtime any more. */
const STOPPED = 3;

/** Milliseconds until it has stopped, on the busiest of machines. */
const PATIENCE = 1000;

/**
 * Starts that thread, if there is none. It ends with the runtime, or with the
 * thread that has started it. Nobody drives for a runtime that is shut down.
 *
 * @throws {ExhaustedError} If there is no parker left for it.
 */
export function driveForOthers(local: Local): void {
  const { core, io, host, handle } = local;
  if (!io || !core.pollDrive(1)) return;
  try {
    const stage = new Int32Array(new SharedArrayBuffer(4));
    const parker = claimParker(local).detach();
    const start: DriverStart = { handle, parker, stage };
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
    core.pollDrive(0);
    if (!(error instanceof ShutdownError)) throw error;
  }
}

/**
 * Ends that thread, and waits until it has left the driver, since the host may
 * end it anywhere then. Others who wait start one of their own.
 */
function stopDriver(local: Local, { parker, stage }: DriverStart): void {
  const { core, io } = local;
  // Starting or driving -> stopping. Or stopped, with the runtime: then it makes
  // no difference.
  // Relaxed: it carries nothing; the token that follows does.
  const before = Atomics.exchange(stage, 0, STOPPING);
  const { address, claim } = parker;
  deliver(local, core.parkerUnpark(address, claim), address);
  // Acquire. Pairs with the store in `runDriver()` [U3].
  if (before === DRIVING) Atomics.wait(stage, 0, STOPPING, PATIENCE);
  core.pollDrive(0);
  if (!core.shutdownBegun()) io!.recall();
}

/**
 * What that thread runs. Not for users.
 */
export function runDriver(): void {
  const host = currentHost();
  const { handle, parker, stage } = host.self()!.data as DriverStart;
  const local = compose(attachCore(handle), host, true);
  const { core, thread } = local;
  const { address, claim } = parker;
  // Starting -> driving, or it is stopping already.
  // Relaxed: it carries nothing.
  if (Atomics.compareExchange(stage, 0, STARTING, DRIVING) === STARTING) {
    core.parkerAdopt(address, claim, thread);
    // Relaxed: it is stored before the token that ends the sleep.
    while (Atomics.load(stage, 0) === DRIVING) {
      if (standBy(local, parker) === "shutdown") break;
    }
    core.parkerRelease(address, claim);
  }
  // Driving or stopping -> stopped.
  // Release. Pairs with the wait in `stopDriver()` [U3].
  Atomics.store(stage, 0, STOPPED);
  // Relaxed: the store above carries it.
  Atomics.notify(stage, 0);
}
