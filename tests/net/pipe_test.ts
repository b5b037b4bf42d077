import assert from "node:assert/strict";
import { test } from "node:test";
import { pipe, type Runtime } from "../../mod.ts";
import { outcome, run, settled } from "../threads.ts";
import {
  BODIES,
  decode,
  encode,
  newRuntime,
  pattern,
  readAll,
  systemError,
  WITH_NET,
} from "./net.ts";

function open({ io }: Runtime) {
  return pipe(io);
}

test("what is written to a pipe is read", WITH_NET, async () => {
  using runtime = newRuntime();
  const { reader, writer } = open(runtime);
  const reading = readAll(reader);
  await writer.writeAll(encode("one "));
  writer.writeAllSync(encode("two"));
  assert.equal(await writer.write(encode("!")), 1);
  assert.equal(writer.writeSync(encode("?")), 1);
  writer.close();
  assert.equal(decode(await settled(reading)), "one two!?");
  reader.close();
});

test("a pipe is read on a thread that blocks", WITH_NET, async () => {
  using runtime = newRuntime();
  const { reader, writer } = open(runtime);
  const thread = run(runtime, BODIES, "readPipe", { fd: reader.detach() });
  const bytes = pattern(2 ** 20);
  for (let time = 0; time < 10; time++) await writer.writeAll(bytes);
  writer.writeAllSync(bytes);
  writer.close();
  const sum = bytes.reduce((sum, byte) => sum + byte, 0);
  assert.deepEqual(await outcome(thread), {
    all: 11 * bytes.length,
    sum: (11 * sum) | 0,
  });
});

// No signal kills the process: all runtimes ignore SIGPIPE.
test("a pipe that nobody reads is an error", WITH_NET, async () => {
  using runtime = newRuntime();
  const { reader, writer } = open(runtime);
  const big = new Uint8Array(2 ** 20);
  const writing = writer.writeAll(big);
  reader.close();
  await assert.rejects(settled(writing), systemError("EPIPE"));
  assert.throws(() => writer.writeSync(encode("x")), systemError("EPIPE"));
  writer.close();
});
