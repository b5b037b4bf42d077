import assert from "node:assert/strict";
import { test } from "node:test";
import { type Runtime, TcpListener, TcpStream } from "../../mod.ts";
import { outcome, run, settled } from "../threads.ts";
import {
  BODIES,
  decode,
  encode,
  newRuntime,
  pattern,
  readAll,
  readFull,
  systemError,
  WITH_NET,
} from "./net.ts";

/** Two ends of a connection, on one thread. */
async function connect({ io }: Runtime): Promise<[TcpStream, TcpStream]> {
  using listener = TcpListener.bind(io, { port: 0 });
  return await Promise.all([
    TcpStream.connect(io, listener.localAddress),
    listener.accept(),
  ]);
}

// ==== addresses ====

test("TcpListener.bind() chooses a port", WITH_NET, () => {
  using runtime = newRuntime();
  using listener = TcpListener.bind(runtime.io, { port: 0 });
  const { hostname, port } = listener.localAddress;
  assert.equal(hostname, "127.0.0.1");
  assert.ok(port > 0 && port < 65_536);
});

test("two ends know their addresses", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  assert.deepEqual(one.localAddress, other.peerAddress);
  assert.deepEqual(one.peerAddress, other.localAddress);
  one.close();
  other.close();
});

for (const hostname of ["::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"]) {
  test(`TcpStream.connect() takes ${hostname}`, WITH_NET, async (context) => {
    using runtime = newRuntime();
    const { io } = runtime;
    let listener: TcpListener;
    try {
      listener = TcpListener.bind(io, { hostname: "::", port: 0 });
    } catch {
      return context.skip?.("needs IPv6");
    }
    assert.equal(listener.localAddress.hostname, "::");
    const { port } = listener.localAddress;
    const [one, other] = await settled(Promise.all([
      TcpStream.connect(io, { hostname, port }),
      listener.accept(),
    ]));
    const shown = hostname.includes("ffff") ? "::ffff:7f00:1" : "::1";
    assert.equal(one.peerAddress.hostname, shown);
    assert.equal(other.localAddress.port, port);
    for (const it of [one, other, listener]) it.close();
  });
}

test("localhost is 127.0.0.1", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using listener = TcpListener.bind(io, { hostname: "localhost", port: 0 });
  const { port } = listener.localAddress;
  using stream = await TcpStream.connect(io, { hostname: "localhost", port });
  assert.equal(stream.peerAddress.hostname, "127.0.0.1");
});

// ==== reading and writing ====

test("an echo, in the event loop", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  const bytes = new Uint8Array(64);
  for (let time = 0; time < 100; time++) {
    await one.writeAll(encode(`ping ${time}`));
    const count = await settled(other.read(bytes));
    await other.writeAll(bytes.subarray(0, count!));
    const length = (await settled(one.read(bytes)))!;
    assert.equal(decode(bytes.subarray(0, length)), `ping ${time}`);
  }
  one.close();
  assert.equal(await settled(other.read(bytes)), null);
  assert.equal(await settled(other.read(bytes)), null);
  other.close();
});

for (const body of ["echo", "echoSync"]) {
  test(`${body}() on another thread, and blocks here`, WITH_NET, async () => {
    using runtime = newRuntime();
    const [one, other] = await connect(runtime);
    const thread = run(runtime, BODIES, body, {
      fd: other.detach(),
      kind: "tcp",
    });
    const bytes = new Uint8Array(1);
    for (let time = 0; time < 200; time++) {
      one.writeAllSync(Uint8Array.of(time));
      assert.equal(one.readSync(bytes, { timeout: 20_000 }), 1);
      assert.equal(bytes[0], time);
    }
    one.shutdown("write");
    assert.equal(one.readSync(bytes, { timeout: 20_000 }), null);
    one.close();
    assert.equal(await outcome(thread), 200);
  });
}

const MIB_10 = 10 * 2 ** 20;

for (const body of ["echo", "echoSync"]) {
  test(`10 MiB there and back, by ${body}()`, WITH_NET, async () => {
    using runtime = newRuntime();
    const [one, other] = await connect(runtime);
    const fd = other.detach();
    const thread = run(runtime, BODIES, body, { fd, kind: "tcp" });
    const sent = pattern(MIB_10);
    const [received] = await settled(Promise.all([
      readAll(one),
      one.writeAll(sent).then(() => one.shutdown("write")),
    ]));
    assert.equal(received.length, sent.length);
    assert.ok(received.every((byte, at) => byte === sent[at]));
    one.close();
    assert.equal(await outcome(thread), MIB_10);
  });
}

test("10 MiB both ways at once, on one thread", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  const sent = pattern(MIB_10);
  const send = async (stream: TcpStream) => {
    await stream.writeAll(sent);
    stream.shutdown("write");
  };
  const all = await settled(Promise.all([
    readAll(one),
    readAll(other),
    send(one),
    send(other),
  ]));
  for (const received of all.slice(0, 2)) {
    assert.equal(received!.length, sent.length);
    assert.ok(received!.every((byte, at) => byte === sent[at]));
  }
  one.close();
  other.close();
});

test("write() writes what there is room for", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  const bytes = new Uint8Array(16 * MIB_10);
  const count = await one.write(bytes);
  assert.ok(count > 0 && count < bytes.length, `${count}`);
  // There is no room now: it waits until there is.
  const more = one.write(bytes);
  await readFull(other, new Uint8Array(count));
  assert.ok(await settled(more) > 0);
  one.close();
  other.close();
});

test("views of any size and kind", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  const views: Record<string, (size: number) => Uint8Array> = {
    own: (size) => new Uint8Array(size),
    part: (size) => new Uint8Array(size + 100).subarray(50, 50 + size),
    shared: (size) => new Uint8Array(new SharedArrayBuffer(size + 8), 8, size),
  };
  for (const [name, view] of Object.entries(views)) {
    for (const size of [1, 2, 63, 64, 65, 1000, 5000]) {
      const from = view(size);
      from.set(pattern(size));
      await one.writeAll(from);
      const to = await settled(readFull(other, view(size)));
      assert.deepEqual([...to], [...pattern(size)], `${name} ${size}`);
      one.writeAllSync(from);
      const again = view(size);
      assert.equal(other.readSync(again, { timeout: 20_000 }), size);
      assert.deepEqual([...again], [...pattern(size)], `${name} ${size} sync`);
    }
  }
  const around = new Uint8Array(10).fill(7);
  await one.writeAll(Uint8Array.of(1, 2));
  assert.equal(await other.read(around.subarray(4, 6)), 2);
  assert.deepEqual([...around], [7, 7, 7, 7, 1, 2, 7, 7, 7, 7]);
  one.close();
  other.close();
});

test("no bytes take no time", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  const none = new Uint8Array(0);
  assert.equal(await one.read(none), 0);
  assert.equal(one.readSync(none), 0);
  assert.equal(await one.write(none), 0);
  assert.equal(one.writeSync(none), 0);
  await one.writeAll(none);
  one.close();
  other.close();
});

test("half of a stream can be shut down", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  await one.writeAll(encode("question"));
  one.shutdown("write");
  assert.equal(decode(await settled(readAll(other))), "question");
  await other.writeAll(encode("answer"));
  other.close();
  assert.equal(decode(await settled(readAll(one))), "answer");
  await assert.rejects(one.writeAll(encode("more")), systemError("EPIPE"));
  one.close();
});

test(
  "whoever waits is told that the other side is gone",
  WITH_NET,
  async () => {
    using runtime = newRuntime();
    const [one, other] = await connect(runtime);
    const reading = one.read(new Uint8Array(1));
    await one.writeAll(encode("unread"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // With data unread, it resets.
    other.close();
    await assert.rejects(settled(reading), systemError("ECONNRESET"));
    await assert.rejects(
      one.writeAll(encode("more")).then(() => one.writeAll(encode("more"))),
      systemError("EPIPE"),
    );
    one.close();
  },
);

// ==== many ====

test("200 connections at once", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const COUNT = 200;
  using listener = TcpListener.bind(io, { port: 0 });
  const serve = async () => {
    for (let done = 0; done < COUNT; done++) {
      const stream = await listener.accept();
      readAll(stream).then(async (bytes) => {
        await stream.writeAll(bytes);
        stream.close();
      });
    }
  };
  const ask = async (index: number) => {
    using stream = await TcpStream.connect(io, listener.localAddress);
    await stream.writeAll(encode(`${index}`));
    stream.shutdown("write");
    assert.equal(decode(await readAll(stream)), `${index}`);
  };
  const asks = Array.from({ length: COUNT }, (_, index) => ask(index));
  await settled(Promise.all([serve(), ...asks]));
});

test("threads accept from one socket, blocking", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using listener = TcpListener.bind(io, { port: 0 });
  const threads = [1, 2].map(() =>
    run(runtime, BODIES, "acceptSync", { fd: listener.dup(), count: 10 })
  );
  const bytes = new Uint8Array(1);
  for (let time = 0; time < 20; time++) {
    using stream = await TcpStream.connect(io, listener.localAddress);
    assert.equal(await settled(stream.read(bytes)), 1);
  }
  for (const thread of threads) assert.equal(await outcome(thread), 10);
});

test("a thread connects, blocking", WITH_NET, async () => {
  using runtime = newRuntime();
  using listener = TcpListener.bind(runtime.io, { port: 0 });
  const { port } = listener.localAddress;
  const thread = run(runtime, BODIES, "connectSync", { port });
  using stream = await settled(listener.accept());
  await stream.writeAll(Uint8Array.of(4, 7, 1, 1));
  assert.deepEqual(await outcome(thread), [4, 7, 1, 1]);
});

test("many may listen at a port with reusePort", WITH_NET, () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using one = TcpListener.bind(io, { port: 0, reusePort: true });
  const { port } = one.localAddress;
  using other = TcpListener.bind(io, { port, reusePort: true });
  assert.equal(other.localAddress.port, port);
  assert.throws(
    () => TcpListener.bind(io, { port }),
    systemError("EADDRINUSE", /choose another/),
  );
});

test("a port can be taken again at once", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const listener = TcpListener.bind(io, { port: 0 });
  const address = listener.localAddress;
  const [one, other] = await Promise.all([
    TcpStream.connect(io, address),
    listener.accept(),
  ]);
  other.close();
  one.close();
  listener.close();
  TcpListener.bind(io, address).close();
});

// What is always ready must not keep the event loop from its turns.
test("timers fire while reads go on", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = await connect(runtime);
  let isOver = false;
  setTimeout(() => isOver = true, 20);
  const bytes = new Uint8Array(1);
  const limit = performance.now() + 10_000;
  while (!isOver) {
    await one.writeAll(bytes);
    await other.read(bytes);
    assert.ok(performance.now() < limit);
  }
  one.close();
  other.close();
});
