// What runs on the workers.

import { worker } from "../../task.ts";

/** Steps between two looks whether anybody still wants to know. */
const STRIDE = 1 << 20;

/** Steps until the Collatz sequence from each number has come to 1: the most. */
export function longestCollatz(
  below: number,
): { start: number; steps: number } {
  let longest = { start: 1, steps: 0 };
  let looked = 0;
  for (let start = 2; start < below; start++) {
    let steps = 0;
    for (let n = start; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
    if (steps > longest.steps) longest = { start, steps };
    looked += steps;
    if (looked < STRIDE) continue;
    looked = 0;
    if (worker.isCancelled) break;
  }
  return longest;
}
