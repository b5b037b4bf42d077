// The tasks for layby's pool: those of all, and one that spawns tasks.

import { loadModule } from "../subject.ts";
import { entryOf } from "../subjects/layby.ts";
import { fork } from "../tasks.ts";

export { burn, echo, fork, spin } from "../tasks.ts";

interface LaybyTask {
  spawn(name: string, args: readonly unknown[]): { join(): unknown };
}

const { spawn } = await loadModule<LaybyTask>("layby", entryOf("./task"));

/** Counts the nodes of a tree of so many: a task for each. */
export function tree(nodes: number): number {
  let count = 1;
  const children = fork(nodes).map((size) => spawn("tree", [size]));
  for (const child of children) count += child.join() as number;
  return count;
}
