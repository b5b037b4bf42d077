// A worker of workerpool.

import { loadPeer } from "../subject.ts";
import { TASKS } from "../tasks.ts";

interface Workerpool {
  worker(tasks: typeof TASKS): void;
}

const { default: workerpool } = await loadPeer<{ default: Workerpool }>(
  "workerpool",
);
workerpool.worker(TASKS);
