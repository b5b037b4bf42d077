// The tasks that workers run: each takes one argument.

/** A task that takes no time: what is left is the pool. */
export function echo(value: unknown): unknown {
  return value;
}

/** Keeps a core busy for so many milliseconds. */
export function spin(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

/** The same work wherever it runs: so many steps of a xorshift generator. */
export function burn(steps: number): number {
  let state = 1;
  for (let step = 0; step < steps; step++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

/** The sizes of the trees below the root of a tree of so many nodes. */
export function fork(nodes: number): number[] {
  const left = (nodes - 1) >> 1;
  return [left, nodes - 1 - left].filter((size) => size > 0);
}

/** By their names. */
export const TASKS = { echo, spin, burn, fork } as const;

export type TaskName = keyof typeof TASKS;
