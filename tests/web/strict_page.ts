// A page that is isolated, and whose policy lets no worker come from a blob:.

import { Pool } from "../../mod.ts";
import { check, errorOf, match, same } from "./checks.ts";
import { report } from "./report.ts";

const module = new URL("/tasks.js", location.href);

check("Pool.start() says what the policy has to allow", async () => {
  const error = await errorOf(() => Pool.start(module, { workers: 1 }));
  same(error.code, "task-module");
  match(error.message, /worker-src blob:/);
});

await report();
