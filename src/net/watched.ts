// A file descriptor of layby's own, which the driver watches: what is tried on
// it, and what is known of how ready it is. Tokio's `PollEvented`.

import type { RegistrationPlace } from "../driver.ts";
import { errnoName } from "../errno.ts";
import {
  ArgumentTypeError,
  ReleasedError,
  ShutdownError,
  SystemError,
  TimedOutError,
} from "../errors.ts";
import { checkInterest, type Interest, Ready, wayOf } from "../io/ready.ts";
import type { Watch } from "../io/watch.ts";
import type { Need, Steps } from "./steps.ts";
import type { System } from "./system.ts";

/** The ways to wait, as the core counts them. */
export const READING = wayOf("read");
export const WRITING = wayOf("write");

/** A call of C that fails with `EAGAIN` rather than block. */
export interface Attempt {
  /** What it is for, as in `Cannot read`. */
  readonly action: string;
  readonly syscall: string;
  /** What to wait for if it would block. */
  readonly way: number;
  /** Returns less than 0 if it failed. */
  readonly call: (fd: number) => number;
  /** A result that is less, but not 0, says that it would block the next time. */
  readonly wanted?: (() => number) | undefined;
  /** What to do about a failure, if this is known better here. */
  readonly advice?: Readonly<Record<string, string | undefined>>;
}

/** What it takes to have one: how this thread waits, and what it calls. */
export interface Source {
  readonly watch: Watch;
  readonly system: System;
}

/**
 * A descriptor that is open until it is closed or detached. It is the source of
 * others, too: of those that it accepts.
 */
export class Watched implements Source {
  readonly watch: Watch;
  readonly system: System;
  /** What it is, for messages. */
  readonly kind: string;
  #fd: number;
  readonly #needs: readonly [Need, Need];
  /** Whether a call would have blocked when one was last made, by the way. */
  readonly #isUsedUp: [boolean, boolean] = [false, false];
  #how = "";

  /**
   * Has the driver watch a descriptor, which is closed if that fails.
   *
   * @throws {LaybyError} As `Runtime.register()`.
   */
  static take(
    source: Source,
    fd: number,
    kind: string,
    interest?: Interest,
  ): Watched {
    return source.system.orClose(
      fd,
      () => Watched.adopt(source, fd, kind, interest),
    );
  }

  /** The same, but it is left open. */
  static adopt(
    source: Source,
    fd: number,
    kind: string,
    interest: Interest = { read: true, write: true },
  ): Watched {
    const bits = checkInterest("register a file descriptor", interest);
    // Its own: closed with the worker, if that dies.
    const place = source.watch.register(fd, bits, true);
    return new Watched(source, fd, kind, place);
  }

  private constructor(
    { watch, system }: Source,
    fd: number,
    kind: string,
    place: RegistrationPlace,
  ) {
    this.watch = watch;
    this.system = system;
    this.kind = kind;
    this.#fd = fd;
    this.#needs = [{ place, way: READING }, { place, way: WRITING }];
  }

  /** Whether it was closed or detached. */
  get isClosed(): boolean {
    return this.#fd < 0;
  }

  /** @throws {ReleasedError} If it was closed or detached. */
  fdFor(action: string): number {
    if (this.#fd >= 0) return this.#fd;
    throw new ReleasedError(action, this.kind, this.#how);
  }

  /** Calls, and waits until it does not block. */
  *attempt(attempt: Attempt): Steps<number> {
    const { action, way } = attempt;
    for (let hasTried = false;; hasTried = true) {
      const fd = this.fdFor(action);
      // Before the call: what comes after it is no use of this.
      const seen = this.#look(way);
      const isTried = seen !== undefined || !this.#isUsedUp[way];
      const result = isTried ? this.#try(attempt, fd, seen) : undefined;
      if (result !== undefined) return result;
      try {
        yield* this.wait(action, way);
      } catch (error) {
        if (hasTried || isTried || !isOver(error)) throw error;
        // Nobody may have asked the system since.
        const last = this.#try(attempt, fd, undefined);
        if (last === undefined) throw error;
        return last;
      }
    }
  }

  /** Calls. Undefined if that would block. */
  #try(
    { action, syscall, way, call, wanted, advice }: Attempt,
    fd: number,
    seen: Ready | undefined,
  ): number | undefined {
    for (;;) {
      const result = call(fd);
      if (result >= 0) {
        const isShort = wanted && result > 0 && result < wanted();
        this.#use(way, isShort === true, seen);
        return result;
      }
      const errno = this.system.libc.errno();
      const name = errnoName(errno);
      if (name === "EINTR") continue;
      if (name !== "EAGAIN") {
        throw new SystemError(action, syscall, errno, advice?.[name ?? ""]);
      }
      this.#use(way, true, seen);
      return undefined;
    }
  }

  /** Waits until it may be ready. */
  *wait(action: string, way: number): Steps<void> {
    try {
      yield this.#needs[way]!;
    } catch (error) {
      // Whoever waits is told that the registration has ended.
      if (error instanceof ReleasedError) this.fdFor(action);
      throw error;
    }
  }

  /** Says that what it was ready for is used up. */
  useUp(way: number): Ready | undefined {
    const seen = this.#look(way);
    this.#use(way, true, seen);
    return seen;
  }

  /** As far as is known. */
  #look(way: number): Ready | undefined {
    const { place } = this.#needs[way]!;
    return this.watch.waits.look(place, way);
  }

  #use(way: number, isUsedUp: boolean, seen: Ready | undefined): void {
    this.#isUsedUp[way] = isUsedUp;
    if (!isUsedUp || !seen) return;
    const { address, claim } = this.#needs[way]!.place;
    const { core } = this.watch.local;
    core.registrationClear(address, claim, Ready.wordOf(seen));
  }

  /** Ends the registration, and leaves the descriptor open. */
  detach(): number {
    const fd = this.fdFor("detach");
    this.#release("was detached: make another of its descriptor");
    return fd;
  }

  /** Closes the descriptor. Doing it twice does nothing. */
  close(): void {
    if (this.isClosed) return;
    const fd = this.#fd;
    this.#release("is closed: open another");
    // Whatever it returns: there is no such descriptor any more.
    this.system.libc.call.close(fd);
  }

  #release(how: string): void {
    this.#fd = -1;
    this.#how = how;
    this.watch.driver.deregister(this.#needs[0].place);
  }
}

/** Whether a wait has ended for a reason that is not the descriptor's. */
function isOver(error: unknown): boolean {
  return error instanceof TimedOutError || error instanceof ShutdownError;
}

/** Bytes to read or write. C gets no view of what moves. */
export function checkBytes(action: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentTypeError(
      `Cannot ${action} as bytes must be a Uint8Array: current value is ` +
        (bytes === null ? "null" : typeof bytes),
    );
  }
  // What a small view shows moves out of V8's heap when its buffer is first
  // asked for, and then stays where it is.
  void bytes.buffer;
}

/** How many bytes there are to read to, or write; not 0. */
export function sizeOf(action: string, bytes: Uint8Array): number {
  const { byteLength } = bytes;
  if (byteLength > 0) return byteLength;
  throw new ArgumentTypeError(
    `Cannot ${action} as bytes were transferred or shrunk meanwhile`,
  );
}
