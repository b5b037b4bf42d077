// Calls that bytes cannot carry: what a worker does with those that come to its
// port. They are this worker's alone.

import type { Local } from "../core/local.ts";
import {
  type AnswerMessage,
  type CallMessage,
  CONTROLS,
  MAIL,
  type WorkerStart,
} from "./start.ts";
import { isThenable } from "./thenable.ts";

/** What mail needs of its worker. */
export interface MailReader {
  /** Calls a function with values. */
  callDirectly(callee: number, args: readonly unknown[]): unknown;
  /** An asynchronous call has begun, or has ended. */
  countAsync(change: 1 | -1): void;
}

/** The port of one worker. */
export class Mail {
  readonly #local: Local;
  readonly #start: WorkerStart;
  readonly #reader: MailReader;
  readonly #word: number;
  #seen = 0;

  constructor(local: Local, start: WorkerStart, reader: MailReader) {
    this.#local = local;
    this.#start = start;
    this.#reader = reader;
    this.#word = start.index * CONTROLS + MAIL;
  }

  #sent(): number {
    // Acquire. Pairs with the addition in `Post.send()` [W1].
    return Atomics.load(this.#start.controls, this.#word);
  }

  /** Whether messages were sent that were not read. */
  get hasNew(): boolean {
    return this.#sent() !== this.#seen;
  }

  /** Does what the messages say. */
  read(): void {
    if (!this.hasNew) return;
    this.#seen = this.#sent();
    for (;;) {
      const received = this.#local.host.receive(this.#start.port);
      if (!received) return;
      this.#do(received.message as CallMessage);
    }
  }

  #do({ id, callee, args }: CallMessage): void {
    let value: unknown;
    try {
      value = this.#reader.callDirectly(callee, args);
    } catch (error) {
      return this.#answer(id, true, error);
    }
    if (!isThenable(value)) return this.#answer(id, false, value);
    this.#reader.countAsync(1);
    const end = (isError: boolean, result: unknown) => {
      this.#answer(id, isError, result);
      this.#reader.countAsync(-1);
    };
    value.then((result) => end(false, result), (error) => end(true, error));
  }

  #answer(id: number, isError: boolean, value: unknown): void {
    const { port, controls, index } = this.#start;
    const message: AnswerMessage = { id, isError, value };
    try {
      port.postMessage(message, transferOf(value));
    } catch (error) {
      port.postMessage({ id, isError: true, value: error });
    }
    // Release. Pairs with the load in `Post.receive()` [W2].
    Atomics.add(controls, controls.length - 1, 1);
    this.#local.core.callerWake(index + 1, 0);
  }
}

/** Buffers that a task returns are its own: they are moved, and not copied. */
function transferOf(value: unknown): Transferable[] {
  if (value instanceof ArrayBuffer) return [value];
  if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) {
    const isWhole = value.byteLength === value.buffer.byteLength;
    return isWhole ? [value.buffer] : [];
  }
  return [];
}
