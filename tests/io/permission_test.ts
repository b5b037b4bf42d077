// What a program says that may not call C.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/processes.ts";
import { HOST } from "../pool/pools.ts";

const SCRIPT = fileURLToPath(
  new URL("./permission_script.ts", import.meta.url),
);

/** Flags that take it away, and what the error asks for. */
const FLAGS: Record<string, readonly [string[], RegExp]> = {
  deno: [["run", "--no-prompt", "--allow-read"], /needs Deno's --allow-ffi/],
  node: [
    ["--permission", "--allow-fs-read=*", "--allow-worker"],
    /needs (Node's --allow-ffi|Node 26)/,
  ],
};

const found = FLAGS[HOST];

test("without permission, the error names the flag, and the rest works", {
  skip: !found && `${HOST} asks for none`,
}, async () => {
  const [flags, needs] = found!;
  const args = [...flags, SCRIPT];
  const { code, output } = await run(process.execPath, args, {
    timeout: 20_000,
  });
  assert.equal(code, 0, output);
  assert.match(output, /^timed-out$/m);
  assert.match(output, /^UnsupportedError: Cannot sleep in "epoll" as it/m);
  assert.match(output, needs);
});
