// What a measure is told, and what the measures of two threads share.

import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Row } from "../../harness.ts";
import { pinThread } from "../../pin.ts";
import { newNotes, type Notes, THREAD } from "../../workers/notes.ts";
import type { Answerer } from "../workers/answerer.ts";

/** What to measure. */
export interface Job {
  /** The value of `bench` in the rows. */
  readonly row: string;
  readonly subject: string;
  readonly args: readonly string[];
}

/** Measures one subject. */
export type Measure = (job: Job) => Promise<Row[]>;

/**
 * Batches of the round trips of two threads. V8 compiles what they are made of
 * for each thread, and takes some 100,000 round trips for all of it.
 */
export const TURNS = { batches: 11, batch: 20, warmUp: 2_000 };
/** Round trips that are checked before any is timed. */
export const CHECKED = 100;

/** Milliseconds for a thread to end. */
const GRACE = 1_000;

/** A thread that answers. */
export interface Running {
  readonly notes: Notes;
  /** Resolves when it has ended, or does not. */
  ended(): Promise<void>;
}

/** Starts the thread that answers. Resolves when it is about to. */
export async function startAnswerer(
  bench: Answerer["bench"],
  subject: string,
  end: unknown,
): Promise<Running> {
  const notes = newNotes();
  const workerData: Answerer = { bench, subject, end, notes };
  const url = new URL("../workers/answerer.ts", import.meta.url);
  const worker = new Worker(url, { workerData });
  const exit = once(worker, "exit");
  const ready = async () => {
    while (Atomics.load(notes, THREAD) === 0) await sleep(2);
  };
  const early = async () => {
    await exit;
    if (notes[THREAD] === 0) throw new Error("the thread has not started");
  };
  await Promise.race([ready(), early()]);
  return {
    notes,
    ended: async () => {
      await Promise.race([exit, sleep(GRACE)]);
    },
  };
}

/** Binds the caller to one core and who answers to another, if wanted. */
export function place({ notes }: Running, placement: string | undefined): void {
  if (placement !== "two_cores") return;
  pinThread(notes[THREAD]!, 1);
  pinThread(process.pid, 0);
}
