// multithreading. It has one pool a process, and sends the source of a task
// with each call.

import { loadPeer, type Start } from "../subject.ts";
import { type TaskName, TASKS } from "../tasks.ts";

interface Multithreading {
  initRuntime(options: { readonly maxWorkers: number }): void;
  /** Arguments for a task. Buffers are moved, and lost to the caller. */
  move(argument: unknown): unknown;
  spawn(argument: unknown, task: Task): { join(): Promise<Result> };
}

type Task = (argument: never) => unknown;

type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

const tasks: Record<TaskName, Task> = TASKS;

/** Loads multithreading. */
export async function loadMultithreading(): Promise<Start> {
  const { initRuntime, move, spawn } = await loadPeer<Multithreading>(
    "multithreading",
  );
  return (workers) => {
    initRuntime({ maxWorkers: workers });
    return {
      async run(task, argument) {
        // The others leave the caller its bytes.
        const own = argument instanceof Uint8Array
          ? argument.slice()
          : argument;
        const result = await spawn(move(own), tasks[task]).join();
        if (!result.ok) throw result.error;
        return result.value;
      },
    };
  };
}
