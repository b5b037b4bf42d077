// Each error has a class and a code, and says what to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as layby from "../../mod.ts";
import { LaybyError, Runtime } from "../../mod.ts";
import { fallbackHost } from "../../src/hosts/fallback.ts";
import { CLASSES, type Code, type PoolCode } from "./expected.ts";

/** The class of each code of the pool's. */
const POOL_CLASSES: Record<PoolCode, string> = {
  "crash-loop": "CrashLoopError",
  "queue-full": "QueueFullError",
  "system": "SystemError",
  "task-module": "TaskModuleError",
  "timed-out": "TimedOutError",
  "uncloneable": "UncloneableError",
  "unknown-task": "UnknownTaskError",
  "worker-crashed": "WorkerCrashedError",
};

/** What there is on top of a driver of descriptors: see tests/net/. */
const NET = [
  ...["PipeReader", "PipeWriter", "pipe", "Signals", "UdpSocket"],
  ...["TcpListener", "TcpStream", "UnixListener", "UnixStream"],
];

test("each exported error has a code, and each code an error", () => {
  const exported = Object.entries(layby)
    .filter(([, value]) => value.prototype instanceof Error)
    .map(([name]) => name);
  assert.deepEqual(
    exported.sort(),
    [
      ...Object.values(CLASSES),
      ...Object.values(POOL_CLASSES),
      "LaybyError",
    ].sort(),
  );
  assert.deepEqual(
    Object.keys(layby).sort(),
    [...exported, "Pool", "Runtime", ...NET].sort(),
  );
});

/** How to come by each error. */
const PROVOKED: Record<Code, () => unknown> = {
  "cannot-block": () => Runtime.create({ blocking: false }).parker().park(),
  "exhausted": () => Runtime.create({ locks: 0 }).mutex(),
  "foreign-handle": () =>
    Runtime.create().unparker(Runtime.create().parker().handle),
  "in-use": () => {
    const mutex = Runtime.create().mutex();
    mutex.lock();
    mutex.release();
  },
  "invalid-layout": () => {
    const { handle } = Runtime.create();
    Runtime.attach({ ...handle, layby: handle.layby + 1 });
  },
  "invalid-type": () => Runtime.create(null as never),
  "not-owner": () => Runtime.create().mutex().unlock(),
  "out-of-range": () => Runtime.create({ parkers: 0 }),
  "released": () => {
    const parker = Runtime.create().parker();
    parker.release();
    parker.park();
  },
  "shutdown": () => {
    const runtime = Runtime.create();
    runtime.shutdown();
    runtime.parker();
  },
  "stale-handle": () => {
    const runtime = Runtime.create();
    const parker = runtime.parker();
    parker.release();
    runtime.unparker(parker.handle);
  },
  "two-owners": () => {
    const runtime = Runtime.create();
    runtime.adopt(runtime.parker().handle);
  },
  "unsupported": () =>
    fallbackHost.spawn({ module: import.meta.url, name: "" }, undefined),
  "unwakeable": () => Runtime.create().parker().park(),
};

for (const [code, provoke] of Object.entries(PROVOKED)) {
  const name = CLASSES[code as Code];
  test(`${name} has the code ${code}, and says what to do`, () => {
    const thrown = (() => {
      try {
        provoke();
      } catch (error) {
        return error as LaybyError;
      }
    })();
    const Class = (layby as unknown as Record<string, typeof LaybyError>)[name];
    assert.ok(Class && thrown instanceof Class, `${thrown}`);
    assert.equal(thrown.name, name);
    assert.equal(thrown.code, code);
    // Cannot do what it was asked to as something is so: do something else.
    assert.match(thrown.message, /^Cannot .+ as [^:]+[:.] .+/);
    assert.match(thrown.stack ?? "", /errors_test/);
    const parent = {
      "invalid-type": TypeError,
      "out-of-range": RangeError,
    }[code as string] ?? LaybyError;
    assert.ok(thrown instanceof parent);
  });
}
