// How a task that runs learns that nobody wants it any more.

import { ABORTED, EXPIRED, GO_ON, type Records } from "./record.ts";

/** The signals of one worker's tasks. */
export class Cancels {
  readonly #records: Records;
  /** By the address of the record, for tasks that have asked for theirs. */
  readonly #controllers = new Map<number, AbortController>();
  /** Tasks that have begun and not ended. */
  readonly #watched = new Set<number>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** The signal of a task; one that never aborts if there is none. */
  signal(task: number): AbortSignal {
    if (task === 0) return new AbortController().signal;
    let controller = this.#controllers.get(task);
    if (!controller) {
      controller = new AbortController();
      this.#controllers.set(task, controller);
    }
    this.#lookAt(task, controller);
    return controller.signal;
  }

  /** The task goes on after its function has returned. */
  watch(task: number): void {
    this.#watched.add(task);
  }

  /** The task is done. */
  forget(task: number): void {
    this.#watched.delete(task);
    this.#controllers.delete(task);
  }

  /** Tells the tasks in flight that are to stop. */
  look(): void {
    if (this.#controllers.size === 0) return;
    for (const [task, controller] of this.#controllers) {
      // One that was synchronous is over, and its record another's.
      if (this.#watched.has(task)) this.#lookAt(task, controller);
      else this.#controllers.delete(task);
    }
  }

  #lookAt(task: number, controller: AbortController): void {
    const reason = this.#records.stopReason(task);
    if (reason === GO_ON || controller.signal.aborted) return;
    controller.abort(reasonOf(reason));
  }
}

/** What the signal of a task that is to stop has for its reason. */
export function reasonOf(reason: number): DOMException {
  switch (reason) {
    case EXPIRED:
      return new DOMException("The task's time is over", "TimeoutError");
    case ABORTED:
      return new DOMException("The task was aborted", "AbortError");
  }
  return new DOMException("The task is to stop", "AbortError");
}
