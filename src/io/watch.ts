// How one thread waits for the file descriptors that its runtime watches.

import type { Local } from "../core/local.ts";
import type { IoDriver, RegistrationPlace } from "../driver.ts";
import {
  CannotBlockError,
  ShutdownError,
  TimedOutError,
  UnsupportedError,
} from "../errors.ts";
import type { Ready } from "./ready.ts";
import { type Sleeper, Waits } from "./waits.ts";

const ACTION = "wait for a file descriptor";
const REGISTER = "register a file descriptor";

/** How a thread sleeps that waits for descriptors. */
export interface IoSleeper extends Sleeper {
  /**
   * Blocks until a token comes, or for `timeout` milliseconds. Returns whether
   * the runtime was shut down.
   */
  block(timeout: number): boolean;
  /** Calls a function in which `block()` is called. */
  toBlock<T>(callee: () => T): T;
}

/** File descriptors, for one thread of a runtime. */
export class Watch {
  /** This thread's part of the runtime. */
  readonly local: Local;
  readonly waits: Waits;
  readonly #sleeper: IoSleeper;

  constructor(local: Local, sleeper: IoSleeper) {
    this.local = local;
    this.#sleeper = sleeper;
    this.waits = new Waits(local, sleeper);
  }

  /** The driver that watches them. */
  get driver(): IoDriver {
    const { io } = this.local;
    if (io) return io;
    throw new UnsupportedError(
      REGISTER,
      'a driver that takes any: create with { driver: "epoll" } or "kqueue"',
    );
  }

  /**
   * Registers a descriptor: bits of interest, as the driver has them.
   *
   * @param isOwned Whether it is closed if this thread dies, a worker's.
   */
  register(fd: number, interest: number, isOwned = false): RegistrationPlace {
    const { core, futex, thread } = this.local;
    const { driver } = this;
    if (core.shutdownBegun()) throw new ShutdownError(REGISTER);
    const owner = isOwned ? -thread : thread;
    const place = driver.register(fd, interest, owner);
    // Whoever sleeps on its own word may be wanted in the driver now.
    const address = core.driverHandOff();
    if (address !== 0) futex!.wake(address);
    return place;
  }

  /** Waits in the event loop. */
  wait(
    place: RegistrationPlace,
    way: number,
    signal: AbortSignal | undefined,
  ): Promise<Ready> {
    if (this.local.core.shutdownBegun()) {
      return Promise.reject(new ShutdownError(ACTION));
    }
    return this.waits.wait(place, way, signal);
  }

  /** Blocks for so many milliseconds at most. */
  block(place: RegistrationPlace, way: number, timeout: number): Ready {
    const { host, mayBlock } = this.local;
    if (!mayBlock) throw new CannotBlockError(ACTION, "readable()");
    const deadline = timeout === Infinity ? timeout : host.now() + timeout;
    return this.#sleeper.toBlock(() =>
      this.#block(place, way, timeout, deadline)
    );
  }

  #block(
    place: RegistrationPlace,
    way: number,
    timeout: number,
    deadline: number,
  ): Ready {
    const { core, host } = this.local;
    try {
      for (;;) {
        const ready = this.waits.arm(place, way);
        if (ready) return ready;
        if (core.shutdownBegun()) throw new ShutdownError(ACTION);
        const left = deadline === Infinity ? deadline : deadline - host.now();
        if (left <= 0) {
          throw new TimedOutError("The wait", timeout, "give it more time");
        }
        if (this.#sleeper.block(left)) throw new ShutdownError(ACTION);
      }
    } finally {
      this.waits.disarm(place, way);
      // What came for others of this thread meanwhile is theirs.
      this.waits.settle();
    }
  }
}
