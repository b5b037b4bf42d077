import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ArgumentRangeError,
  ArgumentTypeError,
  type Io,
  pipe,
  PipeReader,
  Runtime,
  TcpListener,
  TcpStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from "../../mod.ts";
import { outcome, run, settled } from "../threads.ts";
import {
  BODIES,
  laybyError,
  leakNothing,
  newRuntime,
  systemError,
  WITH_NET,
} from "./net.ts";

/** A port where nobody listens. */
function freePort(io: Io): number {
  using listener = TcpListener.bind(io, { port: 0 });
  return listener.localAddress.port;
}

// ==== arguments ====

test("wrong arguments are told apart", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  // deno-lint-ignore no-explicit-any
  const wrong = (value: unknown) => value as any;
  const [stream, other] = UnixStream.pair(io);
  const types: (() => unknown)[] = [
    () => TcpListener.bind(wrong(runtime), { port: 0 }),
    () => TcpListener.bind(io, wrong(undefined)),
    () => TcpListener.bind(io, wrong({})),
    () => TcpListener.bind(io, wrong({ port: "80" })),
    () => TcpListener.bind(io, { port: 0, hostname: wrong(1) }),
    () => TcpListener.bind(io, { port: 0, reusePort: wrong(1) }),
    () => TcpListener.bind(io, { port: 0, backlog: wrong("1") }),
    () => TcpStream.connect(io, wrong(null)),
    () => TcpStream.connect(io, { port: 1 }, { signal: wrong(1) }),
    () => TcpStream.connectSync(io, { port: 1 }, { timeout: wrong("1") }),
    () => TcpStream.from(io, wrong("1")),
    () => UdpSocket.bind(io, wrong(0)),
    () => UnixListener.bind(io, wrong({ path: 1 })),
    () => UnixStream.connect(io, wrong("path")),
    () => pipe(wrong(undefined)),
    () => stream.read(wrong([])),
    () => stream.read(wrong(new DataView(new ArrayBuffer(8)))),
    () => stream.readSync(wrong("text")),
    () => stream.read(new Uint8Array(1), wrong(1)),
    () => stream.write(wrong("text")),
    () => stream.writeAllSync(wrong("text")),
    () => stream.shutdown(wrong(undefined)),
  ];
  const ranges: (() => unknown)[] = [
    () => TcpListener.bind(io, { port: -1 }),
    () => TcpListener.bind(io, { port: 65_536 }),
    () => TcpListener.bind(io, { port: 1.5 }),
    () => TcpListener.bind(io, { port: 0, backlog: -1 }),
    () => TcpStream.from(io, -1),
    () => UnixListener.bind(io, { path: "" }),
    () => UnixListener.bind(io, { path: "x".repeat(108) }),
    () => UnixListener.bind(io, { path: "a\0b" }),
    () => stream.readSync(new Uint8Array(1), { timeout: -1 }),
    () => stream.shutdown(wrong("sideways")),
  ];
  for (
    const [actions, Class] of [
      [types, ArgumentTypeError],
      [ranges, ArgumentRangeError],
    ] as const
  ) {
    for (const action of actions) {
      await assert.rejects(async () => await action(), Class, `${action}`);
    }
  }
  stream.close();
  other.close();
});

for (
  const hostname of [
    "example.com",
    "",
    "1.2.3",
    "1.2.3.4.",
    "256.1.1.1",
    "01.2.3.4",
    "::1]",
    "1::2::3",
    "fe80::1%eth0",
    "127.0.0.1:80",
  ]
) {
  test(`"${hostname}" is no address in numbers`, WITH_NET, async () => {
    using runtime = newRuntime();
    await assert.rejects(
      TcpStream.connect(runtime.io, { hostname, port: 80 }),
      (error: Error) => {
        assert.ok(error instanceof ArgumentRangeError);
        assert.match(error.message, /Look names up first/);
        return true;
      },
    );
  });
}

test("a driver without descriptors is refused", WITH_NET, () => {
  using runtime = Runtime.create();
  assert.throws(
    () => TcpListener.bind(runtime.io, { port: 0 }),
    laybyError("unsupported", /create with \{ driver: "epoll" \}/),
  );
});

// ==== the other side ====

test("nobody listens there", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const port = freePort(io);
  const refused = systemError("ECONNREFUSED", /nobody listens there/);
  await assert.rejects(settled(TcpStream.connect(io, { port })), refused);
  assert.throws(
    () => TcpStream.connectSync(io, { port }, { timeout: 20_000 }),
    refused,
  );
});

test("an address is in use, or of another machine", WITH_NET, () => {
  using runtime = newRuntime();
  const { io } = runtime;
  using listener = TcpListener.bind(io, { port: 0 });
  const { port } = listener.localAddress;
  const inUse = systemError("EADDRINUSE", /such as port 0/);
  assert.throws(() => TcpListener.bind(io, { port }), inUse);
  using socket = UdpSocket.bind(io, { port: 0 });
  assert.throws(() => UdpSocket.bind(io, socket.localAddress), inUse);
  assert.throws(
    () => TcpListener.bind(io, { hostname: "192.0.2.1", port: 0 }),
    systemError("EADDRNOTAVAIL", /no such address/),
  );
});

// ==== closed ====

test("a stream that is closed says so", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const reading = one.read(new Uint8Array(1));
  one.close();
  const closed = laybyError("released", /Unix stream is closed: open another/);
  await assert.rejects(settled(reading), closed);
  one.close();
  one[Symbol.dispose]();
  assert.ok(one.isClosed);
  const bytes = new Uint8Array(1);
  await assert.rejects(one.read(bytes), closed);
  await assert.rejects(one.write(bytes), closed);
  await assert.rejects(one.writeAll(bytes), closed);
  await assert.rejects(one.read(new Uint8Array(0)), closed);
  assert.throws(() => one.readSync(bytes), closed);
  assert.throws(() => one.writeAllSync(bytes), closed);
  assert.throws(() => one.shutdown("both"), closed);
  assert.throws(() => one.fd, closed);
  assert.throws(() => one.localAddress, closed);
  assert.throws(() => one.detach(), closed);
  assert.throws(() => one.dup(), closed);
  assert.equal(other.readSync(bytes), null);
  other.close();
});

test("a listener that is closed tells who waits", WITH_NET, async () => {
  using runtime = newRuntime();
  const listener = TcpListener.bind(runtime.io, { port: 0 });
  const accepts = [listener.accept(), listener.accept()];
  listener.close();
  for (const accept of accepts) {
    await assert.rejects(
      settled(accept),
      laybyError("released", /TCP listener is closed/),
    );
  }
});

test(
  "a listener of a socket that does not listen says so",
  WITH_NET,
  async () => {
    using runtime = newRuntime();
    const { io } = runtime;
    const [one, other] = UnixStream.pair(io);
    using _other = other;
    using listener = UnixListener.from(io, one.detach());
    const failed = laybyError("system", /EINVAL .+ it does not listen: pass/);
    assert.throws(() => listener.acceptSync(), failed);
    await assert.rejects(listener.accept(), failed);
  },
);

test("detach() gives a stream up", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  const [one, other] = UnixStream.pair(io);
  const reading = one.read(new Uint8Array(1));
  const fd = one.detach();
  const detached = laybyError("released", /was detached/);
  await assert.rejects(settled(reading), detached);
  one.close();
  assert.throws(() => one.readSync(new Uint8Array(1)), detached);
  using again = UnixStream.from(io, fd);
  other.writeAllSync(Uint8Array.of(9));
  const bytes = new Uint8Array(1);
  assert.equal(await settled(again.read(bytes)), 1);
  assert.equal(bytes[0], 9);
  other.close();
});

test("a stream is one thread's", WITH_NET, async () => {
  using runtime = newRuntime();
  using listener = TcpListener.bind(runtime.io, { port: 0 });
  const [one, other] = await Promise.all([
    TcpStream.connect(runtime.io, listener.localAddress),
    listener.accept(),
  ]);
  const error = await outcome(run(runtime, BODIES, "adopt", { fd: one.fd }));
  assert.equal(error.errorCode, "EEXIST");
  assert.match(error.message, /registered already/);
  // It is left as it was.
  other.writeAllSync(Uint8Array.of(1));
  assert.equal(await settled(one.read(new Uint8Array(1))), 1);
  assert.throws(
    () => TcpStream.from(runtime.io, 1_000_000),
    systemError("EBADF"),
  );
  one.close();
  other.close();
});

test("a shutdown of the runtime ends what waits", WITH_NET, async () => {
  const runtime = newRuntime();
  const { io } = runtime;
  const [one, other] = UnixStream.pair(io);
  const reading = one.read(new Uint8Array(1));
  runtime.shutdown();
  await assert.rejects(settled(reading), laybyError("shutdown"));
  assert.throws(
    () => one.readSync(new Uint8Array(1)),
    laybyError("shutdown"),
  );
  assert.throws(() => UnixStream.pair(io), laybyError("shutdown"));
  // What is there can still be had, and closed.
  assert.equal(other.writeSync(Uint8Array.of(1)), 1);
  assert.equal(one.readSync(new Uint8Array(1)), 1);
  one.close();
  assert.equal(other.readSync(new Uint8Array(1)), null);
  other.close();
});

// ==== ends of waits ====

test("a timeout loses nothing", WITH_NET, () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const bytes = new Uint8Array(8);
  for (const timeout of [0, 0.5, 20]) {
    const start = performance.now();
    assert.throws(
      () => one.readSync(bytes, { timeout }),
      laybyError("timed-out", new RegExp(`to read .* within ${timeout} ms`)),
    );
    assert.ok(performance.now() - start >= timeout - 0.1);
  }
  other.writeAllSync(Uint8Array.of(1, 2));
  assert.equal(one.readSync(bytes, { timeout: 0 }), 2);
  assert.throws(
    () => one.writeAllSync(new Uint8Array(2 ** 24), { timeout: 20 }),
    laybyError("timed-out", /to write/),
  );
  using listener = TcpListener.bind(runtime.io, { port: 0 });
  assert.throws(
    () => listener.acceptSync({ timeout: 5 }),
    laybyError("timed-out", /to accept a connection/),
  );
  one.close();
  other.close();
});

test("a signal ends a wait, and loses nothing", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const bytes = new Uint8Array(8);
  const reason = new Error("enough");
  const control = new AbortController();
  const { signal } = control;
  const reading = one.read(bytes, { signal });
  control.abort(reason);
  await assert.rejects(settled(reading), (error) => error === reason);
  await assert.rejects(one.read(bytes, { signal }), (it) => it === reason);
  const timed = one.read(bytes, { signal: AbortSignal.timeout(5) });
  await assert.rejects(settled(timed), { name: "TimeoutError" });
  await other.writeAll(Uint8Array.of(1, 2, 3));
  assert.equal(await settled(one.read(bytes)), 3);
  one.close();
  other.close();
});

test("bytes that are transferred meanwhile are missed", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const bytes = new Uint8Array(new ArrayBuffer(128));
  const reading = one.read(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await other.writeAll(Uint8Array.of(1));
  await assert.rejects(settled(reading), ArgumentTypeError);
  assert.equal(await settled(one.read(new Uint8Array(8))), 1);
  one.close();
  other.close();
});

// ==== descriptors ====

test("nothing leaks", WITH_NET, async () => {
  using runtime = newRuntime({ registrations: 6 });
  const { io } = runtime;
  const port = freePort(io);
  await leakNothing(async () => {
    using listener = TcpListener.bind(io, { port: 0 });
    const address = listener.localAddress;
    using one = await TcpStream.connect(io, address);
    using _accepted = await listener.accept();
    TcpStream.from(io, one.dup()).close();
    const [a, b] = UnixStream.pair(io);
    const ends = pipe.bind(null, io);
    // One registration is left: two do not fit, in either order.
    assert.throws(() => ends(), laybyError("exhausted"));
    assert.throws(() => UnixStream.pair(io), laybyError("exhausted"));
    PipeReader.from(io, a.dup()).close();
    using _last = TcpListener.bind(io, { port: 0 });
    assert.throws(
      () => TcpListener.bind(io, { port: 0 }),
      laybyError("exhausted", /registrations/),
    );
    await assert.rejects(
      TcpStream.connect(io, address),
      laybyError("exhausted"),
    );
    // Of the connections that wait, this is closed.
    await assert.rejects(listener.accept(), laybyError("exhausted"));
    a.close();
    b.close();
    await assert.rejects(TcpStream.connect(io, { port }));
    assert.throws(() => TcpListener.bind(io, address));
    assert.throws(() => UnixListener.bind(io, { path: "/nowhere/at/all" }));
    assert.throws(() => UnixStream.connectSync(io, { path: "/nowhere" }));
    const signal = AbortSignal.abort();
    await assert.rejects(TcpStream.connect(io, address, { signal }));
  });
});

test("a connection that is given up is closed", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  // Nobody answers there: it is for documentation.
  const target = { hostname: "192.0.2.1", port: 9 };
  await leakNothing(async () => {
    const signal = AbortSignal.timeout(10);
    await assert.rejects(settled(TcpStream.connect(io, target, { signal })));
    assert.throws(() => TcpStream.connectSync(io, target, { timeout: 5 }));
    const runtime = newRuntime();
    const connecting = TcpStream.connect(runtime.io, target);
    runtime.shutdown();
    await assert.rejects(settled(connecting));
  });
});
