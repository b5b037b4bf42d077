import assert from "node:assert/strict";
import { test } from "node:test";
import { UdpSocket } from "../../mod.ts";
import { outcome, run, settled } from "../threads.ts";
import {
  BODIES,
  laybyError,
  newRuntime,
  pattern,
  systemError,
  WITH_NET,
} from "./net.ts";

test("messages there and back", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using one = UdpSocket.bind(io, { port: 0 });
  using other = UdpSocket.bind(io, { port: 0 });
  const bytes = new Uint8Array(2048);
  for (const size of [0, 1, 64, 1472]) {
    await one.send(pattern(size), other.localAddress);
    const { length, address } = await settled(other.receive(bytes));
    assert.equal(length, size);
    assert.deepEqual(address, one.localAddress);
    other.sendSync(bytes.subarray(0, length), address);
    const answer = one.receiveSync(bytes, { timeout: 20_000 });
    assert.deepEqual(answer, { length, address: other.localAddress });
    assert.deepEqual([...bytes.subarray(0, length)], [...pattern(size)]);
  }
});

test("a thread answers, blocking", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using one = UdpSocket.bind(io, { port: 0 });
  const other = UdpSocket.bind(io, { port: 0 });
  const target = other.localAddress;
  const thread = run(runtime, BODIES, "answerUdp", { fd: other.detach() });
  const bytes = new Uint8Array(16);
  const receiving = one.receive(bytes);
  await one.send(pattern(10), target);
  assert.deepEqual(await settled(receiving), { length: 10, address: target });
  assert.equal(await outcome(thread), one.localAddress.port);
});

test("each message is received on its own", WITH_NET, async () => {
  using runtime = newRuntime();
  using socket = UdpSocket.bind(runtime.io, { port: 0 });
  const target = socket.localAddress;
  for (const size of [100, 5, 50]) await socket.send(pattern(size), target);
  const bytes = new Uint8Array(64);
  const lengths: number[] = [];
  for (let time = 0; time < 3; time++) {
    lengths.push((await settled(socket.receive(bytes))).length);
  }
  // What there was no room for is lost.
  assert.deepEqual(lengths, [64, 5, 50]);
  assert.throws(
    () => socket.receiveSync(bytes, { timeout: 5 }),
    laybyError("timed-out"),
  );
  assert.equal((await socket.send(pattern(3), target), 1), 1);
  assert.equal((await socket.receive(new Uint8Array(0))).length, 0);
});

test("a message that is too long is refused", WITH_NET, async () => {
  using runtime = newRuntime();
  using socket = UdpSocket.bind(runtime.io, { port: 0 });
  await assert.rejects(
    socket.send(new Uint8Array(70_000), socket.localAddress),
    systemError("EMSGSIZE", /divide it/),
  );
});
