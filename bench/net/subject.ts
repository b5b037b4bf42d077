// What a subject must do to take part in a bench.

/** Who sleeps in a driver: both threads, in one each, or only the caller. */
export type Form = "two_owners" | "one_owner";

/** Two threads that wake each other. */
export interface WakeSubject {
  /**
   * Makes what the two threads share. The first of these is the caller's, and
   * stays on its thread; the second is posted to the other.
   */
  open(form: Form): Ends | Promise<Ends>;
  /** Makes a thread's side of it, on that thread. */
  join(end: unknown): Side | Promise<Side>;
}

/** What the caller and the other thread are given. */
export type Ends = readonly [mine: unknown, theirs: unknown];

/** One of two threads. */
export interface Side {
  /** Wakes the other. Not lost if that does not sleep yet. */
  wake(): void;
  /** Blocks until the other has woken this one, and for nothing else. */
  sleep(): void;
}

/** What a stream is made of: a local socket, or loopback. */
export type Kind = "unix" | "tcp";

/** A thread that sends over a stream, and one that answers. */
export interface EchoSubject {
  open(kind: Kind): Opened | Promise<Opened>;
  /** Sends what it receives, on the other thread, until the stream ends. */
  answer(theirs: unknown): void | Promise<void>;
}

/** A stream, or half of one. */
export interface Opened {
  /** What the other thread is given. */
  readonly theirs: unknown;
  /** Resolves when the other thread has its end. */
  connected(): EchoClient | Promise<EchoClient>;
}

/** The caller's end. */
export interface EchoClient {
  /** Sends bytes, and receives as many. May block. */
  exchange(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Ends the stream. */
  close(): void;
}

/**
 * Listens on a port of 127.0.0.1 that nobody else has, and serves until the
 * process ends.
 *
 * @returns The port.
 */
export type Serve = () => Promise<number>;

/** What a server answers to an HTTP request. */
export const HELLO = "Hello, World!\n";
/** With this type, and the status 200. */
export const HELLO_TYPE = "text/plain";
/** Bytes of a message of `echo`. */
export const MESSAGE = 64;
