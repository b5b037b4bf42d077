// In how many ways N queens fit on a board without a threat: tasks that spawn
// tasks, and join them.
//
//   node examples/queens.ts [N]
//   bun examples/queens.ts [N]
//   deno run -A examples/queens.ts [N]

import process from "node:process";
import { Pool } from "../mod.ts";
import { spawn } from "../task.ts";

/** Rows whose queens are tasks. Below, a task would be less than its cost. */
const SPAWNING_ROWS = 4;

/**
 * Counts the ways to fill the rows from `row` on. The sets have a bit for each
 * column that is taken, or that a queen threatens from the left or the right.
 */
export function solve(
  size: number,
  row: number,
  taken: number,
  left: number,
  right: number,
): number {
  if (row === size) return 1;
  let free = ~(taken | left | right) & ((1 << size) - 1);
  const others = [];
  let count = 0;
  while (free !== 0) {
    const queen = free & -free;
    free ^= queen;
    const rest = [
      size,
      row + 1,
      taken | queen,
      (left | queen) << 1,
      (right | queen) >> 1,
    ] as const;
    if (row >= SPAWNING_ROWS) count += solve(...rest);
    else others.push(spawn<typeof solve>("solve", [...rest]));
  }
  // Runs those that no other worker has taken.
  for (const other of others) count += other.join();
  return count;
}

// Workers import this very module, too.
if (import.meta.main) {
  const size = Number(process.argv[2] ?? 13);
  const module = new URL(import.meta.url);
  await using pool = await Pool.start<{ solve: typeof solve }>(module);
  const began = performance.now();
  const count = await pool.tasks.solve(size, 0, 0, 0, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(2);
  const { workers } = pool.metrics();
  const steals = workers.reduce((sum, worker) => sum + worker.steals, 0);
  console.log(
    `${size} queens: ${count} ways, in ${seconds} s, ` +
      `by ${workers.length} workers with ${steals} steals`,
  );
}
