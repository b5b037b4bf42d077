// A file descriptor that the driver watches, as one thread has it.

import { checkObject, checkTimeout } from "../arguments.ts";
import type { RegistrationHandle } from "../core/handle.ts";
import { ArgumentTypeError } from "../errors.ts";
import { Ready, type Way, wayOf } from "./ready.ts";
import type { Watch } from "./watch.ts";

/** What ends a wait early. */
export interface ReadyOptions {
  /** Rejects the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a blocking wait may take. */
export interface ReadySyncOptions {
  /** In milliseconds. Fractions count; `Infinity`, the default, is for ever. */
  readonly timeout?: number;
}

/**
 * A file descriptor that the driver watches.
 *
 * What is ready stays so until {@linkcode Registration.clear} says that it is
 * used up: the driver tells of changes, not of states. So read or write until
 * the system says that it would block, clear what you had seen, and wait again.
 *
 * Any number of waits on one thread can be for the same; two threads cannot wait
 * for the same, but one may wait to read and another to write.
 *
 * @example Usage
 * ```ts ignore
 * using watch = runtime.register(fd, { read: true });
 * for (;;) {
 *   const ready = await watch.readable();
 *   if (read(fd, bytes) === EAGAIN) watch.clear(ready);
 * }
 * ```
 */
export class Registration {
  readonly #watch: Watch;

  /** Identifies the registration to other threads. */
  readonly handle: RegistrationHandle;
  /** The file descriptor. It is never closed by this. */
  readonly fd: number;

  /**
   * Constructs a registration. Call `Runtime.register()` instead.
   *
   * @param watch How this thread waits.
   * @param handle A handle of the runtime's.
   */
  constructor(watch: Watch, handle: RegistrationHandle) {
    this.#watch = watch;
    this.handle = handle;
    this.fd = watch.local.core.registrationFd(handle.address);
  }

  /** Waits until there is something to read, or the end of it. */
  readable(options?: ReadyOptions): Promise<Ready> {
    return this.ready("read", options);
  }

  /** Waits until there is room to write, or nobody reads any more. */
  writable(options?: ReadyOptions): Promise<Ready> {
    return this.ready("write", options);
  }

  /**
   * Waits, in the event loop, until the descriptor is ready.
   *
   * @throws {ArgumentTypeError} If an option has the wrong type.
   * @throws {InUseError} If another thread waits for the same.
   * @throws {ReleasedError} If it is deregistered, before or meanwhile.
   * @throws {ShutdownError} If the runtime is shut down.
   * @throws {unknown} The signal's reason.
   */
  // deno-lint-ignore require-await
  async ready(way: Way, options: ReadyOptions = {}): Promise<Ready> {
    const action = "wait for a file descriptor";
    checkObject(action, "options", options);
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new ArgumentTypeError(
        `Cannot ${action} as signal must be an AbortSignal`,
      );
    }
    return this.#watch.wait(this.handle, wayOf(way), signal);
  }

  /** As {@linkcode Registration.readable}, and blocks. */
  readableSync(options?: ReadySyncOptions): Ready {
    return this.readySync("read", options);
  }

  /** As {@linkcode Registration.writable}, and blocks. */
  writableSync(options?: ReadySyncOptions): Ready {
    return this.readySync("write", options);
  }

  /**
   * Blocks until the descriptor is ready. A thread that blocks so may serve the
   * driver for all.
   *
   * @throws {CannotBlockError} If this thread must not block.
   * @throws {TimedOutError} If the time has passed.
   * @throws {LaybyError} As {@linkcode Registration.ready}.
   */
  readySync(way: Way, options: ReadySyncOptions = {}): Ready {
    const action = "wait for a file descriptor";
    checkObject(action, "options", options);
    const { timeout = Infinity } = options;
    checkTimeout(action, timeout);
    return this.#watch.block(this.handle, wayOf(way), timeout);
  }

  /** Says that what was seen is used up, unless there was an event since. */
  clear(ready: Ready): void {
    if (!(ready instanceof Ready)) {
      throw new ArgumentTypeError(
        "Cannot clear as ready must be what a wait returned",
      );
    }
    const { address, claim } = this.handle;
    this.#watch.local.core.registrationClear(
      address,
      claim,
      Ready.wordOf(ready),
    );
  }

  /** What the descriptor is ready for as far as is known; asks nobody. */
  get state(): Ready {
    const { address, claim } = this.handle;
    const word = this.#watch.local.core.registrationReady(address, claim);
    return new Ready(Math.max(word, 0));
  }

  /**
   * Ends the registration, on any thread, before the descriptor is closed. Those
   * who wait are told with a `ReleasedError`. Doing it twice does nothing.
   */
  deregister(): void {
    this.#watch.driver.deregister(this.handle);
  }

  /** Ends the registration. */
  [Symbol.dispose](): void {
    this.deregister();
  }
}
