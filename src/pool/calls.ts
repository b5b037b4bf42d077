// The tasks that one thread has in flight: which record is whose, and what
// becomes of it when the task is done.

import {
  CALLER_BYTES,
  CRASHED,
  DROPPED,
  THREW,
} from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import type { Marshal } from "./marshal.ts";
import type { Letter, Records } from "./record.ts";

/** What came of a task, for whoever waits for it. */
export interface Waiter {
  /** It returned this. */
  resolve(value: unknown): void;
  /** It threw this, or its result could not be read. */
  reject(error: unknown): void;
  /** Its worker, the thread with this id, died while it ran. */
  crash(thread: number): void;
  /** Nobody waits for it any more, for this reason. */
  cancel(error: unknown): void;
  /** Whether it blocks its thread meanwhile. */
  readonly isBlocking?: boolean | undefined;
}

/** Takes over whoever waits for a result that comes by message. */
export type ExpectLetter = (
  letter: Letter,
  waiter: Waiter,
  thread: number,
) => void;

/** For a task of which nobody wants to know any more. */
export const NOBODY: Waiter = {
  resolve: () => {},
  reject: () => {},
  crash: () => {},
  cancel: () => {},
};

// Words of a caller, as the core has them.
const FINISHED_WORD = 0;
const DOUBT_WORD = 1;
/** Of a task's word. */
const OUTCOME_SHIFT = 5;
const OUTCOME = 3;
const THREAD_SHIFT = 8;

/** Which tasks are whose. */
export interface CallsPlace {
  /** Which caller of the core's this thread is. */
  readonly caller: number;
  /** Where those lie. */
  readonly callersAt: number;
  /** Records that the thread may use at the same time. */
  readonly most: number;
  /** Records that it keeps for its next tasks. */
  readonly kept: number;
}

/** One thread's tasks in flight. */
export class Calls {
  readonly #core: CoreExports;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #records: Records;
  readonly #marshal: Marshal;
  readonly #caller: number;
  readonly #line: number;
  readonly #most: number;
  readonly #kept: number;
  /** Records of this thread's that are not in use. */
  readonly #free: number[] = [];
  /** By the index of the record. */
  readonly #waiters: (Waiter | undefined)[] = [];
  /** For the pool's creator: workers get no results by message. */
  expectLetter: ExpectLetter | undefined;
  /** Finished, and to be settled in the order in which they finished. */
  readonly #finished: number[] = [];
  #pending = 0;

  constructor(
    local: Local,
    records: Records,
    marshal: Marshal,
    { caller, callersAt, most, kept }: CallsPlace,
  ) {
    this.#most = most;
    this.#kept = kept;
    this.#core = local.core;
    this.#words = local.words;
    this.#records = records;
    this.#marshal = marshal;
    this.#caller = caller;
    this.#line = (callersAt + caller * CALLER_BYTES) >> 2;
  }

  /** Tasks in flight. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes a record. Returns its address, or 0 if so many are in use. */
  claim(): number {
    if (this.#pending >= this.#most) return 0;
    return this.#free.pop() ?? this.#core.taskClaim(this.#caller);
  }

  /** Gives back a record that was not submitted. */
  unclaim(task: number): void {
    this.#free.push(task);
  }

  /** Says who waits for a task, before it is submitted. */
  expect(task: number, waiter: Waiter): void {
    this.#waiters[this.#records.index(task)] = waiter;
    this.#pending++;
  }

  /** Has somebody else wait for a task in flight, or nobody. */
  redirect(task: number, waiter: Waiter): void {
    this.#waiters[this.#records.index(task)] = waiter;
  }

  /** Who waits for a task. */
  waiterOf(task: number): Waiter | undefined {
    return this.#waiters[this.#records.index(task)];
  }

  /**
   * Rejects all tasks in flight. Those that have not begun never do. Their records
   * come back as they are done.
   */
  rejectAll(error: unknown): void {
    this.#waiters.forEach((waiter, index) => {
      if (!waiter) return;
      this.#waiters[index] = NOBODY;
      this.#core.taskCancel(this.#records.address(index));
      waiter.cancel(error);
    });
  }

  /** Ends a task that this thread has taken back and run. */
  takeBack(task: number): void {
    this.#waiters[this.#records.index(task)] = undefined;
    this.#pending--;
    this.#release(task);
  }

  /** Settles all tasks that are done. Returns how many. */
  drain(): number {
    const words = this.#words;
    const line = this.#line;
    // Looks, so that nothing is called while there is nothing. Who brings
    // something also brings a token, so that it is not missed for long.
    if (words[line + FINISHED_WORD] === 0 && words[line + DOUBT_WORD] === 0) {
      return 0;
    }
    let count = 0;
    do {
      count += this.#drainList();
    } while (
      words[line + DOUBT_WORD] !== 0 &&
      this.#core.callerSweep(this.#caller)
    );
    return count;
  }

  #drainList(): number {
    const finished = this.#finished;
    let link = this.#core.callerTake(this.#caller);
    for (; link !== 0; link = this.#records.link(finished.at(-1)!)) {
      finished.push(this.#records.address(link - 1));
    }
    const count = finished.length;
    while (finished.length > 0) this.#settle(finished.pop()!);
    return count;
  }

  #settle(task: number): void {
    const index = this.#records.index(task);
    const waiter = this.#waiters[index];
    if (waiter === undefined) {
      // It was for a thread that died in this one's place.
      this.#core.callerDiscard(this.#caller, task);
      return;
    }
    this.#waiters[index] = undefined;
    this.#pending--;
    const seen = this.#records.seen(task);
    const outcome = (seen >> OUTCOME_SHIFT) & OUTCOME;
    if (outcome === CRASHED) {
      this.#release(task);
      waiter.crash(seen >>> THREAD_SHIFT);
      return;
    }
    if (outcome === DROPPED) return this.#release(task);
    const letter = this.#records.letter(task);
    if (letter) {
      this.#release(task);
      this.expectLetter!(letter, waiter, seen >>> THREAD_SHIFT);
      return;
    }
    let value: unknown;
    let failed = outcome === THREW;
    try {
      value = this.#marshal.readResult(task);
    } catch (error) {
      value = error;
      failed = true;
    }
    this.#release(task);
    if (failed) waiter.reject(value);
    else waiter.resolve(value);
  }

  #release(task: number): void {
    const payload = this.#records.payload(task);
    if (payload !== 0) this.#core.chunkFree(payload);
    if (this.#free.length < this.#kept && this.#records.collect(task)) {
      this.#free.push(task);
      return;
    }
    // What an entry still names is free when somebody comes to that.
    this.#core.taskCollect(task);
    this.#core.taskFree(task);
  }
}
