// A thread that runs a module of the user's, attached to a runtime.

import type { Burial } from "./burial.ts";
import type { HostThread } from "./host.ts";

/** What a thread posts when its module's function has returned or thrown. */
export type ThreadMessage =
  | { readonly kind: "returned"; readonly value: unknown }
  | {
    readonly kind: "threw";
    readonly error: unknown;
    /** What structured clone leaves out of an error. */
    readonly own?: Readonly<Record<string, unknown>>;
  };

/** The message that says what a thread's function threw. */
export function thrown(error: unknown): ThreadMessage {
  const own = error instanceof Error ? { ...error, name: error.name } : {};
  try {
    return structuredClone<ThreadMessage>({ kind: "threw", error, own });
  } catch {
    return { kind: "threw", ...described(error) };
  }
}

/** What can be told of something that cannot be cloned. */
function described(error: unknown) {
  if (!(error instanceof Error)) {
    const message = `Thread threw what cannot be cloned: ${String(error)}`;
    return { error: new Error(message) };
  }
  const { name, message, stack } = error;
  return { error: new Error(message), own: { name, stack } };
}

/**
 * A thread that `Runtime.spawn()` started. It keeps the process alive until it
 * has ended.
 */
export class Thread {
  readonly #host: HostThread;
  readonly #burial: Burial;
  readonly #exited = Promise.withResolvers<number>();
  readonly #result = Promise.withResolvers<unknown>();
  #hasReturned = false;

  /**
   * Constructs a thread. Call `Runtime.spawn()` instead.
   *
   * @param host What the host started.
   * @param burial What is done when it has ended.
   */
  constructor(host: HostThread, burial: Burial) {
    this.#host = host;
    this.#burial = burial;
    // Whoever does not ask for the result has not left an error unhandled.
    this.#result.promise.catch(() => {});
    host.onMessage((message) => this.#settle(message as ThreadMessage));
    host.onError((error) => this.#result.reject(error));
    host.onExit((code) => {
      this.#result.reject(
        new Error(`Thread ended with code ${code} before it returned`),
      );
      this.#exited.resolve(code);
      // One that has returned has left what it wanted to leave.
      if (!this.#hasReturned) void burial.end();
    });
  }

  /**
   * What the module's function returned, or the promise it returned resolved
   * to. Rejects with what it threw, or if the thread ended before.
   */
  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  /** Resolves to the exit code when the thread has ended. */
  get exited(): Promise<number> {
    return this.#exited.promise;
  }

  /** Keeps the process alive while the thread runs. That is the default. */
  ref(): void {
    this.#host.setAlive(true);
  }

  /** Lets the process end while the thread runs. */
  unref(): void {
    this.#host.setAlive(false);
  }

  /**
   * Ends the thread wherever it is, parked or not. Its parkers are released then,
   * and the driver is free if it was its. A mutex that it has locked stays so.
   *
   * Deno goes on with a thread that is blocked, or in a loop, and nothing of it is
   * released: call `Runtime.shutdown()` first.
   */
  async terminate(): Promise<void> {
    const ended = this.#host.terminate();
    // A thread that is blocked ends when it is woken, on some hosts.
    this.#burial.wake();
    await ended;
    await this.#burial.end();
  }

  #settle(message: ThreadMessage): void {
    this.#hasReturned = message.kind === "returned";
    if (message.kind === "returned") this.#result.resolve(message.value);
    else this.#result.reject(restore(message.error, message.own));
  }
}

/** Gives a cloned error what it was robbed of. */
function restore(error: unknown, own: Readonly<Record<string, unknown>> = {}) {
  if (!(error instanceof Error)) return error;
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, {
      value,
      configurable: true,
      writable: true,
      enumerable: key !== "name" && key !== "stack",
    });
  }
  return error;
}
