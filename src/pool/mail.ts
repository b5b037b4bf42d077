// What bytes cannot carry, from a worker's side: calls that come to its port, and
// results that leave by it. The calls are this worker's alone.

import { refusal } from "../codec/mod.ts";
import type { Local } from "../core/local.ts";
import type { Cancels } from "./cancels.ts";
import type { Marshal } from "./marshal.ts";
import { type Moved, unwrap, wrap } from "./parcel.ts";
import type { Letter } from "./record.ts";
import {
  type AnswerMessage,
  ANSWERS,
  BEGUN,
  type CallMessage,
  controlOf,
  MAIL,
  type StopMessage,
  type WorkerStart,
} from "./start.ts";
import { isThenable } from "./thenable.ts";
import type { Transfers } from "./transfers.ts";

/** What mail needs of its worker. */
export interface MailReader {
  /** Calls a function with values. */
  callDirectly(
    callee: number,
    args: readonly unknown[],
    task: number,
  ): unknown;
  /** An asynchronous call has begun, or has ended. */
  countAsync(change: 1 | -1): void;
  /** Makes the worker look for work. */
  rouse(): void;
}

/** The port of one worker. */
export class Mail {
  readonly #local: Local;
  readonly #start: WorkerStart;
  readonly #marshal: Marshal;
  readonly #cancels: Cancels;
  readonly #transfers: Transfers;
  readonly #reader: MailReader;
  /** Calls that have come, by id. */
  readonly #calls = new Map<number, CallMessage>();
  /** Ids of calls that have begun and not ended. */
  readonly #running = new Set<number>();
  readonly #word: number;
  readonly #begun: number;
  /** Messages that were sent when it last looked. */
  #seen = 0;
  /** Messages that the event loop has brought, and those of them it has read. */
  #arrived = 0;
  #read = 0;
  /** Ids of results are below 0, and those of calls above. */
  #next = -1;

  constructor(
    local: Local,
    start: WorkerStart,
    marshal: Marshal,
    cancels: Cancels,
    transfers: Transfers,
    reader: MailReader,
  ) {
    this.#transfers = transfers;
    this.#cancels = cancels;
    this.#local = local;
    this.#start = start;
    this.#marshal = marshal;
    this.#reader = reader;
    this.#word = controlOf(start.index, MAIL);
    this.#begun = controlOf(start.index, BEGUN);
    local.host.listen(start.port, () => {
      this.#arrived++;
      reader.rouse();
    });
  }

  #sent(): number {
    // Acquire. Pairs with the addition in `Post.send()` [W1].
    return Atomics.load(this.#start.controls, this.#word);
  }

  /** Whether there are messages that were not read. */
  get hasNew(): boolean {
    return this.#local.host.isPrompt
      ? this.#sent() !== this.#seen
      : this.#arrived !== this.#read;
  }

  /** Whether there are messages that the event loop has to bring. */
  get isComing(): boolean {
    return !this.#local.host.isPrompt && this.#sent() !== this.#arrived;
  }

  /** Whether there are messages that were not read, wherever they are. */
  get isPending(): boolean {
    return this.hasNew || this.isComing;
  }

  /** How many messages it has seen. */
  get seen(): number {
    return this.#seen;
  }

  /** Does what the messages say. */
  read(): void {
    this.collect();
    for (const call of this.#calls.values()) {
      this.#calls.delete(call.id);
      this.#do(call);
      // More may have come meanwhile, and some be stopped.
      this.collect();
    }
  }

  /** Takes what has come, and tells the tasks that are to stop. */
  collect(): void {
    if (!this.hasNew) return;
    this.#seen = this.#sent();
    for (;;) {
      const received = this.#local.host.receive(this.#start.port);
      if (!received) return;
      this.#read++;
      const message = received.message as CallMessage | StopMessage;
      if ("stop" in message) this.#stop(message);
      else this.#calls.set(message.id, message);
    }
  }

  #stop({ id, stop }: StopMessage): void {
    if (this.#calls.delete(id)) this.#answerValue(id, undefined);
    else if (this.#running.has(id)) this.#cancels.stop(-id, stop);
  }

  #do({ id, callee, args }: CallMessage): void {
    this.#running.add(id);
    // Release. Pairs with the load in `Post.hasBegun()` [W4].
    Atomics.store(this.#start.controls, this.#begun, id);
    let value: unknown;
    try {
      value = this.#reader.callDirectly(callee, unwrap(args), -id);
    } catch (error) {
      this.#end(id);
      return this.#answerError(id, error);
    }
    if (!isThenable(value)) {
      this.#end(id);
      return this.#answerValue(id, value);
    }
    this.#reader.countAsync(1);
    this.#cancels.watch(-id);
    const end = (answer: () => void) => {
      this.#end(id);
      answer();
      this.#reader.countAsync(-1);
    };
    value.then(
      (result) => end(() => this.#answerValue(id, result)),
      (error) => end(() => this.#answerError(id, error)),
    );
  }

  #end(id: number): void {
    this.#running.delete(id);
    this.#cancels.forget(-id);
  }

  #answerValue(id: number, value: unknown): void {
    try {
      this.#send(id, this.#transfers.of(value) ?? { value, transfer: [] });
    } catch (error) {
      this.#answerError(id, error);
    }
  }

  /** @throws {UncloneableError} If structured clone refuses it. */
  #send(id: number, { value, transfer }: Moved): void {
    try {
      const parcel = wrap([value], transfer);
      this.#answer({ id, isError: false, value: parcel }, transfer);
    } catch (cause) {
      throw refusal([value], cause, "result");
    }
  }

  #answerError(id: number, error: unknown): void {
    const value = this.#marshal.packError(error);
    this.#answer({ id, isError: true, value }, []);
  }

  #answer(message: AnswerMessage, transfer: readonly Transferable[]): void {
    const { port, controls, index } = this.#start;
    port.postMessage(message, [...transfer]);
    // Release. Pairs with the load in `Post.#hasNew()` [W2].
    Atomics.add(controls, ANSWERS, 1);
    this.#local.core.callerWake(index + 1, 0);
  }

  /**
   * Sends the result of a task that has a record. Returns what the record is to
   * say of it.
   *
   * @throws {UncloneableError} If structured clone refuses it.
   */
  sendResult(result: Moved): Letter {
    const id = this.#next--;
    this.#send(id, result);
    return { index: this.#start.index, id };
  }

  /** Sends what such a task threw. Returns what the record is to say of it. */
  sendError(error: unknown): Letter {
    const id = this.#next--;
    this.#answerError(id, error);
    return { index: this.#start.index, id };
  }
}
