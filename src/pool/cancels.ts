// How a task that runs learns that nobody wants it any more.

import {
  ABORTED,
  EXPIRED,
  GO_ON,
  type Records,
  type StopReason,
} from "./record.ts";

/**
 * The signals of one worker's tasks. A task is known by the address of its
 * record, or by a number below 0 if it came by message.
 */
export class Cancels {
  readonly #records: Records;
  /** Of tasks that have asked for theirs. */
  readonly #controllers = new Map<number, AbortController>();
  /** Tasks that have begun and not ended. */
  readonly #watched = new Set<number>();
  /** Why those that came by message are to stop. */
  readonly #stopped = new Map<number, StopReason>();

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

  /** A task that goes on is done. */
  forget(task: number): void {
    this.#watched.delete(task);
    this.end(task);
  }

  /** A task is done. */
  end(task: number): void {
    if (this.#controllers.size > 0) this.#controllers.delete(task);
    if (task < 0) this.#stopped.delete(task);
  }

  /** A task that came by message is to stop. */
  stop(task: number, reason: StopReason): void {
    this.#stopped.set(task, reason);
    const controller = this.#controllers.get(task);
    if (controller) this.#lookAt(task, controller);
  }

  /** Why a task is to stop, or `GO_ON`. */
  reason(task: number): StopReason {
    return task > 0
      ? this.#records.stopReason(task)
      : this.#stopped.get(task) ?? GO_ON;
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
    const reason = this.reason(task);
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
