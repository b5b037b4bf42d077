// How workers ended, for those whose tasks they took along.

import { TaskModuleError, WorkerCrashedError } from "../errors.ts";

/** Ends that are remembered: whoever asks does so soon. */
const MOST = 64;

/** What is known of a worker that has ended. */
export interface Deceased {
  readonly name: string;
  /** What ended it, if it has told. */
  readonly error: unknown;
  /** The pool has ended it, wherever it was. */
  readonly isKilled: boolean;
}

/** Of the dead, by the thread as the core knew it. */
export class Epitaphs {
  readonly #errors = new Map<number, WorkerCrashedError>();

  /** How the worker ended that was this thread. */
  of(thread: number): WorkerCrashedError {
    return this.#errors.get(thread) ??
      new WorkerCrashedError(`thread ${thread}`, "ended");
  }

  /** Notes how a worker ended that was this thread. */
  write(dead: Deceased, thread: number, code: number): WorkerCrashedError {
    const how = endOf(dead, code);
    const error = new WorkerCrashedError(dead.name, how, causeOf(dead));
    this.#errors.set(thread, error);
    if (this.#errors.size > MOST) {
      this.#errors.delete(this.#errors.keys().next().value!);
    }
    return error;
  }
}

/** The error for a worker that ended before it could take tasks. */
export function notReady(
  module: string,
  dead: Deceased,
  code: number,
): TaskModuleError {
  const how = `${dead.name} ${endOf(dead, code)} before it was ready`;
  return new TaskModuleError(module, how, causeOf(dead));
}

function endOf({ error, isKilled }: Deceased, code: number): string {
  if (isKilled) return "was terminated";
  if (error === undefined) return `exited with code ${code}`;
  return error instanceof Error
    ? `ended with ${error.name}: ${error.message}`
    : `ended with ${error}`;
}

function causeOf({ error }: Deceased): ErrorOptions {
  return error === undefined ? {} : { cause: error };
}
