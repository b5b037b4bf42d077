// What runs on the workers.

import { worker } from "../../task.ts";

/** Numbers between two looks whether anybody still wants to know. */
const STRIDE = 1024;

/** How many primes there are below a number. */
export function countPrimes(below: number): number {
  if (!(below >= 0 && below <= 1e9)) {
    throw new RangeError(`below is a number from 0 to 1e9: it was ${below}`);
  }
  let count = 0;
  for (let n = 2; n < below; n++) {
    // The answer goes nowhere: what matters is that the worker is free.
    if (n % STRIDE === 0 && worker.isCancelled) return count;
    let divisor = 2;
    while (divisor ** 2 <= n && n % divisor !== 0) divisor++;
    if (divisor ** 2 > n) count++;
  }
  return count;
}
