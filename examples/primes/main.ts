// Counts primes, a range on each worker.
//
//   node examples/primes/main.ts
//   bun examples/primes/main.ts
//   deno run -A examples/primes/main.ts

import { Pool } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("./tasks.ts", import.meta.url);
await using pool = await Pool.start<typeof tasks>(module);

const counts = await Promise.all(
  [0, 1, 2, 3].map((i) =>
    pool.tasks.countPrimes(i * 250_000, (i + 1) * 250_000)
  ),
);
console.log(counts.reduce((sum, count) => sum + count)); // 78498
