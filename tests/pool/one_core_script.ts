// Calls one after the other, many at a time, and blocking, for one_core_test.ts.

import { Pool } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

const TASKS = new URL("./tasks.ts", import.meta.url);
const CALLS = 3_000;
const AT_A_TIME = 100;

await using pool = await Pool.start<typeof tasks>(TASKS, { workers: 2 });
let sum = 0;
for (let n = 0; n < CALLS; n++) sum += await pool.tasks.add(n, 1);
for (let n = 0; n < CALLS; n += AT_A_TIME) {
  const calls = Array.from(
    { length: AT_A_TIME },
    (_, index) => pool.tasks.add(n + index, 1),
  );
  for (const result of await Promise.all(calls)) sum += result;
}
for (let n = 0; n < CALLS; n++) sum += pool.runSync("add", [n, 1]);
// Each of the numbers from 1 on, three times.
console.log(sum === 3 * CALLS * (CALLS + 1) / 2 ? "equal" : `${sum}`);
