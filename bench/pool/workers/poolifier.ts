// A worker of poolifier.

import { loadPeer } from "../subject.ts";
import { TASKS } from "../tasks.ts";

interface Poolifier {
  readonly ThreadWorker: new (tasks: typeof TASKS) => unknown;
}

const { ThreadWorker } = await loadPeer<Poolifier>("poolifier");
new ThreadWorker(TASKS);
