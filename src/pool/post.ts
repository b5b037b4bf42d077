// Calls that bytes cannot carry, from the pool's side: each goes to one worker,
// as a message.

import type { Local } from "../core/local.ts";
import type { Waiter } from "./calls.ts";
import { type AnswerMessage, CONTROLS, MAIL } from "./start.ts";

/** One worker's port, on the pool's side. */
export interface Address {
  readonly index: number;
  readonly port: MessagePort;
}

/** What was sent and not answered. */
export class Post {
  readonly #local: Local;
  readonly #controls: Int32Array<SharedArrayBuffer>;
  /** By the index of the worker, and then by the id of the call. */
  readonly #waiting = new Map<number, Map<number, Waiter>>();
  #next = 1;
  #answers = 0;
  #pending = 0;

  constructor(local: Local, controls: Int32Array<SharedArrayBuffer>) {
    this.#local = local;
    this.#controls = controls;
  }

  /** Calls in flight. */
  get pending(): number {
    return this.#pending;
  }

  /** Calls in flight at one worker. */
  pendingAt(index: number): number {
    return this.#waiting.get(index)?.size ?? 0;
  }

  /**
   * Sends a call. Returns its id.
   *
   * @throws If structured clone does.
   */
  send(
    { index, port }: Address,
    callee: number,
    args: readonly unknown[],
    transfer: readonly Transferable[],
    waiter: Waiter,
  ): number {
    const id = this.#next++;
    port.postMessage({ id, callee, args }, [...transfer]);
    let calls = this.#waiting.get(index);
    if (!calls) this.#waiting.set(index, calls = new Map());
    calls.set(id, waiter);
    this.#pending++;
    // Release. Pairs with the load in `Mail.#sent()` [W1].
    Atomics.add(this.#controls, index * CONTROLS + MAIL, 1);
    this.#local.core.callerWake(0, index + 1);
    return id;
  }

  /** Has nobody wait for a call any more. */
  forget(index: number, id: number, waiter: Waiter): void {
    if (this.#waiting.get(index)?.has(id)) {
      this.#waiting.get(index)!.set(id, waiter);
    }
  }

  /** Settles what was answered. Returns how many. */
  receive(addresses: () => readonly Address[]): number {
    if (this.#pending === 0) return 0;
    // Acquire. Pairs with the addition in `Mail.#answer()` [W2].
    const answers = Atomics.load(this.#controls, this.#controls.length - 1);
    if (answers === this.#answers) return 0;
    this.#answers = answers;
    let count = 0;
    for (const address of addresses()) count += this.#receiveFrom(address);
    return count;
  }

  #receiveFrom({ index, port }: Address): number {
    const calls = this.#waiting.get(index);
    for (let count = 0;; count++) {
      const received = this.#local.host.receive(port);
      if (!received) return count;
      const { id, isError, value } = received.message as AnswerMessage;
      const waiter = calls?.get(id);
      if (!waiter) continue;
      calls!.delete(id);
      this.#pending--;
      if (isError) waiter.reject(value);
      else waiter.resolve(value);
    }
  }

  /** Rejects all calls that are not answered, and forgets them. */
  rejectAll(error: unknown): void {
    for (const index of [...this.#waiting.keys()]) this.bury(index, error);
  }

  /** A worker is gone, after its last answers were received. */
  bury(index: number, error: unknown): void {
    const calls = this.#waiting.get(index);
    if (!calls) return;
    this.#waiting.delete(index);
    this.#pending -= calls.size;
    for (const waiter of calls.values()) waiter.reject(error);
  }
}
