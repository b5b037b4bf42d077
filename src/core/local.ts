// What one thread has of a runtime: its instance of the core, its host, its
// driver. Everything that the facade's classes share.

import type { Driver, IoDriver } from "../driver.ts";
import type { Futex, Host } from "../host.ts";
import { RING, WAKE } from "./core.generated.ts";
import type { CoreExports } from "./core.generated.ts";
import { addressOf, type Regions } from "./layout.ts";
import type { RuntimeHandle } from "./module.ts";

/** One thread's part of a runtime. */
export interface Local {
  /** This thread's instance of the core. */
  readonly core: CoreExports;
  /** The shared memory as words. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** What other threads attach to. */
  readonly handle: RuntimeHandle;
  /** Tells this runtime's handles from another's. */
  readonly id: number;
  /** Tells this thread from the others. From 1. */
  readonly thread: number;
  /** The same for the timers: below 0 if it may not wait for their lock. */
  readonly timerThread: number;
  /** Where the records of each kind are, and how many. */
  readonly regions: Regions;
  /** What this JavaScript runtime can do. */
  readonly host: Host;
  /** What a blocking park sleeps in, if it gets the driver; if there is one. */
  readonly driver: Driver | undefined;
  /** The same, if file descriptors can be registered with it. */
  readonly io: IoDriver | undefined;
  /** System calls in place of WebAssembly's wait and notify, if asked for. */
  readonly futex: Futex | undefined;
  /** Whether this thread may block. */
  readonly mayBlock: boolean;
  /**
   * Whether this thread stays in the driver after a turn that has served others:
   * a pool's worker has nothing else to do then.
   */
  readonly staysInDriver: boolean;
  /** Whether other threads can know of this runtime. */
  isShared: boolean;
  /** A driver of its own for each parker that sleeps in its event loop. */
  loopDriver(parker: number): Driver;
}

/** Does what an unpark asks for: see the codes of the core's `unpark()`. */
export function deliver(local: Local, code: number, address: number): void {
  if (code === RING) local.driver?.unpark();
  else if (code === WAKE) local.futex!.wake(address);
}

/** Wakes a sleeper that the core summoned, if the host is to wake it. */
export function wakeSummoned(local: Local, address: number): void {
  if (address !== 0) local.futex!.wake(address);
}

/** Hands a driver without an owner to a sleeper, if the core leaves it to us. */
export function handOff(local: Local): void {
  if (local.futex) wakeSummoned(local, local.core.driverHandOff());
}

/** Wakes whoever sleeps, where waking is the host's. Who has no token sleeps on. */
export function wakeAll({ core, io, futex, regions }: Local): void {
  io?.wakeOwner();
  if (!futex) return;
  futex.wake(core.bellAddress());
  for (let index = 0; index < core.parkersUsed(); index++) {
    futex.wake(addressOf(regions.parkers, index));
  }
}

/**
 * Does what is left to do for a thread that has died, when the core has freed
 * what it held.
 *
 * @param isLast What the core has returned.
 */
export function bury(local: Local, thread: number, isLast: number): void {
  const { core, io, timerThread } = local;
  if (isLast) io!.close();
  io?.bury(thread);
  // It may have been the one that shut the runtime down.
  if (core.shutdownBegun()) {
    core.timersClose(timerThread);
    endParks(local);
  }
  wakeAll(local);
  // It may have been the driver's owner.
  handOff(local);
}

/** Who is to be shut down when the process ends, and what takes that back. */
const atExit = new Map<CoreExports, () => void>();

/**
 * Says that other threads know of the runtime from now on. One that is blocked in
 * the operating system's selector would keep Node from ending: the main thread
 * shuts the runtime down when the process ends.
 */
export function share(local: Local): void {
  if (local.isShared) return;
  local.isShared = true;
  const { core, host, io } = local;
  if (!io || !host.onExit || host.self()) return;
  for (const other of atExit.keys()) {
    // Another thread has done it meanwhile.
    if (other.shutdownBegun()) forget(other);
  }
  atExit.set(core, host.onExit(() => shutdown(local)));
}

function forget(core: CoreExports): void {
  atExit.get(core)?.();
  atExit.delete(core);
}

/** Ends every park, now and for ever. Does nothing the second time. */
export function shutdown(local: Local): void {
  forget(local.core);
  if (local.core.shutdownBegin(local.timerThread)) endParks(local);
}

function endParks(local: Local): void {
  const { core, regions, driver } = local;
  for (let index = 0; index < core.parkersUsed(); index++) {
    const address = addressOf(regions.parkers, index);
    const claim = core.parkerBase(address);
    if (!core.parkerIsClaimed(address, claim)) continue;
    deliver(local, core.parkerUnpark(address, claim), address);
  }
  driver?.shutdown();
}
