// The thread that answers the caller, in `driver_wake` and in `echo`.

import { workerData } from "node:worker_threads";
import {
  ANSWERED,
  type Notes,
  sayReady,
  STOPPING,
} from "../../workers/notes.ts";
import { SUBJECTS } from "../subjects.ts";

/** What the main thread passes. */
export interface Answerer {
  readonly bench: "driver_wake" | "echo";
  readonly subject: string;
  /** What the subject has for this thread. */
  readonly end: unknown;
  readonly notes: Notes;
}

const { bench, subject, end, notes } = workerData as Answerer;
if (bench === "driver_wake") await answerWakes();
else await answerMessages();

async function answerWakes(): Promise<void> {
  const { join } = await SUBJECTS.driver_wake[subject]!.load();
  const side = await join(end);
  sayReady(notes);
  for (;;) {
    side.sleep();
    if (notes[STOPPING]) break;
    notes[ANSWERED]!++;
    side.wake();
  }
}

async function answerMessages(): Promise<void> {
  const echo = await SUBJECTS.echo[subject]!.load();
  sayReady(notes);
  await echo.answer(end);
}
