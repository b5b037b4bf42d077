// How a program ends that has threads in the operating system's selector: Node
// waits for them, and nothing wakes them but layby.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram } from "../pool/pools.ts";
import { IS_LINUX, withoutFfi } from "./fds.ts";

const SCRIPT = new URL("./exit_script.ts", import.meta.url);
const SKIP = { skip: withoutFfi() || !IS_LINUX && "only on Linux" };

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

for (const [command, [printed, expected]] of Object.entries(ENDS)) {
  test(`a program with a selector ends: ${command}`, SKIP, async () => {
    const { code, output, seconds } = await runProgram(SCRIPT, [command]);
    const said = `${output}\nafter ${seconds} s`;
    assert.equal(code, expected, said);
    assert.match(output, printed, said);
    assert.doesNotMatch(output, /MaxListeners/);
  });
}
