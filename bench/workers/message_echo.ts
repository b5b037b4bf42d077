// Answers each message with one, from its event loop.

import { parentPort, workerData } from "node:worker_threads";
import { ANSWERED, type Notes, sayReady } from "./notes.ts";

/** What the main thread passes. */
export interface MessageEcho {
  readonly notes: Notes;
}

const { notes } = workerData as MessageEcho;
const port = parentPort!;
port.on("message", (message) => {
  notes[ANSWERED]!++;
  port.postMessage(message);
});
sayReady(notes);
