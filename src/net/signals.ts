// Signals, for any thread: the host's own handler on the main thread writes them
// to a pipe. A signalfd on a thread that the host has made would lose them, or
// end the process, since the other threads do not block them.

import { checkInteger, checkObject } from "../arguments.ts";
import {
  ArgumentRangeError,
  ArgumentTypeError,
  SystemError,
  UnsupportedError,
} from "../errors.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import { Descriptor, sourceOf } from "./descriptor.ts";
import { pipeOf, type PipeReader, type PipeWriter, readerOf } from "./pipe.ts";
import { run, runSync, type Steps } from "./steps.ts";
import { PIPE, reading } from "./transfer.ts";
import type { Watched } from "./watched.ts";

const NEXT = { action: "wait for a signal", twin: "next()" };
/** What is closed, if somebody still waits: `as the set of signals is closed`. */
const KIND = "set of signals";
/** A signal is a byte in the pipe: its place among the names. */
const MOST = 256;

/** What another thread needs to wait for signals: see `Signals.from()`. */
export interface SignalsHandle {
  /** The pipe. */
  readonly fd: number;
  /** The signals. */
  readonly names: readonly string[];
}

/** Writes signals to the pipe, on the main thread. */
class Relay {
  readonly #writer: PipeWriter;
  readonly #stops: (() => void)[] = [];

  constructor(writer: PipeWriter) {
    this.#writer = writer;
  }

  listen(host: Host, action: string, names: readonly string[]): void {
    const { onSignal } = host;
    if (!onSignal) throw new UnsupportedError(action, "the main thread");
    names.forEach((name, index) => {
      const stop = onSignal(name, () => this.#write(index));
      if (!stop) {
        throw new ArgumentRangeError(
          `Cannot ${action} as names must be those of signals that can be ` +
            `caught: current value has ${JSON.stringify(name)}`,
        );
      }
      this.#stops.push(stop);
    });
  }

  #write(index: number): void {
    try {
      this.#writer.writeSync(Uint8Array.of(index), { timeout: 0 });
    } catch (error) {
      // Nobody reads any more; if the pipe is full, one more says nothing.
      if (error instanceof SystemError) this.stop();
    }
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#writer.close();
  }
}

/**
 * Signals of the process, which any thread can wait for, one at a time.
 *
 * The host's handler brings them, so they come when the main thread's event loop
 * runs, and not while that thread blocks. Beyond 65,536 that nobody has taken,
 * more are lost.
 *
 * @example Usage
 * ```ts ignore
 * using signals = Signals.watch(runtime.io, ["SIGTERM", "SIGHUP"]);
 * const name = await signals.next(); // "SIGTERM"
 * ```
 */
export class Signals {
  readonly #reader: PipeReader;
  readonly #relay: Relay | undefined;

  /** What is watched. */
  readonly names: readonly string[];

  private constructor(
    reader: PipeReader,
    names: readonly string[],
    relay?: Relay,
  ) {
    this.#reader = reader;
    this.names = names;
    this.#relay = relay;
  }

  /**
   * Has the host tell of signals, in place of what they do else. On the main
   * thread only.
   *
   * @param names Such as `SIGTERM`. Those that cannot be caught are refused.
   * @throws {ArgumentTypeError} If it is no array of strings.
   * @throws {ArgumentRangeError} If there is no such signal, or none is given.
   * @throws {UnsupportedError} If this is not the main thread.
   * @throws {LaybyError} As `pipe()`.
   */
  static watch(io: Io, names: readonly string[]): Signals {
    const action = "watch signals";
    const { watch: { local: { host } } } = sourceOf(action, io);
    const checked = checkNames(action, names);
    const { reader, writer } = pipeOf(io, [KIND, KIND]);
    const relay = new Relay(writer);
    try {
      relay.listen(host, action, checked);
    } catch (error) {
      relay.stop();
      reader.close();
      throw error;
    }
    return new Signals(reader, checked, relay);
  }

  /**
   * Takes the signals over that the main thread has detached.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, handle: SignalsHandle): Signals {
    const action = "take signals over";
    checkObject(action, "handle", handle);
    const names = checkNames(action, handle.names);
    return new Signals(readerOf(io, handle.fd, KIND), names);
  }

  /**
   * Gives the waiting up for another thread. This object still closes what it
   * has opened: keep it.
   *
   * @throws {ReleasedError} If it was closed or detached.
   */
  detach(): SignalsHandle {
    return { fd: this.#reader.detach(), names: this.names };
  }

  /**
   * Waits for the next signal that nobody has taken. Null if there will be none,
   * as the main thread has closed it.
   *
   * @throws {LaybyError} As `Stream.read()`.
   */
  next(options?: ReadyOptions): Promise<string | null> {
    const watched = Descriptor.watchedOf(this.#reader);
    return run(watched, NEXT, taking(watched, this.names), options);
  }

  /**
   * As {@linkcode Signals.next}, and blocks. On the main thread that is for what
   * has been brought already.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  nextSync(options?: ReadySyncOptions): string | null {
    const watched = Descriptor.watchedOf(this.#reader);
    return runSync(watched, NEXT, taking(watched, this.names), options);
  }

  /**
   * Ends it. On the main thread signals do again what they did; elsewhere that is
   * so from the next one on. Doing it twice does nothing.
   */
  close(): void {
    this.#relay?.stop();
    this.#reader.close();
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Takes one from the pipe. */
function* taking(
  watched: Watched,
  names: readonly string[],
): Steps<string | null> {
  const byte = new Uint8Array(new ArrayBuffer(1));
  const count = yield* reading(watched, PIPE, byte);
  return count === null ? null : names[byte[0]!]!;
}

function checkNames(action: string, names: unknown): readonly string[] {
  const isNames = Array.isArray(names) &&
    names.every((name) => typeof name === "string");
  if (!isNames) {
    throw new ArgumentTypeError(
      `Cannot ${action} as names must be an array of strings, such as ` +
        `["SIGTERM"]`,
    );
  }
  checkInteger(action, "the number of names", names.length, 1, MOST);
  return [...names];
}
