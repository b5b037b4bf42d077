import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "../../mod.ts";
import { settled } from "../threads.ts";
import * as tasks from "../web/tasks.ts";
import { startInline } from "./hidden.ts";

const url = new URL("../web/tasks.ts", import.meta.url);

test("a pool without threads takes a module's URL, or the module", async () => {
  await using one = await startInline<typeof tasks>(url);
  assert.equal(await one.tasks.double(21), 42);
  await using two = await startInline({ url: null, exports: tasks });
  assert.equal(await two.tasks.double(21), 42);
  await using three = await startInline({ url, exports: { four: () => 4 } });
  assert.equal(await three.tasks.four(), 4);
});

test("a pool with threads takes the URL beside the module", async () => {
  const pool = await settled(
    Pool.start({ url, exports: tasks }, { workers: 1 }),
  );
  assert.equal(await pool.tasks.double(21), 42);
  await settled(pool.shutdown());
});

test("a pool with threads asks for the URL of the module", async () => {
  for (const missing of [undefined, null]) {
    await assert.rejects(Pool.start({ url: missing, exports: tasks }), {
      name: "ArgumentTypeError",
      message: /^Cannot start a pool as module\.url must be a URL where there/,
    });
  }
});

test("Pool.start() checks what it is given for a module", async () => {
  const bad: unknown[] = [undefined, null, 1, "./tasks.ts", () => {}, [], {}];
  for (const module of [...bad, { exports: 1 }, { exports: tasks, url: "x" }]) {
    await assert.rejects(Pool.start(module as URL), {
      name: "ArgumentTypeError",
      code: "invalid-type",
    });
  }
});

test("Pool.start() checks where layby is said to be", async () => {
  await assert.rejects(Pool.start(url, { entry: "./mod.js" }), {
    name: "ArgumentTypeError",
    message: /^Cannot start a pool as entry must be a URL/,
  });
});

test("workers import layby from where it is said to be", async () => {
  const entry = new URL("../../src/pool/worker_main.ts", import.meta.url);
  const pool = await settled(
    Pool.start<typeof tasks>(url, { entry, workers: 1 }),
  );
  assert.equal(await pool.tasks.double(21), 42);
  await settled(pool.shutdown());
});
