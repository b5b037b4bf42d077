// What a pool tells the threads that it starts, and what they answer.

import type { RuntimeHandle } from "../core/module.ts";
import type { Packed } from "./marshal.ts";
import type { Parcel } from "./parcel.ts";
import type { StopReason } from "./record.ts";

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
  /** Milliseconds without work after which it tells so, if the pool wants it. */
  readonly idleTimeout: number;
  /** Whether it may look for work before it sleeps. */
  readonly isSpinning: boolean;
  /** Words of all, and then some of each worker: see `controlOf()`. */
  readonly controls: Int32Array<SharedArrayBuffer>;
  /** For what bytes cannot carry. */
  readonly port: MessagePort;
}

/** The word that counts the answers by message. */
export const ANSWERS = 0;
/** Above 0: workers are to tell that they are idle, once for each number. */
export const SHRINKING = 1;
/** The word that counts the workers that have told that they die. */
export const ENDS = 2;
/** Workers are to write what they have printed, once for each number. */
export const FLUSHES = 3;
const COMMON = 4;

/** Which of a worker's words counts the messages that were sent to it. */
export const MAIL = 0;
/** Which says what it is to do. */
export const COMMAND = 1;
/** Which says that it dies: the code with which it exits, times 2, + 1. */
export const END = 2;
/** Which says which thread of the core it is. */
export const THREAD = 3;
/** Which says which call by message it began last, by its id. */
export const BEGUN = 4;
/** Which says which thread it is for the kernel, if the host tells. */
export const KERNEL = 5;
/** Which says for which task it is blocked in a join; 0 if it is not. */
export const WAITS = 6;
const CONTROLS = 7;

/** How many words so many workers need. */
export function controlsFor(workers: number): number {
  return COMMON + workers * CONTROLS;
}

/** How many workers have words there. */
export function workersOf(controls: Int32Array): number {
  return (controls.length - COMMON) / CONTROLS;
}

/** The place of one of a worker's words. */
export function controlOf(worker: number, which: number): number {
  return COMMON + worker * CONTROLS + which;
}

/** End when there is nothing at hand. */
export const RETIRE = 1;
/** Touch nothing any more: the pool gives this thread up. */
export const DIE = 2;
/** The thread touches nothing any more. */
export const GONE = 3;
/** The same, and it has ended as it was told. */
export const CLOSED = 4;

/** What a worker tells the pool. */
export type WorkerMessage =
  | {
    readonly kind: "ready";
    readonly names: readonly string[];
    /** The address of its parker. */
    readonly parker: number;
  }
  /** It could not begin, for what was thrown: see `packError()`. */
  | { readonly kind: "failed"; readonly thrown: Packed }
  /** It had nothing to do for so long. */
  | { readonly kind: "idle" }
  /** It is in its event loop, and somebody has to drive. */
  | { readonly kind: "drive" }
  /** It has written what it had printed. */
  | { readonly kind: "flushed" }
  /** It runs no more tasks, and is about to end as it was told. */
  | { readonly kind: "ending" }
  /** It has ended as it was told. */
  | { readonly kind: "closed" };

/** To the end of a call by message before it is done. */
export interface StopMessage {
  readonly id: number;
  readonly stop: StopReason;
}

/** A call by message. */
export interface CallMessage {
  readonly id: number;
  readonly callee: number;
  readonly args: Parcel;
}

/** The answer to a call by message, or the result of a task by its record. */
export type AnswerMessage =
  | { readonly id: number; readonly isError: false; readonly value: Parcel }
  | { readonly id: number; readonly isError: true; readonly value: Packed };
