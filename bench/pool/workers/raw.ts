// A worker of the subject `raw`.

import { parentPort } from "node:worker_threads";
import { type TaskName, TASKS } from "../tasks.ts";

export interface Call {
  readonly id: number;
  readonly task: TaskName;
  readonly argument: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result: unknown;
}

const tasks = TASKS as Record<TaskName, (argument: never) => unknown>;

parentPort!.on("message", ({ id, task, argument }: Call) => {
  const answer: Answer = { id, result: tasks[task](argument as never) };
  parentPort!.postMessage(answer);
});
