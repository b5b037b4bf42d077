// Deals work out to threads, one for each processor.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/**
 * Has worker threads do all tasks, and tells each result as it comes.
 *
 * @param entry A module that answers each message, a task, with one, its result.
 * @param tasks In the order in which they begin.
 * @throws {unknown} What a worker could not catch.
 */
export async function deal<Task, Result>(
  entry: URL,
  tasks: readonly Task[],
  tell: (task: Task, result: Result) => void,
): Promise<void> {
  const left = [...tasks];
  const count = Math.min(availableParallelism(), tasks.length);
  await Promise.all(
    Array.from({ length: count }, () => work(entry, left, tell)),
  );
}

/** One worker, until nothing is left. */
async function work<Task, Result>(
  entry: URL,
  left: Task[],
  tell: (task: Task, result: Result) => void,
): Promise<void> {
  const worker = new Worker(entry);
  try {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      tell(task, await answer<Result>(worker, task));
    }
  } finally {
    await worker.terminate();
  }
}

function answer<Result>(worker: Worker, task: unknown): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const onExit = (code: number) =>
    reject(new Error(`A worker ended with code ${code}`));
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", onExit);
  worker.postMessage(task);
  return promise.finally(() => {
    worker.off("message", resolve);
    worker.off("error", reject);
    worker.off("exit", onExit);
  });
}
