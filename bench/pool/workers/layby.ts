// The tasks for layby's pool: those of all, and two that need layby.

import { spawn, transfer } from "../../../task.ts";
import { fork } from "../tasks.ts";

export { burn, echo, fork, spin } from "../tasks.ts";

/** Counts the nodes of a tree of so many: a task for each. */
export function tree(nodes: number): number {
  let count = 1;
  const children = fork(nodes).map((size) => spawn("tree", [size]));
  for (const child of children) count += child.join() as number;
  return count;
}

/** An echo that moves its bytes. */
export function move(value: unknown): unknown {
  return value instanceof Uint8Array ? transfer(value, [value.buffer]) : value;
}
