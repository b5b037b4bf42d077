// Sends a thread's calls to the workers, and settles them: by record, by message,
// or later, when there is a record.

import { type CoreExports, RUNNING } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { isByPort } from "../codec/mod.ts";
import { ExhaustedError, ShutdownError, TimedOutError } from "../errors.ts";
import { Backlog, type Ticket, type Waiting } from "./backlog.ts";
import { AbandonedCall, EndingCall } from "./call.ts";
import type { Calls, Waiter } from "./calls.ts";
import { Deadlines } from "./deadlines.ts";
import { isForMessage, type Marshal, type Packed } from "./marshal.ts";
import type { Tallies } from "./metrics.ts";
import type { CheckedRunOptions } from "./options.ts";
import type { Address, Post } from "./post.ts";
import { ABORTED, EXPIRED, type Records, type StopReason } from "./record.ts";

const NORMAL = 1;
// Of a task's word.
const STATE = 7;
const THREAD_SHIFT = 8;
/** One task in so many wakes a worker before the turn ends. */
const ANNOUNCE = 64;
/** So many go into the queue at a time, after the first. */
const BATCH = 16;

/** What a dispatch is made of. */
export interface DispatchParts {
  readonly local: Local;
  readonly records: Records;
  readonly marshal: Marshal;
  readonly calls: Calls;
  readonly post: Post;
  readonly tallies: Tallies;
  /** The ports of the workers that are there; of one at least, if there can. */
  addresses(): readonly Address[];
  /** Tells the worker that runs as this thread of the core to look up. */
  alert(thread: number): void;
  /** The index of the worker that runs as this thread, if there is one. */
  indexOf(thread: number): number | undefined;
  /** Milliseconds that a task may run on after it was cancelled. */
  readonly grace: number;
  /** It ran on for longer, on this worker. */
  overrun(index: number): void;
  /** A call was cancelled. */
  cancelled(): void;
  /** Settles what has come. */
  settle(): void;
}

/** The calls of one thread. */
export class Dispatch {
  readonly #parts: DispatchParts;
  readonly #core: CoreExports;
  readonly #records: Records;
  readonly #marshal: Marshal;
  readonly #calls: Calls;
  readonly #post: Post;
  readonly #backlog = new Backlog();
  readonly #deadlines = new Deadlines();
  /** Tasks that were put into the queue since the last turn's end. */
  #unannounced = 0;
  /** Those of normal priority that are not in the queue yet, linked. */
  #first = 0;
  #last = 0;
  /** Calls by message that were sent. */
  #turns = 0;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
    this.#core = parts.local.core;
    this.#records = parts.records;
    this.#marshal = parts.marshal;
    this.#calls = parts.calls;
    this.#post = parts.post;
  }

  /** Calls that are not settled. */
  get pending(): number {
    return this.#calls.pending + this.#post.pending + this.#backlog.length;
  }

  /**
   * Sends a call.
   *
   * @throws {UncloneableError} If an argument cannot be sent.
   * @throws {ExhaustedError} If there is no memory for the arguments.
   */
  send(callee: number, args: readonly unknown[], waiter: Waiter): void {
    this.#send(callee, args, NORMAL, undefined, waiter);
  }

  /** Sends a call with options. The signal is not aborted yet. */
  sendWith(
    callee: number,
    name: string,
    args: readonly unknown[],
    { signal, timeout, priority, transfer }: CheckedRunOptions,
    waiter: Waiter,
  ): void {
    if (!signal && timeout === Infinity) {
      this.#send(callee, args, priority, transfer, waiter);
      return;
    }
    const ticket: Ticket = { task: 0, message: undefined, isCancelled: false };
    const ending = new EndingCall(waiter, {
      at: timeout === Infinity ? Infinity : performance.now() + timeout,
      signal,
      timedOut: () => new TimedOutError(`Task ${name}`, timeout),
      cancel: (isAborted) => this.#cancel(ticket, isAborted),
      forget: (deadline) => this.#deadlines.remove(deadline),
    });
    try {
      this.#send(callee, args, priority, transfer, ending, ticket);
    } catch (error) {
      ending.dismiss();
      throw error;
    }
    if (timeout !== Infinity) this.#deadlines.add(ending);
  }

  /** @param ticket If it can be cancelled. */
  #send(
    callee: number,
    args: readonly unknown[],
    priority: number,
    transfer: readonly Transferable[] | undefined,
    waiter: Waiter,
    ticket?: Ticket,
  ): void {
    if (transfer) {
      return this.#sendMessage(callee, args, transfer, waiter, ticket);
    }
    const task = this.#backlog.length === 0 ? this.#calls.claim() : 0;
    if (task === 0) return this.#wait(callee, args, priority, waiter, ticket);
    const refusal = this.#write(task, callee, args);
    if (refusal === undefined) {
      if (ticket) ticket.task = task;
      return this.#submit(task, waiter, priority);
    }
    this.#sendOtherwise(refusal, callee, args, priority, waiter, ticket);
  }

  /** The shared memory does not carry the arguments, for this reason. */
  #sendOtherwise(
    reason: unknown,
    callee: number,
    args: readonly unknown[],
    priority: number,
    waiter: Waiter,
    ticket?: Ticket,
  ): void {
    // What is in flight has memory that comes back.
    const isFull = reason instanceof ExhaustedError && this.#calls.pending > 0;
    if (isFull) this.#wait(callee, args, priority, waiter, ticket);
    else if (isForMessage(reason)) {
      this.#sendMessage(callee, args, [], waiter, ticket);
    } else throw reason;
  }

  #sendMessage(
    callee: number,
    args: readonly unknown[],
    transfer: readonly Transferable[],
    waiter: Waiter,
    ticket: Ticket | undefined,
  ): void {
    this.#mail(callee, args, transfer, waiter, ticket);
    this.#parts.tallies.submitted++;
  }

  /** To the worker that has the fewest messages to answer. */
  #mail(
    callee: number,
    args: readonly unknown[],
    transfer: readonly Transferable[],
    waiter: Waiter,
    ticket: Ticket | undefined,
  ): void {
    const addresses = this.#parts.addresses();
    if (addresses.length === 0) {
      throw new ShutdownError("run a task by message", "pool");
    }
    const load = ({ index }: Address) => this.#post.pendingAt(index);
    // Of those with as few, each in its turn.
    const first = this.#turns++ % addresses.length;
    const address = addresses.reduce(
      (least, it) => load(it) < load(least) ? it : least,
      addresses[first]!,
    );
    const id = this.#post.send(address, callee, args, transfer, waiter);
    if (ticket) ticket.message = { id, index: address.index };
  }

  /** Writes what a call needs. Returns what is in the way, if anything is. */
  #write(task: number, callee: number, args: readonly unknown[]): unknown {
    this.#records.begin(task, callee);
    try {
      this.#marshal.writeArguments(task, args);
      return undefined;
    } catch (error) {
      this.#calls.unclaim(task);
      return error;
    }
  }

  #submit(task: number, waiter: Waiter, priority: number): void {
    this.#calls.expect(task, waiter);
    this.#parts.tallies.submitted++;
    this.#hand(task, priority);
  }

  /**
   * Puts a task into the queue. One of many wakes a worker, if need be, and the
   * others wait for the end of the turn: a wake costs more than a small task.
   */
  #hand(task: number, priority: number): void {
    if (this.#unannounced++ % ANNOUNCE === 0) {
      this.#submitBatch();
      this.#core.taskSubmit(0, task, priority);
      return;
    }
    // Whoever settles may be asleep.
    if (this.#unannounced === 2) queueMicrotask(this.#announce);
    this.#records.setLink(task, 0);
    if (priority !== NORMAL) {
      // It is not to wait, and not to pass those that were called before.
      this.#submitBatch();
      this.#core.taskSubmitAll(task, priority);
      return;
    }
    if (this.#first === 0) this.#first = task;
    else this.#records.setLink(this.#last, this.#records.index(task) + 1);
    this.#last = task;
    if (this.#unannounced % BATCH === 0) this.#submitBatch();
  }

  /** Puts those into the queue that are linked, with one look at its ends. */
  #submitBatch(): void {
    if (this.#first === 0) return;
    this.#core.taskSubmitAll(this.#first, NORMAL);
    this.#first = 0;
  }

  readonly #announce = (): void => {
    const count = this.#unannounced;
    this.#unannounced = 0;
    if (count < 2) return;
    this.#submitBatch();
    this.#core.callerNotify(0);
  };

  #wait(
    callee: number,
    args: readonly unknown[],
    priority: number,
    waiter: Waiter,
    ticket?: Ticket,
  ): void {
    let packed: Packed;
    try {
      packed = this.#marshal.pack(args);
    } catch (error) {
      if (!isByPort(error)) throw error;
      return this.#sendMessage(callee, args, [], waiter, ticket);
    }
    this.#parts.tallies.submitted++;
    this.#backlog.push({ callee, args: packed, priority, waiter, ticket });
  }

  /** Settles what has come, and sends what has waited. Returns how many came. */
  settle(): number {
    if (this.#unannounced > 0) this.#announce();
    const count = this.#calls.drain() +
      this.#post.receive();
    if (this.#backlog.length > 0) {
      this.#sendWaiting();
      this.#announce();
    }
    return count;
  }

  #sendWaiting(): void {
    for (;;) {
      const item = this.#backlog.peek();
      if (!item) return;
      const task = this.#calls.claim();
      if (task === 0) return;
      const { callee, args, priority, waiter, ticket } = item;
      this.#records.begin(task, callee);
      try {
        this.#marshal.writePacked(task, args);
      } catch {
        this.#calls.unclaim(task);
        // What is in flight has memory that comes back.
        if (this.#calls.pending > 0) return;
        this.#backlog.shift();
        this.#mailWaiting(item);
        continue;
      }
      this.#backlog.shift();
      if (ticket) ticket.task = task;
      this.#calls.expect(task, waiter);
      this.#hand(task, priority);
    }
  }

  #mailWaiting({ callee, args, waiter, ticket }: Waiting): void {
    try {
      this.#mail(callee, this.#marshal.unpack(args), [], waiter, ticket);
    } catch (error) {
      waiter.reject(error);
    }
  }

  #cancel(ticket: Ticket, isAborted: boolean): void {
    const { task, message } = ticket;
    const reason = isAborted ? ABORTED : EXPIRED;
    const abandoned = new AbandonedCall();
    if (message) {
      const { index, id } = message;
      if (this.#post.stop(index, id, reason, abandoned)) {
        this.#limit(abandoned, () => this.#endCall(index, id));
      }
    } else if (task === 0) this.#backlog.cancel(ticket);
    else this.#stop(task, reason, abandoned);
    this.#parts.cancelled();
  }

  #stop(task: number, reason: StopReason, abandoned: AbandonedCall): void {
    this.#calls.redirect(task, abandoned);
    this.#submitBatch();
    if (this.#core.taskCancel(task)) return;
    this.#records.stop(task, reason);
    const thread = this.#core.taskSeen(task) >>> THREAD_SHIFT;
    this.#parts.alert(thread);
    this.#limit(abandoned, () => this.#endTask(task));
  }

  /**
   * Ends a call that is not done within the grace, unless `end` returns that it
   * has not begun: then it has as long again.
   */
  #limit(abandoned: AbandonedCall, end: () => boolean): void {
    const { grace } = this.#parts;
    if (grace === Infinity) return;
    abandoned.limit(grace, () => {
      if (!end()) this.#limit(abandoned, end);
    });
  }

  #endCall(index: number, id: number): boolean {
    // Its answer may be there, and nobody has looked yet.
    this.#parts.settle();
    if (!this.#post.isPending(index, id)) return true;
    const hasBegun = this.#post.hasBegun(index, id);
    if (hasBegun) this.#parts.overrun(index);
    return hasBegun;
  }

  #endTask(task: number): boolean {
    // One that was given back is queued again.
    if (this.#core.taskCancel(task)) return true;
    const seen = this.#core.taskSeen(task);
    // It is done, and its worker does something else by now.
    if ((seen & STATE) !== RUNNING) return true;
    const index = this.#parts.indexOf(seen >>> THREAD_SHIFT);
    if (index !== undefined) this.#parts.overrun(index);
    return index !== undefined;
  }

  /** Rejects all calls that are not settled, and forgets them. */
  rejectAll(error: unknown): void {
    for (;;) {
      const item = this.#backlog.peek();
      if (!item) break;
      this.#backlog.shift();
      item.waiter.cancel(error);
    }
    this.#submitBatch();
    this.#calls.rejectAll(error);
    this.#post.rejectAll(error);
    this.#deadlines.clear();
  }

  /** Ends the calls whose time is over, for a thread that blocks. */
  expire(): void {
    this.#deadlines.expire();
  }
}
