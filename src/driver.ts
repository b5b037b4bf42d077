// The Driver contract: what a thread sleeps in when it parks. Types only.

/**
 * A source of events to sleep in.
 *
 * The order of calls: one thread at a time, the driver's owner, calls
 * {@linkcode Driver.park}, again and again; any thread calls
 * {@linkcode Driver.unpark} at any time; {@linkcode Driver.shutdown} comes once,
 * from any thread, while others may be in `park()`. Timers are none of a
 * driver's business: the owner bounds its sleep by the next deadline, and fires
 * what is due when `park()` returns.
 */
export interface Driver {
  /** The name that `Runtime.create()` knows it by. */
  readonly name: string;
  /** Whether `park()` blocks the thread, rather than return a promise. */
  readonly blocks: boolean;
  /**
   * Sleeps until there is an event, somebody rings, or `timeout` passes;
   * serves the events. May return early.
   *
   * @param timeout In milliseconds. Fractions count; `0` polls, `Infinity` is
   * for ever.
   * @returns How many events it served.
   */
  park(timeout: number): number | Promise<number>;
  /**
   * Rings: the `park()` that goes on returns, or the next one at once. Rings
   * that nobody has heard yet count as one. Sets nobody's token.
   */
  unpark(): void;
  /**
   * Ends the sleep that goes on. The runtime's flag, which is set before, keeps
   * another from beginning.
   */
  shutdown(): void;
}

/** Where a registration lies, and which claim of it. */
export interface RegistrationPlace {
  readonly address: number;
  readonly claim: number;
}

/** A driver with which file descriptors can be registered, on any thread. */
export interface IoDriver extends Driver {
  /**
   * Registers a descriptor.
   *
   * @param interest A bit for each way to wait: 1 to read, 2 to write, 4 for a
   * priority event, 8 for an error.
   * @param owner The thread whose end ends the registration; below 0 if it also
   * closes the descriptor.
   * @throws {ExhaustedError} If all registrations are taken.
   * @throws {ShutdownError} If the runtime is shut down.
   * @throws {SystemError} If the descriptor cannot be waited for.
   */
  register(fd: number, interest: number, owner: number): RegistrationPlace;
  /** Ends a registration. Returns whether this call did it. */
  deregister(place: RegistrationPlace): boolean;
  /** Ends what a thread has left that is dead. */
  bury(thread: number): void;
  /** Whether there is a registration, whose events can end a sleep. */
  readonly hasRegistrations: boolean;
  /**
   * Wakes all who wait for a descriptor, for no reason: they look, and wait
   * again.
   */
  recall(): void;
  /** Wakes the owner, for one who has seen it asleep as it rang. */
  wakeOwner(): void;
  /** Closes its descriptors, for who was told that it is the last. */
  close(): void;
}
