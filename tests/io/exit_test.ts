// How a program ends that has threads in the operating system's selector: Node
// waits for them, and nothing wakes them but layby.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram } from "../pool/pools.ts";
import { SELECTORS } from "./selectors.ts";
import { NEEDS } from "./sockets.ts";

const SCRIPT = new URL("./exit_script.ts", import.meta.url);

/** What each program prints last, and the code it ends with. */
const ENDS: Record<string, [RegExp, number]> = {
  blocked: [/^nothing$/m, 0],
  many: [/^nothing$/m, 0],
  driven: [/^nothing$/m, 0],
  exit: [/^$/m, 3],
  error: [/uncaught/, 1],
  rejection: [/uncaught/, 1],
  pending: [/^true$/m, 0],
  dropped: [/^nothing$/m, 0],
  shutdown: [/^"shutdown"$/m, 0],
  remote: [/^"shutdown"$/m, 0],
  terminate: [/^"terminated"$/m, 0],
  starter: [/^\[0,true\]$/m, 0],
  starterExit: [/^\[5,true\]$/m, 0],
  attached: [/^nothing$/m, 0],
  listeners: [/^\[0,1,1\]$/m, 0],
};

for (const { driver, skip } of SELECTORS) {
  for (const [command, [printed, expected]] of Object.entries(ENDS)) {
    const what = `${driver}: a program with a selector ends: ${command}`;
    test(what, { skip: NEEDS || skip }, async () => {
      const args = [command, driver];
      const { code, output, seconds } = await runProgram(SCRIPT, args);
      const said = `${output}\nafter ${seconds} s`;
      assert.equal(code, expected, said);
      assert.match(output, printed, said);
      assert.doesNotMatch(output, /MaxListeners/);
    });
  }
}
