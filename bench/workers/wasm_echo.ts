// Answers each unpark with one. Blocks in WebAssembly's wait, without layby.

import { workerData } from "node:worker_threads";
import { WasmParker, type WasmParkers } from "../wasm_parker.ts";
import { ANSWERED, type Notes, sayReady, STOPPING } from "./notes.ts";

/** What the main thread passes. */
export interface WasmEcho {
  /** Place 0 is the caller's, place 1 this thread's. */
  readonly parkers: WasmParkers;
  readonly notes: Notes;
}

const { parkers, notes } = workerData as WasmEcho;
const caller = new WasmParker(parkers, 0);
const parker = new WasmParker(parkers, 1);
sayReady(notes);
for (;;) {
  parker.park();
  if (notes[STOPPING]) break;
  notes[ANSWERED]!++;
  caller.unpark();
}
