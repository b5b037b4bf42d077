// A call of a task, for the one who awaits it.

import { after } from "./after.ts";
import type { Waiter } from "./calls.ts";
import type { Deadline } from "./deadlines.ts";
import type { Tallies } from "./metrics.ts";

/** One call in so many is measured; a power of two. */
const SAMPLE = 16;

type Settle = (value: unknown) => void;

// One executor for all promises: calls are many, and each closure is garbage.
let resolveNew: Settle;
let rejectNew: Settle;
const take = (resolve: Settle, reject: Settle): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** What a call has of its pool. */
export interface Callers {
  readonly tallies: Tallies;
  /** The error for a task whose worker died, which was this thread. */
  crashError(thread: number): unknown;
}

/** A promise of what a task returns. */
export class Call implements Waiter {
  readonly promise: Promise<unknown>;
  readonly #resolve: Settle;
  readonly #reject: Settle;
  readonly #callers: Callers;
  /** When it began, if it is measured. */
  #began = 0;

  constructor(callers: Callers) {
    this.promise = new Promise(take);
    this.#resolve = resolveNew;
    this.#reject = rejectNew;
    this.#callers = callers;
    if ((callers.tallies.submitted & (SAMPLE - 1)) === 0) {
      this.#began = performance.now();
    }
  }

  resolve(value: unknown): void {
    this.#callers.tallies.completed++;
    this.#count();
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.#callers.tallies.failed++;
    this.#count();
    this.#reject(error);
  }

  #count(): void {
    if (this.#began === 0) return;
    this.#callers.tallies.latency.add(performance.now() - this.#began);
  }

  crash(thread: number): void {
    this.#callers.tallies.crashed++;
    this.#reject(this.#callers.crashError(thread));
  }

  cancel(error: unknown): void {
    this.#callers.tallies.cancelled++;
    this.#reject(error);
  }
}

/** Waits for a task of which nobody wants to know any more. */
export class AbandonedCall implements Waiter {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls back if the task is not done in time. */
  limit(ms: number, overrun: () => void): void {
    this.#timer = after(ms, overrun);
  }

  resolve(): void {
    clearTimeout(this.#timer);
  }

  reject(): void {
    clearTimeout(this.#timer);
  }

  crash(): void {
    clearTimeout(this.#timer);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

/** A call that a signal or its time can end before. */
export class EndingCall implements Waiter, Deadline {
  readonly at: number;
  readonly #inner: Waiter;
  readonly #signal: AbortSignal | undefined;
  readonly #timedOut: () => unknown;
  readonly #cancel: (isAborted: boolean) => void;
  readonly #forget: (deadline: Deadline) => void;
  #isSettled = false;

  /**
   * @param timedOut Makes the error for a call whose time is over.
   * @param cancel Called when the call was ended before its task.
   * @param forget Called when the deadline does not matter any more.
   */
  constructor(
    inner: Waiter,
    parts: {
      readonly at: number;
      readonly signal: AbortSignal | undefined;
      readonly timedOut: () => unknown;
      readonly cancel: (isAborted: boolean) => void;
      readonly forget: (deadline: Deadline) => void;
    },
  ) {
    this.#inner = inner;
    this.at = parts.at;
    this.#signal = parts.signal;
    this.#timedOut = parts.timedOut;
    this.#cancel = parts.cancel;
    this.#forget = parts.forget;
    this.#signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  readonly #aborted = (): void => {
    if (!this.#end()) return;
    this.#inner.cancel(this.#signal!.reason);
    this.#cancel(true);
  };

  expire(): void {
    if (!this.#end()) return;
    this.#inner.cancel(this.#timedOut());
    this.#cancel(false);
  }

  resolve(value: unknown): void {
    if (this.#end()) this.#inner.resolve(value);
  }

  reject(error: unknown): void {
    if (this.#end()) this.#inner.reject(error);
  }

  crash(thread: number): void {
    if (this.#end()) this.#inner.crash(thread);
  }

  cancel(error: unknown): void {
    if (this.#end()) this.#inner.cancel(error);
  }

  get isBlocking(): boolean | undefined {
    return this.#inner.isBlocking;
  }

  /** The call was not sent. */
  dismiss(): void {
    this.#end();
  }

  #end(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#signal?.removeEventListener("abort", this.#aborted);
    if (this.at !== Infinity) this.#forget(this);
    return true;
  }
}
