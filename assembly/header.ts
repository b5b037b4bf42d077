// What a memory says about itself, and the one flag that ends it.

import { HEADER, SHUTDOWN, THREADS } from "./layout";

/** Blocking parks may take the driver. */
export const BLOCKING_DRIVER: i32 = 1;
/** The host sleeps and wakes, by the kernel's futex, in the core's place. */
export const HOST_WAIT: i32 = 2;
/** The driver serves timers and nothing else. */
export const TIMERS_ONLY: i32 = 4;
/** The driver sleeps in a selector of the operating system's. */
export const SELECTOR: i32 = 8;

/**
 * The first line of the memory. Written once, before the memory is handed to
 * another thread; posting it is what orders these fields.
 */
@unmanaged
export class Header {
  /** `MAGIC`, or the memory is not ours. */
  magic: i32;
  /** `LAYOUT_VERSION` of the core that wrote the memory. */
  version: i32;
  /** Tells one runtime's handles from another's. Random. */
  id: i32;
  /** `BLOCKING_DRIVER`, `HOST_WAIT`, `TIMERS_ONLY`, `SELECTOR`. */
  flags: i32;
  /** Records in each region. */
  parkers: i32;
  locks: i32;
  timers: i32;
  registrations: i32;
  /** Tick 0 of the timer wheel, in milliseconds on the shared clock. */
  epochMs: f64;

  /** Whether a blocking park may sleep in the driver. */
  get hasBlockingDriver(): bool {
    return (this.flags & BLOCKING_DRIVER) != 0;
  }

  /** Whether the driver serves timers and nothing else. */
  get hasTimersOnly(): bool {
    return (this.flags & TIMERS_ONLY) != 0;
  }

  /** Whether it is the host that wakes whoever sleeps in the driver. */
  get hasHostBell(): bool {
    return (this.flags & (HOST_WAIT | SELECTOR)) != 0;
  }

  /** Whether the host sleeps and wakes in the core's place. */
  get hasHostWait(): bool {
    return (this.flags & HOST_WAIT) != 0;
  }
}

/** The header of the one memory that an instance has. */
export function header(): Header {
  return changetype<Header>(HEADER);
}

/** Whether the runtime was shut down. It stays so. */
export function isShutdown(): bool {
  // Acquire. Pairs with the exchange in `beginShutdown()`, which comes before
  // the tokens that announce it [S1].
  return atomic.load<i32>(SHUTDOWN) != 0;
}

/** Shuts the runtime down. Returns whether this call was the first. */
export function beginShutdown(): bool {
  // 0 -> 1, once. Whoever does it wakes all.
  // Release. Pairs with the load in `isShutdown()` [S1].
  return atomic.xchg<i32>(SHUTDOWN, 1) == 0;
}

/** The next thread id: 1, 2, 3, … */
export function nextThread(): i32 {
  // Relaxed: only uniqueness is asked of it, and the operation is indivisible.
  return atomic.add<i32>(THREADS, 1) + 1;
}
