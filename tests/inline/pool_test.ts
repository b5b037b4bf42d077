import { test } from "node:test";
import { takeChecks } from "../web/checks.ts";
import { poolChecks } from "../web/pool_checks.ts";
import { withoutThreads } from "./hidden.ts";

const module = new URL("../web/tasks.ts", import.meta.url);

// What browsers and workerd are asked to do as well, without threads and with.
poolChecks({ module, options: { fallback: "inline" } });
for (const [name, body] of takeChecks()) {
  test(`a pool without threads: ${name}`, async () => {
    await withoutThreads(body);
  });
}

poolChecks({ module, options: { workers: 2 } });
for (const [name, body] of takeChecks()) {
  test(`a pool with threads: ${name}`, async () => void await body());
}
