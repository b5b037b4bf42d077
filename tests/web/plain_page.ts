// A page that is not isolated: the pool runs in the page, or not at all.

import { Pool, Runtime } from "../../mod.ts";
import { check, errorOf, match, same } from "./checks.ts";
import { poolChecks } from "./pool_checks.ts";
import { report } from "./report.ts";
import type * as tasks from "./tasks.ts";

const module = new URL("/tasks.js", location.href);
const HEADERS =
  /"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"/;

check("Pool.start() says which headers are missing", async () => {
  const error = await errorOf(() => Pool.start(module));
  same(error.code, "unsupported");
  match(error.message, /^Cannot start a pool as it needs threads that share/);
  match(error.message, HEADERS);
  match(error.message, /fallback: "inline"/);
});

check("Runtime.create() says which headers are missing", async () => {
  const error = await errorOf(() => Runtime.create());
  same(error.code, "unsupported");
  match(error.message, HEADERS);
});

poolChecks({ module, options: { fallback: "inline" } });

check("the page gets turns between tasks", async () => {
  await using pool = await Pool.start<typeof tasks>(module, {
    fallback: "inline",
  });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await Promise.all(Array.from({ length: 50 }, () => pool.tasks.block(2)));
  clearInterval(timer);
  if (turns < 5) throw new Error(`Only ${turns} turns`);
});

await report();
