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

// Not SIGUSR2: for it, node --test has Node write a report, which waits for ever
// for threads that sleep in C.
const NAMES = ["SIGHUP", "SIGWINCH", "SIGCONT"];

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
    send("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 50));
    send("SIGWINCH");
    await new Promise((resolve) => setTimeout(resolve, 50));
    // There will be none any more.
    signals.close();
    assert.deepEqual(await outcome(thread), ["SIGHUP", "SIGWINCH", null]);
  });
}

test("two who watch the same are both told", WITH_NET, async () => {
  using runtime = newRuntime();
  using one = Signals.watch(runtime.io, ["SIGHUP"]);
  using other = Signals.watch(runtime.io, ["SIGWINCH", "SIGHUP"]);
  send("SIGHUP");
  assert.equal(await settled(one.next()), "SIGHUP");
  assert.equal(await settled(other.next()), "SIGHUP");
});

test("signals that cannot be are refused", WITH_NET, async () => {
  using runtime = newRuntime();
  const { io } = runtime;
  // deno-lint-ignore no-explicit-any
  const watch = (names: any) => () => Signals.watch(io, names);
  await leakNothing(() => {
    for (const names of [["SIGKILL"], ["SIGHUP", "SIGNOPE"], []]) {
      assert.throws(watch(names), ArgumentRangeError);
    }
    for (const names of ["SIGHUP", [1], undefined]) {
      assert.throws(watch(names), ArgumentTypeError);
    }
    Signals.watch(io, NAMES).close();
  });
  assert.equal(process.listenerCount("SIGHUP"), 0);
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
  const closed = laybyError("released", /as the set of signals is closed/);
  await assert.rejects(settled(waiting), closed);
  await assert.rejects(signals.next(), closed);
});
