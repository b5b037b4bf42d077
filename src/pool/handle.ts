// A task that another task has spawned.

/** A task that was spawned, for the one that spawned it. */
export interface TaskHandle<Result> {
  /** Whether it has returned or thrown. */
  readonly isDone: boolean;
  /**
   * Waits for the task, blocking, and returns what it returned. If no worker has
   * begun it, it is run here and now; else this worker runs other tasks while it
   * waits. So tasks can wait for tasks that they spawned, at any depth.
   *
   * @throws Whatever the task threw.
   * @throws {WorkerCrashedError} If its worker died.
   * @throws {CannotBlockError} If it is asynchronous and has to run on this
   * thread: use {@linkcode TaskHandle.joinAsync}.
   */
  join(): Result;
  /** As {@linkcode TaskHandle.join}, without blocking the event loop. */
  joinAsync(): Promise<Result>;
}
