// Readiness of file descriptors, as users have it.

import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Registration,
  type RegistrationHandle,
  Runtime,
} from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { outcome, run, settled, sharedWords, until } from "../threads.ts";
import {
  drain,
  endWrites,
  fill,
  fillUrgently,
  libc,
  pipe,
  sockets,
  withoutFfi,
} from "./fds.ts";
import {
  create,
  forSelectors,
  isLibkqueue,
  type SelectorName,
} from "./selectors.ts";

const BODIES = new URL("./registration_bodies.ts", import.meta.url);

/** Milliseconds in which what is not to come has not come. */
const SHORT = 30;
const LONG = 10_000;
/** More than a pipe or a socket takes. */
const MUCH = 1 << 22;

/** The name of the error that a promise rejects with. */
async function nameOf(promise: Promise<unknown>): Promise<string> {
  return await settled(promise.then(() => "none", (error) => error.name));
}

/** Has a thread wait, and waits until it does. */
async function waitOnThread(
  runtime: Runtime,
  watch: Registration,
  how: { blocks?: boolean; way?: "read" | "write" } = {},
) {
  const words = sharedWords(1);
  const { handle } = watch;
  const thread = run(runtime, BODIES, "wait", { handle, words, ...how });
  await until(() => Atomics.load(words, 0) === 1);
  // It may not have fallen asleep yet: the test holds either way.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return thread;
}

type Check = (runtime: Runtime, driver: SelectorName) => unknown;

const CASES: Record<string, Check> = {
  // ==== what there is ====

  "readable() resolves when there is something": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const wait = watch.readable();
    setTimeout(() => fill(ends.far), 10);
    const ready = await settled(wait);
    assert.ok(ready.isReadable);
    assert.equal(ready.isWritable, false);
    assert.equal(ready.isReadClosed, false);
    watch.deregister();
  },

  "readable() resolves at once for what was there before": async (runtime) => {
    using ends = pipe();
    fill(ends.far);
    const watch = runtime.register(ends.near, { read: true });
    assert.ok((await settled(watch.readable())).isReadable);
    assert.ok(watch.state.isReadable);
    // It stays so until it is cleared.
    assert.ok((await settled(watch.readable())).isReadable);
  },

  "readableSync() returns when there is something": (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    assert.throws(() => watch.readableSync({ timeout: 5 }), {
      name: "TimedOutError",
      message: /^The wait was not done within 5 ms: give it more time$/,
    });
    assert.throws(() => watch.readableSync({ timeout: 0 }), {
      name: "TimedOutError",
    });
    fill(ends.far);
    // Without end, though no other thread knows of the runtime.
    assert.ok(watch.readableSync().isReadable);
  },

  "writable() resolves when there is room": async (runtime) => {
    using ends = sockets();
    const watch = runtime.register(ends.near, { write: true });
    const first = await settled(watch.writable());
    assert.ok(first.isWritable);
    const { call } = libc();
    while (call.send(ends.near, new Uint8Array(65536), 65536, 0x40) > 0);
    watch.clear(first);
    const wait = watch.writable();
    assert.equal(
      await nameOf(watch.writable({ signal: AbortSignal.timeout(SHORT) })),
      "TimeoutError",
    );
    while (drain(ends.far, MUCH) >= 65536);
    assert.ok((await settled(wait)).isWritable);
  },

  "both ways are waited for at a time": async (runtime) => {
    using ends = sockets();
    const watch = runtime.register(ends.near, { read: true, write: true });
    const [read, write] = [watch.readable(), watch.writable()];
    assert.ok((await settled(write)).isWritable);
    fill(ends.far);
    assert.ok((await settled(read)).isReadable);
  },

  "the end of what is written shows": async (runtime) => {
    using ends = sockets();
    const watch = runtime.register(ends.near, { read: true });
    endWrites(ends.far);
    const ready = await settled(watch.readable());
    assert.ok(ready.isReadClosed);
    // What is closed stays closed.
    watch.clear(ready);
    assert.ok((await settled(watch.readable())).isReadClosed);
    assert.ok(watch.readableSync({ timeout: LONG }).isReadClosed);
  },

  "a peer that closes shows in both ways": async (runtime) => {
    using ends = sockets();
    const watch = runtime.register(ends.near, { read: true, write: true });
    ends.close(ends.far);
    await until(() => watch.readableSync({ timeout: LONG }).isReadClosed);
    assert.ok(watch.state.isWriteClosed);
    await settled(watch.writable());
  },

  "a pipe without a reader shows an error": async (runtime, driver) => {
    using ends = pipe();
    const watch = runtime.register(ends.far, { write: true, error: true });
    ends.close(ends.near);
    if (driver === "kqueue") {
      assert.ok((await settled(watch.writable())).isWriteClosed);
      return;
    }
    const ready = await settled(watch.ready("error"));
    assert.ok(ready.isError);
    assert.ok(watch.state.isWriteClosed);
  },

  "priority events are told, or refused": async (runtime, driver) => {
    // Sockets of this family send nothing urgent everywhere; to ask is enough.
    using ends = sockets();
    if (driver === "kqueue") {
      assert.throws(() => runtime.register(ends.near, { priority: true }), {
        name: "UnsupportedError",
        message: /priority events as it needs epoll$/,
      });
      return;
    }
    const watch = runtime.register(ends.near, { priority: true });
    let urgent = true;
    try {
      fillUrgently(ends.far);
    } catch {
      urgent = false;
    }
    if (urgent) assert.ok((await settled(watch.ready("priority"))).isPriority);
    watch.deregister();
  },

  // ==== clear ====

  "what is cleared is waited for again": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    for (let round = 0; round < 50; round++) {
      const wait = watch.readable();
      fill(ends.far);
      const ready = await settled(wait);
      assert.equal(drain(ends.near), 1);
      watch.clear(ready);
      assert.equal(watch.state.isReadable, false);
    }
  },

  "clear() with an old turn does not clear what came since": async (
    runtime,
  ) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    fill(ends.far);
    const old = watch.readableSync({ timeout: LONG });
    drain(ends.near);
    fill(ends.far);
    // The driver takes the second event in.
    using parker = runtime.parker();
    parker.parkTimeout(0);
    watch.clear(old);
    assert.ok((await settled(watch.readable())).isReadable);
  },

  "clear() takes what a wait returned, and nothing else": (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    for (const wrong of [undefined, null, {}, 1]) {
      assert.throws(() => watch.clear(wrong as never), {
        name: "ArgumentTypeError",
      });
    }
  },

  // ==== waits that end otherwise ====

  "an aborted wait rejects with the reason": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const reason = new Error("enough");
    await assert.rejects(
      watch.readable({ signal: AbortSignal.abort(reason) }),
      reason,
    );
    const controller = new AbortController();
    const wait = watch.readable({ signal: controller.signal });
    const other = watch.readable();
    controller.abort(reason);
    await assert.rejects(settled(wait), reason);
    fill(ends.far);
    assert.ok((await settled(other)).isReadable);
  },

  "a wait after an aborted one is told": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const wait = watch.readable({ signal: controller.signal });
      if (round % 2) await new Promise((resolve) => setTimeout(resolve, 2));
      controller.abort();
      assert.equal(await nameOf(wait), "AbortError");
      const next = watch.readable();
      fill(ends.far);
      const ready = await settled(next);
      drain(ends.near);
      watch.clear(ready);
    }
  },

  "options are checked": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    for (const options of [null, 1]) {
      assert.equal(
        await nameOf(watch.readable(options as never)),
        "ArgumentTypeError",
      );
      assert.throws(() => watch.readableSync(options as never), {
        name: "ArgumentTypeError",
      });
    }
    assert.equal(
      await nameOf(watch.readable({ signal: {} as never })),
      "ArgumentTypeError",
    );
    for (const timeout of [-1, NaN]) {
      assert.throws(() => watch.readableSync({ timeout }), {
        name: "ArgumentRangeError",
      });
    }
  },

  "a wait ends when the registration does": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const waits = [watch.readable(), watch.readable()];
    watch.deregister();
    for (const wait of waits) assert.equal(await nameOf(wait), "ReleasedError");
    assert.equal(await nameOf(watch.readable()), "ReleasedError");
    assert.throws(() => watch.readableSync(), { name: "ReleasedError" });
    watch.deregister();
    assert.equal(watch.state.isReadable, false);
  },

  "a wait ends with the runtime": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const wait = watch.readable();
    const blocked = await waitOnThread(runtime, watch, {
      blocks: true,
      way: "write",
    });
    runtime.shutdown();
    assert.equal(await nameOf(wait), "ShutdownError");
    assert.equal(await outcome(blocked), "ShutdownError");
    assert.equal(await nameOf(watch.readable()), "ShutdownError");
    assert.throws(() => watch.readableSync(), { name: "ShutdownError" });
    assert.throws(() => runtime.register(ends.far, { write: true }), {
      name: "ShutdownError",
      message: /^Cannot register a file descriptor as the runtime is shut/,
    });
    watch.deregister();
  },

  // ==== many who wait ====

  "all waits of a thread for the same are told": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const waits = Array.from({ length: 5 }, () => watch.readable());
    fill(ends.far);
    for (const wait of waits) assert.ok((await settled(wait)).isReadable);
  },

  "a thread can block while it waits in its event loop": async (runtime) => {
    using ends = pipe();
    using others = pipe();
    const first = runtime.register(ends.near, { read: true });
    const second = runtime.register(others.near, { read: true });
    const waits = [first.readable(), second.readable()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.throws(() => second.readableSync({ timeout: 5 }), {
      name: "TimedOutError",
    });
    fill(others.far);
    // For what its event loop waits for, too.
    assert.ok(second.readableSync({ timeout: LONG }).isReadable);
    assert.ok((await settled(waits[1]!)).isReadable);
    fill(ends.far);
    assert.ok(first.readableSync({ timeout: LONG }).isReadable);
    assert.ok((await settled(waits[0]!)).isReadable);
  },

  "one thread waits to read, and one to write": async (runtime) => {
    using ends = sockets();
    const watch = runtime.register(ends.near, { read: true, write: true });
    const reader = await waitOnThread(runtime, watch, { way: "read" });
    const writer = await waitOnThread(runtime, watch, { way: "write" });
    assert.equal(typeof await outcome(writer), "boolean");
    fill(ends.far);
    assert.equal(await outcome(reader), true);
  },

  "two threads cannot wait for the same": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const thread = await waitOnThread(runtime, watch);
    assert.equal(await nameOf(watch.readable()), "InUseError");
    assert.throws(() => watch.readableSync({ timeout: 5 }), {
      name: "InUseError",
    });
    fill(ends.far);
    assert.equal(await outcome(thread), true);
    assert.ok(watch.readableSync({ timeout: LONG }).isReadable);
  },

  "a registration is made on one thread, and ended on another": async (
    runtime,
  ) => {
    using ends = pipe();
    const handle = await outcome(
      run(runtime, BODIES, "register", { fd: ends.near }),
    ) as RegistrationHandle;
    const watch = runtime.attachRegistration(handle);
    assert.equal(watch.fd, ends.near);
    const wait = watch.readable();
    fill(ends.far);
    watch.clear(await settled(wait));
    const blocked = await waitOnThread(runtime, watch, { blocks: true });
    await outcome(run(runtime, BODIES, "deregister", { handle }));
    assert.equal(await outcome(blocked), "ReleasedError");
    assert.throws(() => runtime.attachRegistration(handle), {
      name: "StaleHandleError",
    });
  },

  "a token does not end a blocked wait of another": (runtime) => {
    using ends = pipe();
    using parker = runtime.parker();
    const watch = runtime.register(ends.near, { read: true });
    runtime.unparker(parker.handle).unpark();
    assert.throws(() => watch.readableSync({ timeout: 5 }), {
      name: "TimedOutError",
    });
    assert.equal(parker.park(), "unparked");
  },

  "many descriptors are told of one each": async (runtime) => {
    const all = Array.from({ length: 100 }, () => {
      const ends = pipe();
      return { ends, watch: runtime.register(ends.near, { read: true }) };
    });
    const waits = all.map(({ watch }) => watch.readable());
    for (const { ends } of [...all].reverse()) fill(ends.far);
    for (const wait of waits) assert.ok((await settled(wait)).isReadable);
    for (const { ends, watch } of all) {
      watch.deregister();
      ends[Symbol.dispose]();
    }
  },

  // ==== what cannot be registered ====

  "descriptors are checked": (runtime) => {
    for (const fd of [-1, 1.5, NaN, Infinity, 2 ** 31]) {
      assert.throws(() => runtime.register(fd, { read: true }), {
        name: "ArgumentRangeError",
      });
    }
    for (const fd of ["1", null, undefined]) {
      assert.throws(() => runtime.register(fd as never, { read: true }), {
        name: "ArgumentTypeError",
      });
    }
    using ends = pipe();
    assert.throws(() => runtime.register(ends.near, {}), {
      name: "ArgumentRangeError",
      message: /nothing is asked for/,
    });
    for (const wrong of [null, 1, { read: 1 }]) {
      assert.throws(() => runtime.register(ends.near, wrong as never), {
        name: "ArgumentTypeError",
      });
    }
  },

  "a closed descriptor is refused": (runtime) => {
    const { call } = libc();
    using ends = pipe();
    const fd = call.dup(ends.near);
    call.close(fd);
    assert.throws(() => runtime.register(fd, { read: true }), {
      name: "SystemError",
      errno: 9,
      message:
        /as (epoll_ctl|kevent)\(\) failed with EBADF \(9\): it is not an/,
    });
    // Nothing of it is left.
    const watch = runtime.register(ends.near, { read: true });
    fill(ends.far);
    assert.ok(watch.readableSync({ timeout: LONG }).isReadable);
  },

  "a file on a disk is refused by epoll": (runtime, driver) => {
    if (driver === "kqueue") return;
    const fd = openSync(fileURLToPath(import.meta.url), "r");
    try {
      assert.throws(() => runtime.register(fd, { read: true }), {
        name: "SystemError",
        errno: 1,
        message: /always ready/,
      });
    } finally {
      closeSync(fd);
    }
  },

  "a descriptor that is registered is refused by epoll": (runtime, driver) => {
    if (driver === "kqueue") return;
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    assert.throws(() => runtime.register(ends.near, { read: true }), {
      name: "SystemError",
      errno: 17,
      message: /deregister it first, or dup\(\) it/,
    });
    const { call } = libc();
    const again = call.dup(ends.near);
    const other = runtime.register(again, { read: true });
    fill(ends.far);
    assert.ok(watch.readableSync({ timeout: LONG }).isReadable);
    assert.ok(other.readableSync({ timeout: LONG }).isReadable);
    other.deregister();
    call.close(again);
    watch.deregister();
    runtime.register(ends.near, { read: true }).deregister();
  },

  "there is an end to registrations": (_, driver) => {
    using runtime = create(driver, { registrations: 2 });
    const all = [pipe(), pipe(), pipe()];
    const watches = all.slice(0, 2).map(({ near }) =>
      runtime.register(near, { read: true })
    );
    assert.throws(() => runtime.register(all[2]!.near, { read: true }), {
      name: "ExhaustedError",
    });
    watches[0]!.deregister();
    runtime.register(all[2]!.near, { read: true });
    for (const ends of all) ends[Symbol.dispose]();
  },

  "a registration has an owner as soon as it is claimed": (runtime) => {
    const { exports } = coreOf(runtime);
    const address = exports.registrationClaim(3, 7);
    // A thread that dies here leaves it to whoever frees what it held.
    assert.equal(exports.registrationOwner(address), 7);
    const claim = exports.registrationBase(address);
    assert.equal(exports.registrationEnd(address, claim), 1);
    exports.registrationFree(address);
  },

  "there is an end to parkers": async (_, driver) => {
    using runtime = create(driver, { parkers: 1 });
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    // One for the thread, and none for the one that is to drive.
    assert.equal(await nameOf(watch.readable()), "ExhaustedError");
    fill(ends.far);
    assert.ok(watch.readableSync({ timeout: LONG }).isReadable);
  },

  "handles of others are refused": (runtime, driver) => {
    using other = create(driver);
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    assert.throws(() => other.attachRegistration(watch.handle), {
      name: "ForeignHandleError",
    });
    assert.throws(
      () => runtime.attachRegistration(runtime.parker().handle as never),
      { name: "ArgumentTypeError" },
    );
    const { handle } = watch;
    watch.deregister();
    const next = runtime.register(ends.near, { read: true });
    assert.equal(next.handle.address, handle.address);
    assert.throws(() => runtime.attachRegistration(handle), {
      name: "StaleHandleError",
    });
    // It was the old one's to end, not this one.
    watch.deregister();
    fill(ends.far);
    assert.ok(next.readableSync({ timeout: LONG }).isReadable);
    assert.equal(watch.state.isReadable, false);
  },

  "a number that is used again brings nobody another's event": async (
    runtime,
    driver,
  ) => {
    // libkqueue does not notice that a descriptor was closed.
    if (isLibkqueue(driver)) return;
    const { call } = libc();
    using first = pipe();
    using second = pipe();
    const fd = call.dup(first.near);
    const old = runtime.register(fd, { read: true });
    const wait = nameOf(
      old.readable({ signal: AbortSignal.timeout(5 * SHORT) }),
    );
    first.close(first.near);
    // Closes what was there under this number.
    assert.equal(call.dup2(second.near, fd), fd);
    const watch = runtime.register(fd, { read: true });
    const next = watch.readable();
    fill(second.far);
    assert.ok((await settled(next)).isReadable);
    assert.equal(await wait, "TimeoutError");
    assert.equal(old.state.isReadable, false);
    call.close(fd);
  },
};

forSelectors((driver) => {
  for (const [what, check] of Object.entries(CASES)) {
    test(`${driver}: ${what}`, async () => {
      using runtime = create(driver);
      await check(runtime, driver);
    });
  }
});

test("a runtime without a selector says which have one", () => {
  using runtime = Runtime.create();
  assert.throws(() => runtime.register(0, { read: true }), {
    name: "UnsupportedError",
    message: /create with \{ driver: "epoll" \} or "kqueue"$/,
  });
});

test("epoll and kqueue say what they need", () => {
  const needs = withoutFfi();
  for (const driver of ["epoll", "kqueue"] as const) {
    try {
      Runtime.create({ driver }).shutdown();
    } catch (error) {
      const { name, message } = error as Error;
      assert.equal(name, "UnsupportedError");
      if (needs) assert.ok(message.endsWith(needs.replace("needs ", "")));
      assert.match(message, new RegExp(`^Cannot sleep in "${driver}" as it`));
    }
  }
});
