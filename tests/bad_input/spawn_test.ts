// What no thread can be started with.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime } from "../../mod.ts";
import { assertRefused, assertRuns, error } from "./expected.ts";

const BODIES = new URL("./bodies.ts", import.meta.url);

test("Runtime.spawn() takes a URL", () => {
  using runtime = Runtime.create();
  assertRefused(
    (module) => runtime.spawn(module),
    [
      ...[undefined, null, 0, true, {}, [], 1n, () => {}],
      ...["", "./threads.ts", "threads", "/threads.ts", "//host/threads.ts"],
    ],
    error("invalid-type", /module must be a URL: pass new URL\(path, import/),
  );
  assertRuns(runtime);
});

test("Runtime.spawn() takes no symbol", () => {
  using runtime = Runtime.create();
  assertRefused(
    (module) => runtime.spawn(module),
    [Symbol("file:///threads.ts")],
    error("invalid-type", /module must be a URL: pass new URL\(path, import/),
  );
});

test("Runtime.spawn() throws for data that cannot be cloned", () => {
  using runtime = Runtime.create();
  const data = [() => {}, Symbol("data"), { deep: [{ call: () => {} }] }];
  for (const it of data) {
    assert.throws(() => runtime.spawn(BODIES, it), { name: "DataCloneError" });
  }
  assertRuns(runtime);
});
