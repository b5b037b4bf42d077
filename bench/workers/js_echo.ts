// Answers each unpark with one. Blocks in Atomics.wait.

import { workerData } from "node:worker_threads";
import { JsParker } from "../js_parker.ts";
import { ANSWERED, type Notes, sayReady, STOPPING } from "./notes.ts";

/** What the main thread passes. */
export interface JsEcho {
  /** Place 0 is the caller's, place 1 this thread's. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly notes: Notes;
}

const { words, notes } = workerData as JsEcho;
const caller = new JsParker(words, 0);
const parker = new JsParker(words, 1);
sayReady(notes);
for (;;) {
  parker.park();
  if (notes[STOPPING]) break;
  notes[ANSWERED]!++;
  caller.unpark();
}
