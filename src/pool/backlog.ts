// Calls that wait outside shared memory, since all records there are in use.

import type { Waiter } from "./calls.ts";
import type { Packed } from "./marshal.ts";

/** A call that is not submitted yet. */
export interface Waiting {
  readonly callee: number;
  readonly args: Packed;
  readonly priority: number;
  readonly waiter: Waiter;
  /** If it can be cancelled. */
  readonly ticket: Ticket | undefined;
}

/** Where a call is that can be cancelled: waiting, in a record, or at a port. */
export interface Ticket {
  /** The address of its record, or 0. */
  task: number;
  /** Its id and its worker, if it went by message. */
  message: { readonly id: number; readonly index: number } | undefined;
  /** Nobody wants to know of it any more. */
  isCancelled: boolean;
}

/** First in, first out. */
export class Backlog {
  #items: (Waiting | undefined)[] = [];
  #first = 0;
  #cancelled = 0;

  /** Calls that wait. */
  get length(): number {
    return this.#items.length - this.#first - this.#cancelled;
  }

  push(item: Waiting): void {
    this.#items.push(item);
  }

  /** One that was cancelled stays until its turn comes. */
  cancel(ticket: Ticket): void {
    ticket.isCancelled = true;
    this.#cancelled++;
  }

  /** The first that was not cancelled, or undefined. It stays. */
  peek(): Waiting | undefined {
    while (this.#first < this.#items.length) {
      const item = this.#items[this.#first]!;
      if (!item.ticket?.isCancelled) return item;
      this.#cancelled--;
      this.#drop();
    }
    return undefined;
  }

  /** Removes what `peek()` has returned. */
  shift(): void {
    this.#drop();
  }

  #drop(): void {
    this.#items[this.#first++] = undefined;
    if (this.#first < 1024 || this.#first * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}
