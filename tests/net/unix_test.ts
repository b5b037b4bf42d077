import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { UnixListener, UnixStream } from "../../mod.ts";
import { outcome, run, settled } from "../threads.ts";
import {
  BODIES,
  decode,
  encode,
  newPath,
  newRuntime,
  pattern,
  readAll,
  systemError,
  WITH_NET,
} from "./net.ts";

test("an echo over a path", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const path = newPath();
  try {
    using listener = UnixListener.bind(io, { path });
    assert.deepEqual(listener.localAddress, { path });
    const [one, other] = await settled(Promise.all([
      UnixStream.connect(io, { path }),
      listener.accept(),
    ]));
    assert.deepEqual(one.peerAddress, { path });
    assert.deepEqual(other.localAddress, { path });
    assert.deepEqual(other.peerAddress, { path: "" });
    await one.writeAll(encode("hello"));
    one.shutdown("write");
    assert.equal(decode(await settled(readAll(other))), "hello");
    one.close();
    other.close();
  } finally {
    rmSync(path);
  }
});

test("an abstract name needs no file", WITH_NET, () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const path = `\0layby-${Math.random()}`;
  using listener = UnixListener.bind(io, { path });
  assert.equal(listener.localAddress.path, path);
  using one = UnixStream.connectSync(io, { path });
  using other = listener.acceptSync();
  one.writeAllSync(Uint8Array.of(1, 2, 3));
  const bytes = new Uint8Array(8);
  assert.equal(other.readSync(bytes), 3);
});

test("a pair echoes through a thread that blocks", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const fd = other.detach();
  const thread = run(runtime, BODIES, "echoSync", { fd, kind: "unix" });
  const bytes = new Uint8Array(8);
  for (let time = 0; time < 200; time++) {
    one.writeAllSync(Uint8Array.of(time));
    assert.equal(one.readSync(bytes, { timeout: 20_000 }), 1);
    assert.equal(bytes[0], time);
  }
  one.close();
  assert.equal(await outcome(thread), 200);
});

test("10 MiB through a pair and back", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const fd = other.detach();
  const thread = run(runtime, BODIES, "echoSync", { fd, kind: "unix" });
  const sent = pattern(10 * 2 ** 20);
  const [received] = await settled(Promise.all([
    readAll(one),
    one.writeAll(sent).then(() => one.shutdown("write")),
  ]));
  assert.equal(received.length, sent.length);
  assert.ok(received.every((byte, at) => byte === sent[at]));
  one.close();
  assert.equal(await outcome(thread), sent.length);
});

test("what is wrong with a path is said", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const path = newPath();
  await assert.rejects(
    UnixStream.connect(io, { path }),
    systemError("ENOENT", /Cannot connect as connect\(\)/),
  );
  const listener = UnixListener.bind(io, { path });
  assert.throws(
    () => UnixListener.bind(io, { path }),
    systemError("EADDRINUSE", /remove the file/),
  );
  listener.close();
  // The file stays.
  await assert.rejects(
    UnixStream.connect(io, { path }),
    systemError("ECONNREFUSED"),
  );
  rmSync(path);
  writeFileSync(path, "");
  assert.throws(
    () => UnixStream.connectSync(io, { path }),
    systemError("ECONNREFUSED"),
  );
  rmSync(path);
});

test("a full backlog is an error, and no hang", WITH_NET, () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const path = `\0layby-${Math.random()}`;
  using listener = UnixListener.bind(io, { path, backlog: 0 });
  const streams: UnixStream[] = [];
  assert.throws(() => {
    for (let time = 0; time < 10; time++) {
      streams.push(UnixStream.connectSync(io, { path }));
    }
  }, systemError("EAGAIN", /try again later/));
  listener.acceptSync().close();
  streams.push(UnixStream.connectSync(io, { path }));
  for (const stream of streams) stream.close();
});
