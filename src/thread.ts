// A thread that runs a module of the user's, attached to a runtime.

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
  readonly #wake: () => void;
  readonly #exited = Promise.withResolvers<number>();
  readonly #result = Promise.withResolvers<unknown>();

  /**
   * Constructs a thread. Call `Runtime.spawn()` instead.
   *
   * @param host What the host started.
   * @param wake Wakes it where the host cannot.
   */
  constructor(host: HostThread, wake: () => void) {
    this.#host = host;
    this.#wake = wake;
    // Whoever does not ask for the result has not left an error unhandled.
    this.#result.promise.catch(() => {});
    host.onMessage((message) => this.#settle(message as ThreadMessage));
    host.onError((error) => this.#result.reject(error));
    host.onExit((code) => {
      this.#result.reject(
        new Error(`Thread ended with code ${code} before it returned`),
      );
      this.#exited.resolve(code);
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
   * Ends the thread wherever it is. A thread that is parked ends when it is
   * woken on some runtimes: call `Runtime.shutdown()` first.
   */
  terminate(): Promise<void> {
    const ended = this.#host.terminate();
    this.#wake();
    return ended;
  }

  #settle(message: ThreadMessage): void {
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
