import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ArgumentRangeError, ArgumentTypeError, Signals } from "../../mod.ts";
import { outcome, run, settled, sharedWords, until } from "../threads.ts";
import {
  BODIES,
  laybyError,
  leakNothing,
  newRuntime,
  WITH_NET,
} from "./net.ts";

// Those that no runtime and no test runner uses.
const NAMES = ["SIGUSR2", "SIGWINCH", "SIGCONT"];

function send(name: string): void {
  process.kill(process.pid, name);
}

test("signals come one at a time", WITH_NET, async () => {
  using runtime = newRuntime();
  using signals = Signals.watch(runtime.io, NAMES);
  assert.deepEqual(signals.names, NAMES);
  for (const name of [...NAMES, ...NAMES]) {
    send(name);
    assert.equal(await settled(signals.next()), name);
  }
  assert.throws(
    () => signals.nextSync({ timeout: 0 }),
    laybyError("timed-out", /wait for a signal/),
  );
});

for (const blocks of [true, false]) {
  const how = blocks ? "blocks" : "waits in its event loop";
  test(`a thread that ${how} is told`, WITH_NET, async () => {
    using runtime = newRuntime();
    using signals = Signals.watch(runtime.io, NAMES);
    const handle = signals.detach();
    const words = sharedWords(1);
    const thread = run(runtime, BODIES, "signal", { handle, words, blocks });
    await until(() => Atomics.load(words, 0) === 1);
    send("SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, 50));
    send("SIGWINCH");
    await new Promise((resolve) => setTimeout(resolve, 50));
    // There will be none any more.
    signals.close();
    assert.deepEqual(await outcome(thread), ["SIGUSR2", "SIGWINCH", null]);
  });
}

test("two who watch the same are both told", WITH_NET, async () => {
  using runtime = newRuntime();
  using one = Signals.watch(runtime.io, ["SIGUSR2"]);
  using other = Signals.watch(runtime.io, ["SIGWINCH", "SIGUSR2"]);
  send("SIGUSR2");
  assert.equal(await settled(one.next()), "SIGUSR2");
  assert.equal(await settled(other.next()), "SIGUSR2");
});

test("signals that cannot be are refused", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  // deno-lint-ignore no-explicit-any
  const watch = (names: any) => () => Signals.watch(io, names);
  await leakNothing(() => {
    for (const names of [["SIGKILL"], ["SIGUSR2", "SIGNOPE"], []]) {
      assert.throws(watch(names), ArgumentRangeError);
    }
    for (const names of ["SIGUSR2", [1], undefined]) {
      assert.throws(watch(names), ArgumentTypeError);
    }
    Signals.watch(io, NAMES).close();
  });
  assert.equal(process.listenerCount("SIGUSR2"), 0);
});

test("only the main thread watches", WITH_NET, async () => {
  using runtime = newRuntime();
  const error = await outcome(run(runtime, BODIES, "watchSignals"));
  assert.equal(error.code, "unsupported");
  assert.match(error.message, /the main thread/);
});

test("one who is closed tells nobody", WITH_NET, async () => {
  using runtime = newRuntime();
  const signals = Signals.watch(runtime.io, ["SIGWINCH"]);
  const waiting = signals.next();
  signals.close();
  signals.close();
  // Whoever waits here is told; elsewhere it is the end.
  await assert.rejects(settled(waiting), laybyError("released"));
  await assert.rejects(signals.next(), laybyError("released"));
});
