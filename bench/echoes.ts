// Pairs of threads that call and answer each other, one pair for each way to do
// it. What the ping-pong benches compare.

import process from "node:process";
import { Worker } from "node:worker_threads";
import type { RuntimeOptions } from "../mod.ts";
import type { Contender } from "./harness.ts";
import { JS_PARKER_WORDS, JsParker } from "./js_parker.ts";
import { LaybyCrew } from "./layby_crew.ts";
import { pinThread } from "./pin.ts";
import { newWasmParkers, WasmParker } from "./wasm_parker.ts";
import type { JsEcho } from "./workers/js_echo.ts";
import type { MessageEcho } from "./workers/message_echo.ts";
import {
  ANSWERED,
  newNotes,
  type Notes,
  STOPPING,
  THREAD,
} from "./workers/notes.ts";
import type { WasmEcho } from "./workers/wasm_echo.ts";

/** A contender that makes round trips to threads of its own, in turn. */
export interface Echo extends Contender {
  /** One for each thread. */
  readonly notes: readonly Notes[];
  /** Lets the threads end. */
  stop(): void;
}

/** Both sides block in layby. */
export function laybyEcho(subject: string, options: RuntimeOptions = {}): Echo {
  const crew = startCrew(options, 1);
  return { ...echoOf(subject, crew), run: (trips) => crew.call(0, trips) };
}

/** The caller awaits layby in its event loop; the other side blocks. */
export function laybyAsyncEcho(
  subject: string,
  options: RuntimeOptions = {},
): Echo {
  const crew = startCrew(options, 1);
  return { ...echoOf(subject, crew), run: (trips) => crew.callAsync(0, trips) };
}

/** So many threads that block in one runtime. */
export function laybyEchoes(subject: string, threads: number): Echo {
  const crew = startCrew({}, threads);
  return { ...echoOf(subject, crew), run: (trips) => crew.callInTurn(trips) };
}

function startCrew(options: RuntimeOptions, threads: number): LaybyCrew {
  const crew = new LaybyCrew({ parkers: threads + 1, ...options });
  for (let thread = 0; thread < threads; thread++) crew.add();
  return crew;
}

function echoOf(subject: string, { runtime, notes }: LaybyCrew) {
  return { subject, notes, stop: () => runtime.shutdown() };
}

/** Both sides block in `Atomics.wait`. */
export function jsEcho(subject: string): Echo {
  const notes = newNotes();
  const bytes = 2 * JS_PARKER_WORDS * Int32Array.BYTES_PER_ELEMENT;
  const words = new Int32Array(new SharedArrayBuffer(bytes));
  const [parker, unparker] = [new JsParker(words, 0), new JsParker(words, 1)];
  start("./workers/js_echo.ts", { words, notes } satisfies JsEcho);
  const run = (trips: number) => {
    for (let trip = 0; trip < trips; trip++) {
      unparker.unpark();
      parker.park();
    }
  };
  return { subject, run, notes: [notes], stop: () => stop(notes, unparker) };
}

/** Both sides block in WebAssembly's wait, without layby. */
export function wasmEcho(subject: string): Echo {
  const notes = newNotes();
  const parkers = newWasmParkers();
  const parker = new WasmParker(parkers, 0);
  const unparker = new WasmParker(parkers, 1);
  start("./workers/wasm_echo.ts", { parkers, notes } satisfies WasmEcho);
  const run = (trips: number) => {
    for (let trip = 0; trip < trips; trip++) {
      unparker.unpark();
      parker.park();
    }
  };
  return { subject, run, notes: [notes], stop: () => stop(notes, unparker) };
}

/** Both sides are in their event loops, and post messages. */
export function messageEcho(subject: string): Echo {
  const notes = newNotes();
  const worker = start(
    "./workers/message_echo.ts",
    { notes } satisfies MessageEcho,
  );
  let answer: (trip: number) => void;
  worker.on("message", (trip: number) => answer(trip));
  const run = async (trips: number) => {
    for (let trip = 0; trip < trips; trip++) {
      const { promise, resolve } = Promise.withResolvers<number>();
      answer = resolve;
      worker.postMessage(trip);
      await promise;
    }
  };
  return { subject, run, notes: [notes], stop: () => void worker.terminate() };
}

function start(path: string, workerData: unknown): Worker {
  return new Worker(new URL(path, import.meta.url), { workerData });
}

function stop(notes: Notes, unparker: { unpark(): void }): void {
  notes[STOPPING] = 1;
  unparker.unpark();
}

/**
 * Waits until all threads serve, and checks that each answers as often as it is
 * called.
 *
 * @param apart Whether to pin the caller to one core and the others to another.
 */
export async function prepare(
  echoes: readonly Echo[],
  apart: boolean,
): Promise<void> {
  const threads = echoes.flatMap(({ notes }) => notes);
  await ready(threads);
  if (apart) {
    for (const notes of threads) pinThread(notes[THREAD]!, 1);
    pinThread(process.pid, 0);
  }
  const calls = 100;
  for (const { subject, run, notes } of echoes) {
    await run(calls * notes.length);
    for (const { [ANSWERED]: answers } of notes) {
      if (answers === calls) continue;
      throw new Error(`${subject}: ${answers} answers to ${calls} calls`);
    }
  }
}

/** Resolves when the threads of these notes serve. */
export async function ready(threads: readonly Notes[]): Promise<void> {
  for (const notes of threads) {
    while (Atomics.load(notes, THREAD) === 0) await sleep(5);
  }
}

/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
