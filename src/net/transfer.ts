// Bytes, to and from streams and pipes.

import type { Steps } from "./steps.ts";
import {
  type Attempt,
  checkBytes,
  READING,
  sizeOf,
  type Watched,
  WRITING,
} from "./watched.ts";

/** What reads and writes: `recv()` and `send()`, or `read()` and `write()`. */
export interface Medium {
  readonly read: "recv" | "read";
  readonly write: "send" | "write";
}

/** A socket. */
export const SOCKET: Medium = { read: "recv", write: "send" };
/** A pipe. The runtimes ignore the signal of one that nobody reads. */
export const PIPE: Medium = { read: "read", write: "write" };

/** The names of these operations. */
export const READ = { action: "read", twin: "read()" };
export const WRITE = { action: "write", twin: "write()" };
export const WRITE_ALL = { action: "write", twin: "writeAll()" };

/** Reads once. */
export function* reading(
  watched: Watched,
  medium: Medium,
  bytes: Uint8Array,
): Steps<number | null> {
  const { action } = READ;
  checkBytes(action, bytes);
  watched.fdFor(action);
  if (bytes.byteLength === 0) return 0;
  const { system: { libc: { call }, flags } } = watched;
  const size = () => sizeOf(action, bytes);
  const count = yield* watched.attempt({
    action,
    syscall: medium.read,
    way: READING,
    wanted: size,
    call: medium.read === "recv"
      ? (fd) => call.recv(fd, bytes, size(), flags)
      : (fd) => call.read(fd, bytes, size()),
  });
  return count === 0 ? null : count;
}

/** Writes once. */
export function* writing(
  watched: Watched,
  medium: Medium,
  bytes: Uint8Array,
): Steps<number> {
  checkBytes(WRITE.action, bytes);
  watched.fdFor(WRITE.action);
  if (bytes.byteLength === 0) return 0;
  return yield* watched.attempt(attemptToWrite(watched, medium, bytes));
}

/** Writes until all is written. */
export function* writingAll(
  watched: Watched,
  medium: Medium,
  bytes: Uint8Array,
): Steps<void> {
  checkBytes(WRITE.action, bytes);
  watched.fdFor(WRITE.action);
  for (let rest = bytes; rest.byteLength > 0;) {
    const count: number = yield* watched.attempt(
      attemptToWrite(watched, medium, rest),
    );
    rest = rest.subarray(count);
  }
}

function attemptToWrite(
  { system: { libc: { call }, flags } }: Watched,
  medium: Medium,
  bytes: Uint8Array,
): Attempt {
  const { action } = WRITE;
  const size = () => sizeOf(action, bytes);
  return {
    action,
    syscall: medium.write,
    way: WRITING,
    wanted: size,
    call: medium.write === "send"
      ? (fd) => call.send(fd, bytes, size(), flags)
      : (fd) => call.write(fd, bytes, size()),
  };
}
