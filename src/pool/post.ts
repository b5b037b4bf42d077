// What bytes cannot carry, from the pool's side: calls that go to one worker as
// messages, and results that come as messages.

import { refusal } from "../codec/mod.ts";
import type { Local } from "../core/local.ts";
import { CannotBlockError } from "../errors.ts";
import { NOBODY, type Waiter } from "./calls.ts";
import type { Marshal } from "./marshal.ts";
import { unwrap, wrap } from "./parcel.ts";
import type { Letter, StopReason } from "./record.ts";
import {
  type AnswerMessage,
  ANSWERS,
  BEGUN,
  type CallMessage,
  controlOf,
  MAIL,
  type StopMessage,
} from "./start.ts";

/** One worker's port, on the pool's side. */
export interface Address {
  readonly index: number;
  readonly port: MessagePort;
}

/** What goes to and fro between the pool and one worker. */
interface Line extends Address {
  /** By the id of what is waited for. */
  readonly waiting: Map<number, Waiter>;
  /** Results that came before it was known whose they are. */
  readonly early: Map<number, AnswerMessage>;
}

/** What was sent and not answered. */
export class Post {
  readonly #local: Local;
  readonly #marshal: Marshal;
  readonly #controls: Int32Array<SharedArrayBuffer>;
  /** By the index of the worker. */
  readonly #lines = new Map<number, Line>();
  #next = 1;
  #answers = 0;
  /** Whether the event loop has brought something. */
  #hasArrived = false;
  #pending = 0;

  constructor(
    local: Local,
    marshal: Marshal,
    controls: Int32Array<SharedArrayBuffer>,
  ) {
    this.#local = local;
    this.#marshal = marshal;
    this.#controls = controls;
  }

  /** Answers in flight. */
  get pending(): number {
    return this.#pending;
  }

  /** Answers in flight from one worker. */
  pendingAt(index: number): number {
    return this.#lines.get(index)?.waiting.size ?? 0;
  }

  /** A worker is there, or will be. */
  open({ index, port }: Address): void {
    this.#lines.set(index, {
      index,
      port,
      waiting: new Map(),
      early: new Map(),
    });
    const { host, core } = this.#local;
    host.listen(port, () => {
      this.#hasArrived = true;
      core.callerWake(0, 0);
    });
  }

  /**
   * Sends a call. Returns its id.
   *
   * @throws {UncloneableError} If structured clone refuses an argument.
   * @throws {CannotBlockError} If the caller blocks, and the answer needs its
   * event loop.
   */
  send(
    { index, port }: Address,
    callee: number,
    args: readonly unknown[],
    transfer: readonly Transferable[],
    waiter: Waiter,
  ): number {
    if (this.#isBlocked(waiter)) throw needsLoop("arguments");
    const id = this.#next++;
    try {
      const message = { id, callee, args: wrap(args, transfer) };
      port.postMessage(message satisfies CallMessage, [...transfer]);
    } catch (cause) {
      throw refusal(args, cause);
    }
    this.#lines.get(index)!.waiting.set(id, waiter);
    this.#pending++;
    this.#announce(index);
    return id;
  }

  #isBlocked({ isBlocking = false }: Waiter): boolean {
    return isBlocking && !this.#local.host.isPrompt;
  }

  /** The result of a task is on its way, or is there. */
  expect({ index, id }: Letter, waiter: Waiter, thread: number): void {
    const line = this.#lines.get(index);
    // Its worker is gone, and what it has sent.
    if (!line) return waiter.crash(thread);
    this.#read(line);
    const early = line.early.get(id);
    if (early) {
      line.early.delete(id);
      this.#settle(waiter, early);
      return;
    }
    const isBlocked = this.#isBlocked(waiter);
    line.waiting.set(id, isBlocked ? NOBODY : waiter);
    this.#pending++;
    if (isBlocked) waiter.reject(needsLoop("result"));
  }

  /**
   * Has somebody else wait for a call, and tells its task to stop. Returns
   * whether its worker is there.
   */
  stop(
    index: number,
    id: number,
    reason: StopReason,
    waiter: Waiter,
  ): boolean {
    const line = this.#lines.get(index);
    if (!line?.waiting.has(id)) return false;
    line.waiting.set(id, waiter);
    line.port.postMessage({ id, stop: reason } satisfies StopMessage);
    this.#announce(index);
    return true;
  }

  /** Whether a call is not answered. */
  isPending(index: number, id: number): boolean {
    return this.#lines.get(index)?.waiting.has(id) ?? false;
  }

  /** Whether a worker has begun a call: it does so in their order. */
  hasBegun(index: number, id: number): boolean {
    // Acquire. Pairs with the store in `Mail.#do()` [W4].
    return Atomics.load(this.#controls, controlOf(index, BEGUN)) >= id;
  }

  /** Has a worker look for messages. */
  #announce(index: number): void {
    // Release. Pairs with the load in `Mail.#sent()` [W1].
    Atomics.add(this.#controls, controlOf(index, MAIL), 1);
    this.#local.core.callerWake(0, index + 1);
  }

  /** Settles what was answered. Returns how many. */
  receive(): number {
    if (this.#pending === 0 || !this.#hasNew()) return 0;
    let count = 0;
    for (const line of this.#lines.values()) count += this.#read(line);
    return count;
  }

  #hasNew(): boolean {
    if (!this.#local.host.isPrompt) {
      const hasArrived = this.#hasArrived;
      this.#hasArrived = false;
      return hasArrived;
    }
    // Acquire. Pairs with the addition in `Mail.#answer()` [W2].
    const answers = Atomics.load(this.#controls, ANSWERS);
    if (answers === this.#answers) return false;
    this.#answers = answers;
    return true;
  }

  #read({ port, waiting, early }: Line): number {
    let count = 0;
    for (;;) {
      const received = this.#local.host.receive(port);
      if (!received) return count;
      const message = received.message as AnswerMessage;
      const waiter = waiting.get(message.id);
      if (!waiter) {
        early.set(message.id, message);
        continue;
      }
      waiting.delete(message.id);
      this.#pending--;
      count++;
      this.#settle(waiter, message);
    }
  }

  #settle(waiter: Waiter, { isError, value }: AnswerMessage): void {
    if (isError) waiter.reject(this.#marshal.unpackError(value));
    else waiter.resolve(unwrap(value)[0]);
  }

  /** Rejects all calls that are not answered, and forgets them. */
  rejectAll(error: unknown): void {
    for (const line of this.#lines.values()) {
      for (const waiter of this.#empty(line)) waiter.reject(error);
    }
  }

  /** A worker is gone, as this thread, after its last answers were received. */
  bury(index: number, thread: number): void {
    const line = this.#lines.get(index);
    if (!line) return;
    this.#lines.delete(index);
    for (const waiter of this.#empty(line)) waiter.crash(thread);
  }

  /** Forgets all that the line is to bring. Returns who waits for it. */
  #empty({ waiting }: Line): Waiter[] {
    const waiters = [...waiting.values()];
    waiting.clear();
    this.#pending -= waiters.length;
    return waiters;
  }
}

function needsLoop(what: "arguments" | "result"): CannotBlockError {
  return new CannotBlockError(
    `wait for a task whose ${what} only a message port can carry`,
    "run()",
  );
}
