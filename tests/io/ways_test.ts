import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Runtime } from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";
import { settled } from "../threads.ts";

const ffi = currentHost().ffi();
const skip = typeof ffi === "string"
  ? `needs ${ffi}`
  : process.platform !== "linux" && "only on Linux";

/** Two sockets that are connected, and what writes to them. */
function openPair() {
  assert.ok(typeof ffi !== "string");
  const { call } = ffi.open(["libc.so.6", "libc.so"], {
    socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
    send: { parameters: ["i32", "buffer", "i64", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const fds = new Int32Array(new ArrayBuffer(8));
  const [AF_UNIX, STREAM_NONBLOCK] = [1, 0o4001];
  assert.equal(call.socketpair(AF_UNIX, STREAM_NONBLOCK, 0, fds), 0);
  return { call, mine: fds[0]!, theirs: fds[1]! };
}

// The driver says both in one turn. Whoever waits to write may look after the
// other has cleared, and nothing would tell it again.
test("Registration.clear() leaves what others wait for", { skip }, async () => {
  using runtime = Runtime.create({ driver: "epoll" });
  const { call, mine, theirs } = openPair();
  call.send(theirs, Uint8Array.of(1), 1, 0);
  const watch = runtime.register(mine, { read: true, write: true });
  const ready = await settled(watch.readable());
  assert.ok(watch.state.isReadable && watch.state.isWritable);
  watch.clear(ready);
  assert.ok(!watch.state.isReadable);
  assert.ok(watch.state.isWritable);
  const writable = await settled(watch.writable());
  assert.ok(writable.isWritable);
  assert.ok(!writable.isReadable);
  watch.clear(writable);
  assert.ok(!watch.state.isWritable);
  watch.deregister();
  call.close(mine);
  call.close(theirs);
});
