// Answers each unpark with one. Blocks in layby's park().

import type { ParkerHandle, Runtime } from "../../mod.ts";
import { ANSWERED, type Notes, sayReady } from "./notes.ts";

/** What the main thread passes. */
export interface LaybyEcho {
  /** Detached, for this thread. */
  readonly mine: ParkerHandle;
  readonly caller: ParkerHandle;
  readonly notes: Notes;
}

export default function (runtime: Runtime, data: LaybyEcho): void {
  const { notes } = data;
  const parker = runtime.adopt(data.mine);
  const caller = runtime.unparker(data.caller);
  sayReady(notes);
  while (parker.park() !== "shutdown") {
    notes[ANSWERED]!++;
    caller.unpark();
  }
}
