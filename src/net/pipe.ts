// Pipes: bytes in one direction.

import type { Io } from "../io/io.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import { adopt, Descriptor, sourceOf } from "./descriptor.ts";
import { takeBoth } from "./pairs.ts";
import { run, runSync } from "./steps.ts";
import {
  PIPE,
  READ,
  reading,
  WRITE,
  WRITE_ALL,
  writing,
  writingAll,
} from "./transfer.ts";

const READER = "pipe reader";
const WRITER = "pipe writer";
const READS = { read: true };
const WRITES = { write: true };

/** The end of a pipe that is read. */
export class PipeReader extends Descriptor {
  /**
   * Makes a reader of a number, which becomes the reader's to close: what
   * `detach()` or `dup()` returned on any thread, or another non-blocking pipe.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): PipeReader {
    return readerOf(io, fd, READER);
  }

  /**
   * Reads what there is, once there is something. Null at the end, when all
   * writers are closed.
   *
   * @throws {LaybyError} As `Stream.read()`.
   */
  read(bytes: Uint8Array, options?: ReadyOptions): Promise<number | null> {
    const watched = Descriptor.watchedOf(this);
    return run(watched, READ, reading(watched, PIPE, bytes), options);
  }

  /**
   * As {@linkcode PipeReader.read}, and blocks.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  readSync(bytes: Uint8Array, options?: ReadySyncOptions): number | null {
    const watched = Descriptor.watchedOf(this);
    return runSync(watched, READ, reading(watched, PIPE, bytes), options);
  }
}

/** A reader that is called something else in messages. */
export function readerOf(io: Io, fd: number, kind: string): PipeReader {
  return new PipeReader(adopt(io, fd, kind, READS));
}

/** The end of a pipe that is written. */
export class PipeWriter extends Descriptor {
  /**
   * Makes a writer of a number, which becomes the writer's to close: what
   * `detach()` or `dup()` returned on any thread, or another non-blocking pipe.
   *
   * @throws {LaybyError} As `TcpStream.from()`.
   */
  static from(io: Io, fd: number): PipeWriter {
    return new PipeWriter(adopt(io, fd, WRITER, WRITES));
  }

  /**
   * Writes what there is room for, once there is some. Returns how many bytes.
   *
   * @throws {LaybyError} As `Stream.write()`: `EPIPE` if nobody reads.
   */
  write(bytes: Uint8Array, options?: ReadyOptions): Promise<number> {
    const watched = Descriptor.watchedOf(this);
    return run(watched, WRITE, writing(watched, PIPE, bytes), options);
  }

  /**
   * As {@linkcode PipeWriter.write}, and blocks.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  writeSync(bytes: Uint8Array, options?: ReadySyncOptions): number {
    const watched = Descriptor.watchedOf(this);
    return runSync(watched, WRITE, writing(watched, PIPE, bytes), options);
  }

  /**
   * Writes all bytes. If it fails or is aborted, some may have been written.
   *
   * @throws {LaybyError} As {@linkcode PipeWriter.write}.
   */
  writeAll(bytes: Uint8Array, options?: ReadyOptions): Promise<void> {
    const watched = Descriptor.watchedOf(this);
    const steps = writingAll(watched, PIPE, bytes);
    return run(watched, WRITE_ALL, steps, options);
  }

  /**
   * As {@linkcode PipeWriter.writeAll}, and blocks.
   *
   * @throws {LaybyError} As `Stream.readSync()`.
   */
  writeAllSync(bytes: Uint8Array, options?: ReadySyncOptions): void {
    const watched = Descriptor.watchedOf(this);
    const steps = writingAll(watched, PIPE, bytes);
    runSync(watched, WRITE_ALL, steps, options);
  }
}

/** The two ends of a pipe. */
export interface Pipe {
  /** Reads what was written. */
  readonly reader: PipeReader;
  /** Writes. */
  readonly writer: PipeWriter;
}

/**
 * Makes a pipe: `detach()` an end for another thread.
 *
 * @throws {LaybyError} As `TcpStream.connect()`.
 */
export function pipe(io: Io): Pipe {
  return pipeOf(io, [READER, WRITER]);
}

/** Makes a pipe whose ends are called something else in messages. */
export function pipeOf(io: Io, kinds: readonly [string, string]): Pipe {
  const action = "make a pipe";
  const source = sourceOf(action, io);
  const { libc: { call }, numbers: { O_FLAGS } } = source.system;
  const [reader, writer] = takeBoth(source, action, "pipe2", {
    open: (fds) => call.pipe2(fds, O_FLAGS),
    kinds,
    interests: [READS, WRITES],
  });
  return { reader: new PipeReader(reader), writer: new PipeWriter(writer) };
}
