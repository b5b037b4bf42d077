// What a pool tells the threads that it starts, and what they answer.

import type { RuntimeHandle } from "../core/module.ts";
import type { ThreadMessage } from "../thread.ts";

/** How an idle worker sleeps: see `PoolOptions.idle`. */
export type IdleMode = "auto" | "event-loop" | "block";

/** What a worker is started with. */
export interface WorkerStart {
  readonly handle: RuntimeHandle;
  readonly index: number;
  readonly name: string;
  /** The URL of the task module. */
  readonly module: string;
  /** The tasks by number; undefined for the first worker, which finds them. */
  readonly names: readonly string[] | undefined;
  readonly data: unknown;
  readonly setup: string | undefined;
  readonly teardown: string | undefined;
  readonly idle: IdleMode;
  /** Tell the pool after so many milliseconds without work. */
  readonly idleTimeout: number;
  /** Whether there is a core to spin on. */
  readonly isSpinning: boolean;
  /**
   * Two words for each worker, `MAIL` and `COMMAND`; and one that counts the
   * answers by message.
   */
  readonly controls: Int32Array<SharedArrayBuffer>;
  /** For what bytes cannot carry. */
  readonly port: MessagePort;
}

/** Which of a worker's two words counts the messages that were sent to it. */
export const MAIL = 0;
/** And which says what it is to do. */
export const COMMAND = 1;
/** Words of a worker. */
export const CONTROLS = 2;

export const GO_ON = 0;
/** End when there is nothing at hand. */
export const RETIRE = 1;

/** What a worker tells the pool. */
export type WorkerMessage =
  | {
    readonly kind: "ready";
    readonly names: readonly string[];
    /** Its thread, as the core knows it. */
    readonly thread: number;
    /** The address of its parker. */
    readonly parker: number;
  }
  | { readonly kind: "failed"; readonly thrown: ThreadMessage }
  /** It had nothing to do for so long. */
  | { readonly kind: "idle" }
  /** It has ended as it was told. */
  | { readonly kind: "closed" };

/** A call by message. */
export interface CallMessage {
  readonly id: number;
  readonly callee: number;
  readonly args: readonly unknown[];
}

/** The answer to a call by message, or the result of a task by its record. */
export interface AnswerMessage {
  readonly id: number;
  readonly isError: boolean;
  readonly value: unknown;
}
