// Sends a thread's calls to the workers, and settles them: by record, by message,
// or later, when there is a record.

import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { isByPort } from "../codec/mod.ts";
import { ShutdownError, TimedOutError } from "../errors.ts";
import { Backlog, type Ticket } from "./backlog.ts";
import { EndingCall } from "./call.ts";
import { type Calls, NOBODY, type Waiter } from "./calls.ts";
import { Deadlines } from "./deadlines.ts";
import type { Marshal, Packed } from "./marshal.ts";
import type { Tallies } from "./metrics.ts";
import type { CheckedRunOptions } from "./options.ts";
import type { Address, Post } from "./post.ts";
import { ABORTED, EXPIRED, type Records } from "./record.ts";

const NORMAL = 1;
const THREAD_SHIFT = 8;
/** One task in so many wakes a worker before the turn ends. */
const ANNOUNCE = 64;

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
  /** A cancelled task runs on, on this thread of the core. */
  overrun(thread: number, isOver: () => boolean): void;
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
    const task = this.#backlog.length === 0 ? this.#calls.claim() : 0;
    if (task === 0) return this.#wait(callee, args, NORMAL, newTicket(waiter));
    if (this.#write(task, callee, args)) {
      return this.#submit(task, waiter, NORMAL);
    }
    this.#sendMessage(callee, args, [], newTicket(waiter));
  }

  /** Sends a call with options. The signal is not aborted yet. */
  sendWith(
    callee: number,
    name: string,
    args: readonly unknown[],
    { signal, timeout, priority, transfer }: CheckedRunOptions,
    waiter: Waiter,
  ): void {
    const ticket = newTicket(waiter);
    if (signal || timeout !== Infinity) {
      ticket.waiter = new EndingCall(waiter, {
        at: timeout === Infinity ? Infinity : performance.now() + timeout,
        signal,
        timedOut: () => new TimedOutError(name, timeout),
        cancel: (isAborted) => this.#cancel(ticket, isAborted),
        forget: (deadline) => this.#deadlines.remove(deadline),
      });
    }
    try {
      this.#sendTicket(callee, args, priority, transfer, ticket);
    } catch (error) {
      if (ticket.waiter instanceof EndingCall) ticket.waiter.dismiss();
      throw error;
    }
    if (ticket.waiter instanceof EndingCall && timeout !== Infinity) {
      this.#deadlines.add(ticket.waiter);
    }
  }

  #sendTicket(
    callee: number,
    args: readonly unknown[],
    priority: number,
    transfer: readonly Transferable[] | undefined,
    ticket: Ticket,
  ): void {
    if (transfer) return this.#sendMessage(callee, args, transfer, ticket);
    const task = this.#backlog.length === 0 ? this.#calls.claim() : 0;
    if (task === 0) return this.#wait(callee, args, priority, ticket);
    if (!this.#write(task, callee, args)) {
      return this.#sendMessage(callee, args, [], ticket);
    }
    ticket.task = task;
    this.#submit(task, ticket.waiter, priority);
  }

  /** To the worker that has the fewest messages to answer. */
  #sendMessage(
    callee: number,
    args: readonly unknown[],
    transfer: readonly Transferable[],
    ticket: Ticket,
  ): void {
    const addresses = this.#parts.addresses();
    if (addresses.length === 0) {
      throw new ShutdownError("run a task by message");
    }
    const load = ({ index }: Address) => this.#post.pendingAt(index);
    const address = addresses.reduce((least, it) =>
      load(it) < load(least) ? it : least
    );
    const { waiter } = ticket;
    const id = this.#post.send(address, callee, args, transfer, waiter);
    this.#parts.tallies.submitted++;
    ticket.message = { id, index: address.index };
  }

  /** Writes what a call needs. Returns false if only a message can carry it. */
  #write(task: number, callee: number, args: readonly unknown[]): boolean {
    this.#records.begin(task, callee);
    try {
      this.#marshal.writeArguments(task, args);
      return true;
    } catch (error) {
      this.#calls.unclaim(task);
      if (isByPort(error)) return false;
      throw error;
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
      this.#hand(task, priority);
    } else {
      this.#core.taskEnqueue(0, task, priority);
    }
  }

  #announce(): void {
    const count = this.#unannounced;
    this.#unannounced = 0;
    if (count < 2) return;
    this.#core.callerNotify(0);
    this.#calls.flush();
  }

  #wait(
    callee: number,
    args: readonly unknown[],
    priority: number,
    ticket: Ticket,
  ): void {
    let packed: Packed;
    try {
      packed = this.#marshal.pack(args);
    } catch (error) {
      if (isByPort(error)) return this.#sendMessage(callee, args, [], ticket);
      throw error;
    }
    this.#parts.tallies.submitted++;
    this.#backlog.push({ callee, args: packed, priority, ticket });
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
      this.#backlog.shift();
      const { callee, args, priority, ticket } = item;
      this.#records.begin(task, callee);
      try {
        this.#marshal.writePacked(task, args);
      } catch (error) {
        this.#calls.unclaim(task);
        ticket.waiter.reject(error);
        continue;
      }
      ticket.task = task;
      this.#calls.expect(task, ticket.waiter);
      this.#hand(task, priority);
    }
  }

  #cancel(ticket: Ticket, isAborted: boolean): void {
    const { task, message } = ticket;
    if (message) return this.#post.forget(message.index, message.id, NOBODY);
    if (task === 0) return this.#backlog.cancel(ticket);
    // An object of its own tells whether the record is still this call's.
    const nobody = { ...NOBODY };
    this.#calls.redirect(task, nobody);
    if (this.#core.taskCancel(task)) return;
    this.#records.stop(task, isAborted ? ABORTED : EXPIRED);
    const thread = this.#core.taskSeen(task) >>> THREAD_SHIFT;
    this.#parts.alert(thread);
    this.#parts.overrun(
      thread,
      () => this.#calls.waiterOf(task) !== nobody,
    );
  }

  /** Rejects all calls that are not settled, and forgets them. */
  rejectAll(error: unknown): void {
    for (;;) {
      const item = this.#backlog.peek();
      if (!item) break;
      this.#backlog.shift();
      item.ticket.waiter.cancel(error);
    }
    this.#calls.rejectAll(error);
    this.#post.rejectAll(error);
    this.#deadlines.clear();
  }

  /** Ends the calls whose time is over, for a thread that blocks. */
  expire(): void {
    this.#deadlines.expire();
  }
}

function newTicket(waiter: Waiter): Ticket {
  return { waiter, task: 0, message: undefined, isCancelled: false };
}
