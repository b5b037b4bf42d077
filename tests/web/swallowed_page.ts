// An isolated page whose bundle has layby in it.

import { Pool } from "../../mod.ts";
import { check, errorOf, match, same } from "./checks.ts";
import { report } from "./report.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("/tasks.js", location.href);

check("Pool.start() asks where layby is", async () => {
  const error = await errorOf(() => Pool.start(module, { workers: 1 }));
  same(error.code, "task-module");
  match(error.message, /see "entry" of the options/);
});

check("a pool that was told where layby is", async () => {
  const entry = new URL("/mod.ts", location.href);
  await using pool = await Pool.start<typeof tasks>(module, { entry });
  same(await pool.tasks.double(21), 42);
});

await report();
