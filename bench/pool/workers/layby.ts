// The tasks for layby's pool: those of all, and one that spawns tasks.

import { spawn } from "../../../task.ts";
import { fork } from "../tasks.ts";

export { burn, echo, fork, spin } from "../tasks.ts";

/** Counts the nodes of a tree of so many: a task for each. */
export function tree(nodes: number): number {
  let count = 1;
  const children = fork(nodes).map((size) => spawn("tree", [size]));
  for (const child of children) count += child.join() as number;
  return count;
}
