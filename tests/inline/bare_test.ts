import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Runtime } from "../../mod.ts";
import { run } from "../../scripts/processes.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";

const SCRIPT = fileURLToPath(new URL("./bare_script.ts", import.meta.url));
const MINUTE = 60_000;

const { host } = Runtime.create();
const { scriptArgs } = RUNTIMES.find(({ name }) => name === host)!;

// Bun cannot be made to look like another host.
test("a pool needs neither threads nor WebAssembly", {
  skip: host === "bun",
}, async () => {
  const { code, output } = await run(
    process.execPath,
    [...scriptArgs, SCRIPT],
    { timeout: MINUTE },
  );
  assert.equal(code, 0, output);
  const results = JSON.parse(output.trim().split("\n").at(-1)!) as unknown[];
  const afterAwait = results.pop();
  assert.deepEqual(results, [
    "unsupported",
    55,
    ["layby-0", "layby-0"],
    true,
  ]);
  assert.match(`${afterAwait}`, /before the first await of a task/);
});
