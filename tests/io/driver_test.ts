// Sections 9.D and 9.E of the checklist for the drivers that sleep in the
// operating system's selector. What they share with the time driver, such as
// tokens and hand-offs, is in tests/park and tests/conformance.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import type { ParkerHandle, Runtime } from "../../mod.ts";
import {
  EMPTY,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
} from "../../src/core/core.generated.ts";
import { Epoll } from "../../src/drivers/epoll.ts";
import { Kqueue } from "../../src/drivers/kqueue.ts";
import type { Selector } from "../../src/drivers/selector.ts";
import { openIo } from "../conformance/drivers.ts";
import { coreOf, stateOf, TRACED } from "../cores.ts";
import {
  ringsSetNoToken,
  tokensComeBesidePolls,
  tokensComeToWords,
} from "../park/driver_cases.ts";
import { outcome, run, sharedWords, until, untilParked } from "../threads.ts";
import { fill, IS_LINUX, libc, pipe } from "./fds.ts";
import { create, forSelectors, type SelectorName } from "./selectors.ts";

const BODIES = new URL("../park/driver_bodies.ts", import.meta.url);
const PARKS = new URL("../park/park_bodies.ts", import.meta.url);

const MINUTE = 60_000;
const DAY = 86_400_000;
const SHORT = 30;

function isFree(runtime: Runtime, { address }: ParkerHandle): boolean {
  const { exports } = coreOf(runtime);
  const free = exports.driverTake(address) !== 0;
  if (free) exports.driverLeave();
  return free;
}

/** Has polls go through a function for as long as the result is in scope. */
function replaceWait(
  driver: SelectorName,
  replace: (wait: () => void) => void,
): Disposable {
  const { prototype } = driver === "epoll" ? Epoll : Kqueue;
  const { wait } = prototype;
  prototype.wait = function (this: Selector, timeout, take) {
    replace(() => wait.call(this as never, timeout, take));
  };
  return { [Symbol.dispose]: () => prototype.wait = wait };
}

/** A thread that sleeps in the driver, or on its word if another one does. */
async function parkOnThread(runtime: Runtime) {
  const handle = runtime.parker().detach();
  const thread = run(runtime, PARKS, "park", { handle });
  await untilParked(runtime, handle);
  const end = outcome(thread);
  // Of one that is terminated nobody asks.
  end.catch(() => {});
  return { thread, handle, end };
}

/** File descriptors of this process. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

type Check = (runtime: Runtime, driver: SelectorName) => unknown;

const CASES: Record<string, Check> = {
  "one thread at a time is in the driver (9.D.30)": async (runtime) => {
    const words = sharedWords(1);
    const threads = [1, 2, 3].map(() =>
      run(runtime, BODIES, "meetOthers", {
        handle: runtime.parker().detach(),
        words,
        rounds: 500,
      })
    );
    let total = 0;
    for (const thread of threads) {
      const { met, turns } = await outcome(thread);
      assert.equal(met, 0);
      total += turns;
    }
    // Some may have found it busy each time.
    assert.ok(total > 0);
  },

  "a park that finds the driver busy sleeps on its word (9.D.31)": async (
    runtime,
  ) => {
    const first = await parkOnThread(runtime);
    const second = await parkOnThread(runtime);
    const core = coreOf(runtime);
    assert.equal(stateOf(core, first.handle), PARKED_DRIVER);
    assert.equal(stateOf(core, second.handle), PARKED_CONDVAR);
    for (const { handle, end } of [second, first]) {
      runtime.unparker(handle).unpark();
      assert.deepEqual((await end).results, ["unparked"]);
    }
  },

  "a poll that fails is seen, and leaves the driver (9.D.32, 9.D.39)": (
    runtime,
  ) => {
    const parker = runtime.parker();
    const { handle: other } = runtime.parker();
    libc().call.close(coreOf(runtime).exports.pollSelector());
    for (const timeout of [0, 5]) {
      assert.throws(() => parker.parkTimeout(timeout), {
        name: "SystemError",
        message: /^Cannot sleep in the driver as (epoll_wait|kevent)\(\)/,
      });
      assert.ok(isFree(runtime, other));
      assert.equal(stateOf(coreOf(runtime), parker.handle), EMPTY);
    }
    runtime.unparker(parker.handle).unpark();
    assert.equal(parker.park(), "unparked");
  },

  "a token makes the driver return (9.D.33)": async (runtime) => {
    const { handle: other } = runtime.parker();
    for (let round = 0; round < 5; round++) {
      const { handle, end } = await parkOnThread(runtime);
      assert.equal(isFree(runtime, other), false);
      runtime.unparker(handle).unpark();
      assert.deepEqual((await end).results, ["unparked"]);
      assert.ok(isFree(runtime, other));
    }
  },

  "a ring just before the poll makes it return at once (9.D.34)": (
    runtime,
    driver,
  ) => {
    const io = openIo(runtime);
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    const rings = [() => io.unpark(), () => unparker.unpark()];
    let polls = 0;
    using _ = replaceWait(driver, (wait) => {
      rings[polls++]?.();
      wait();
    });
    assert.equal(parker.parkTimeout(MINUTE), "unparked");
    assert.ok(polls >= 2);
  },

  "an event ends a park without a token (9.D.35)": async (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const { handle, end } = await parkOnThread(runtime);
    fill(ends.far);
    const { results, counters } = await end;
    assert.deepEqual(results, ["driver"]);
    assert.equal(counters.events, 1);
    assert.equal(counters.unparks, 0);
    assert.equal(stateOf(coreOf(runtime), handle), EMPTY);
    assert.ok(watch.state.isReadable);
  },

  "an event ends a park though nobody else knows of the runtime": (
    runtime,
  ) => {
    using ends = pipe();
    runtime.register(ends.near, { read: true });
    fill(ends.far);
    assert.equal(runtime.parker().park(), "driver");
  },

  "a ring that comes late is harmless (9.D.36)": async (runtime) => {
    const { handle, end } = await parkOnThread(runtime);
    const io = openIo(runtime);
    for (let ring = 1; ring <= 3; ring++) {
      io.wakeOwner();
      await until(() => runtime.counters(handle).turns >= ring);
    }
    assert.equal(stateOf(coreOf(runtime), handle), PARKED_DRIVER);
    runtime.unparker(handle).unpark();
    assert.deepEqual((await end).results, ["unparked"]);
  },

  "a ring sets nobody's token (9.D.37)": async (_, driver) => {
    using runtime = create(driver, { module: TRACED });
    const io = openIo(runtime);
    await ringsSetNoToken(runtime, () => io.unpark());
  },

  "turns are counted if the driver was polled (9.D.38)": (runtime) => {
    const parker = runtime.parker();
    const turns = () => parker.counters.turns;
    assert.equal(parker.parkTimeout(0), "timed-out");
    assert.equal(turns(), 1);
    assert.equal(parker.parkTimeout(1), "timed-out");
    const before = turns();
    assert.ok(before >= 2);
    runtime.unparker(parker.handle).unpark();
    assert.equal(parker.parkTimeout(MINUTE), "unparked");
    assert.equal(turns(), before);
  },

  "a park gets its token while another thread only polls (9.D.42)":
    tokensComeBesidePolls,

  "a park gets its token while another thread is in a poll (9.D.42)":
    tokensComeToWords,

  "a signal does not end a park": async (runtime) => {
    const parker = runtime.parker();
    const kill = (name: string) => `sleep 0.05; kill -${name} ${process.pid}`;
    const shell = spawn("sh", ["-c", `${kill("STOP")}; ${kill("CONT")}`]);
    const began = runtime.now();
    assert.equal(parker.parkTimeout(400), "timed-out");
    assert.ok(runtime.now() - began >= 399);
    await new Promise((resolve) => shell.on("exit", resolve));
  },

  "a timer ends a sleep, with registrations (9.E.43)": async (runtime) => {
    using ends = pipe();
    runtime.register(ends.near, { read: true });
    const { handle: target } = runtime.parker();
    const { handle, end } = await parkOnThread(runtime);
    const due = runtime.now() + 5;
    runtime.timer(target).schedule(due);
    assert.deepEqual((await end).results, ["driver"]);
    assert.ok(runtime.now() >= due);
    assert.equal(stateOf(coreOf(runtime), target), NOTIFIED);
    assert.equal(runtime.counters(handle).events, 1);
  },

  "an earlier deadline rings, a later one does not (9.E.44, 9.E.45)": async (
    runtime,
  ) => {
    using ends = pipe();
    runtime.register(ends.near, { read: true });
    const { handle: target } = runtime.parker();
    const now = runtime.now();
    const [first, later] = [runtime.timer(target), runtime.timer(target)];
    first.schedule(now + DAY);
    const { handle, end } = await parkOnThread(runtime);
    await new Promise((resolve) => setTimeout(resolve, SHORT));
    const { turns } = runtime.counters(handle);
    later.schedule(now + 2 * DAY);
    await new Promise((resolve) => setTimeout(resolve, SHORT));
    assert.equal(runtime.counters(handle).turns, turns);
    runtime.timer(target).schedule(runtime.now() + 1);
    assert.deepEqual((await end).results, ["driver"]);
  },

  "whoever registers calls a sleeper to the driver": async (runtime) => {
    using ends = pipe();
    const [first, second] = [
      await parkOnThread(runtime),
      await parkOnThread(runtime),
    ];
    runtime.unparker(first.handle).unpark();
    await first.end;
    const core = coreOf(runtime);
    assert.equal(stateOf(core, second.handle), PARKED_CONDVAR);
    runtime.register(ends.near, { read: true });
    await until(() => stateOf(core, second.handle) === PARKED_DRIVER);
    fill(ends.far);
    assert.deepEqual((await second.end).results, ["driver"]);
  },

  "a poll takes events in, and no token": (runtime) => {
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const parker = runtime.parker();
    fill(ends.far);
    runtime.unparker(parker.handle).unpark();
    assert.equal(parker.parkTimeout(0), "driver");
    assert.ok(watch.state.isReadable);
    assert.equal(parker.park(), "unparked");
  },

  "a thread that is terminated in the driver leaves it": async (runtime) => {
    // It does not end there: https://github.com/denoland/deno/issues/35657
    if (runtime.host === "deno") return;
    const first = await parkOnThread(runtime);
    const second = await parkOnThread(runtime);
    const core = coreOf(runtime);
    using ends = pipe();
    const watch = runtime.register(ends.near, { read: true });
    const parker = runtime.parker();
    assert.equal(stateOf(core, first.handle), PARKED_DRIVER);
    await first.thread.terminate();
    // The other one was called there, and fetches what comes.
    await until(() => stateOf(core, second.handle) === PARKED_DRIVER);
    fill(ends.far);
    await until(() => watch.state.isReadable);
    assert.throws(() => runtime.unparker(first.handle), {
      code: "stale-handle",
    });
    runtime.unparker(second.handle).unpark();
    await second.end;
    assert.ok(isFree(runtime, parker.handle));
  },

  "descriptors are closed with the runtime": async (_, driver) => {
    if (!IS_LINUX) return;
    const cycle = async (isAsleep: boolean) => {
      using runtime = create(driver);
      if (!isAsleep) return;
      const { end } = await parkOnThread(runtime);
      // Who sleeps in the selector closes it.
      runtime.shutdown();
      assert.deepEqual((await end).results, ["shutdown"]);
    };
    for (const isAsleep of [false, true]) {
      await cycle(isAsleep);
      const before = descriptors();
      for (let count = 0; count < 8; count++) await cycle(isAsleep);
      // Threads have some of their own, which the runtime closes later.
      await until(() => descriptors() <= before + 4);
    }
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
