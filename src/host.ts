// The Host contract: what a JavaScript runtime can do for us. Types only.

import type { Ffi } from "./ffi.ts";

/** Keeps the process alive while it is held. One for each thread. */
export interface KeepAlive {
  /** Holds it, once more. */
  hold(): void;
  /** Lets go of one hold. The process may end when there is none. */
  drop(): void;
}

/** Sleeps and wakes by a system call, in place of WebAssembly's own. */
export interface Futex {
  /**
   * Blocks while the word at `address` holds `expected`, for `timeout`
   * milliseconds at most. Returns whether it timed out.
   */
  wait(address: number, expected: number, timeout: number): boolean;
  /** Wakes all that sleep on the word at `address`. */
  wake(address: number): void;
}

/** What a thread runs: a function that a module exports by this name. */
export interface ThreadEntry {
  /** The URL of the module. */
  readonly module: string;
  /** The name of its export. */
  readonly name: string;
}

/** How a thread is started. */
export interface ThreadOptions {
  /** What debuggers call it. */
  readonly name?: string | undefined;
  /** What of `data` is transferred to the thread. */
  readonly transfer?: readonly MessagePort[];
  /** See `resourceLimits` of https://nodejs.org/api/worker_threads.html */
  readonly limits?: Readonly<Record<string, number>> | undefined;
}

/** A value for all that a call does, and for what goes on after it returned. */
export interface AsyncContext {
  /** Calls a function in which, and after which, `get()` returns `value`. */
  run<T>(value: unknown, callee: () => T): T;
  /** The value of the innermost `run()`. */
  get(): unknown;
}

/** Values as bytes, by the platform's structured clone. */
export interface Serializer {
  /** Throws if the value cannot be cloned so. */
  serialize(value: unknown): Uint8Array;
  /** The bytes are not shared. */
  deserialize(bytes: Uint8Array): unknown;
}

/** What a thread prints, where another thread writes it. */
export interface Output {
  /** Whether there is some that was not written yet. */
  readonly isPending: boolean;
  /** Resolves when all that was printed so far is written. */
  written(): Promise<void>;
}

/** A thread, seen from the one that spawned it. */
export interface HostThread {
  /** Calls back with each value that the thread posts. */
  onMessage(listener: (value: unknown) => void): void;
  /** Calls back with the error that ended the thread. */
  onError(listener: (error: unknown) => void): void;
  /** Calls back when the thread has ended. */
  onExit(listener: (code: number) => void): void;
  /** Ends the thread. One that blocks may end only when it is awake. */
  terminate(): Promise<void>;
  /** Whether the thread keeps the process alive. */
  setAlive(alive: boolean): void;
}

/** The other end of a {@linkcode HostThread}, in the thread. */
export interface HostSelf {
  /** What was passed to `spawn()`. */
  readonly data: unknown;
  /** Posts a value to the thread that spawned this one. */
  post(value: unknown): void;
  /**
   * Calls back just before this thread ends with a code, if it is its own doing.
   * Undefined if the host does not tell.
   */
  readonly onExit?: (listener: (code: number) => void) => void;
}

/** Threads as the operating system's kernel knows them. */
export interface KernelThreads {
  /** The calling one. Above 0. */
  readonly current: number;
  /** Whether this one of the process has not ended yet. */
  isAlive(id: number): boolean;
}

/** A JavaScript runtime: `"fallback"` if it is none that we know. */
export type HostName = "deno" | "bun" | "node" | "browser" | "fallback";

/** What a JavaScript runtime can do for us. One file for each in `hosts/`. */
export interface Host {
  /** Which runtime it is. */
  readonly name: HostName;
  /** Whether `spawn()` starts threads that share memory. */
  readonly hasThreads: boolean;
  /** What is missing for that, in words; empty if nothing is. */
  readonly missing: string;
  /** Threads that run at the same time. */
  readonly parallelism: number;
  /** Whether the calling thread may block. */
  readonly mayBlock: boolean;
  /** Keeps the process alive, for this thread. */
  readonly keepAlive: KeepAlive;
  /**
   * The time in milliseconds, with fractions, on a clock that never goes back
   * and that all threads of the process agree on to some microseconds.
   */
  now(): number;
  /** Resolves after one turn of the event loop. */
  turn(): Promise<void>;
  /** Calls a function that a module exports, in a thread of its own. */
  spawn(
    entry: ThreadEntry,
    data: unknown,
    options?: ThreadOptions,
  ): HostThread;
  /** This thread, if it was spawned. */
  self(): HostSelf | undefined;
  /**
   * Takes a message from a port's queue; undefined if there is none. If not
   * `isPrompt`, from a port that `listen()` was called with.
   */
  receive(port: MessagePort): { readonly message: unknown } | undefined;
  /**
   * Whether `receive()` finds a message as soon as it was posted; else when this
   * thread's event loop has brought it.
   */
  readonly isPrompt: boolean;
  /** Calls back when a message was brought. Never, if `isPrompt`. */
  listen(port: MessagePort, arrived: () => void): void;
  /** Values as bytes, if the host can. */
  readonly serializer: Serializer | undefined;
  /**
   * How much waits for this thread's event loop: timers, sockets, output that
   * is not written. Undefined if the host does not tell.
   */
  loopWork(): number | undefined;
  /** This thread's output. Undefined if it is written at once. */
  readonly output?: Output;
  /**
   * Calls back when the process has nothing left to do and is about to end.
   * Returns what takes that back. Undefined if the host does not tell.
   */
  readonly onLastTurn?: (listener: () => void) => () => void;
  /**
   * Calls back with each signal of a name, such as `SIGTERM`, in place of what it
   * does else. Returns what takes that back; undefined if there is no such signal,
   * or it cannot be caught. Undefined if this thread is not told of any.
   */
  readonly onSignal?:
    | ((name: string, listener: () => void) => (() => void) | undefined)
    | undefined;
  /**
   * Calls back when the process ends, or this thread if it was spawned and ends
   * by its own doing: the last of its JavaScript. Returns what takes that back.
   * Undefined if the host does not tell.
   */
  readonly onExit?: (listener: () => void) => () => void;
  /**
   * What the kernel tells of threads, also to one that blocks and so hears of no
   * end. Undefined if the host does not tell.
   */
  kernelThreads(): KernelThreads | undefined;
  /** A context of its own, if the host has any. */
  asyncContext(): AsyncContext | undefined;
  /**
   * C functions, or what they need, such as a flag. Asks nobody for permission,
   * and loads nothing before a library is opened.
   */
  ffi(): Ffi | string;
  /** System calls on the words of a memory, or why there are none. */
  futex(buffer: ArrayBufferLike): Futex | string;
}
