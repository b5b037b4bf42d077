// The tasks: what this module exports, workers can run.

export function countPrimes(from: number, to: number): number {
  let count = 0;
  for (let n = Math.max(from, 2); n < to; n++) {
    let divisor = 2;
    while (divisor ** 2 <= n && n % divisor !== 0) divisor++;
    if (divisor ** 2 > n) count++;
  }
  return count;
}
