// parkAsync(): the same token, another sleep. See also the tests of what all
// sleeps have in common, in the files for sections 9.A to 9.D.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { setImmediate } from "node:timers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { InUseError, type Parker, Runtime, type Timer } from "../../mod.ts";
import { EMPTY, NOTIFIED } from "../../src/core/core.generated.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import { type Core, coreOf, doorbellOf, stateOf } from "../cores.ts";
import {
  isParked,
  outcome,
  run,
  settled,
  until,
  untilParked,
} from "../threads.ts";

const BODIES = new URL("./async_park_bodies.ts", import.meta.url);
const PARKS = new URL("./park_bodies.ts", import.meta.url);
const SCRIPT = fileURLToPath(new URL("./alive_script.ts", import.meta.url));

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Whether something listens for a parker's doorbell. Wakes it. */
function isListening(core: Core, { handle }: Parker): boolean {
  return Atomics.notify(core.words, doorbellOf(core, handle)) > 0;
}

test("Parker.parkAsync() takes the same token as Parker.park()", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const unparker = runtime.unparker(parker.handle);
  unparker.unpark();
  assert.equal(await parker.parkAsync(), "unparked");
  assert.equal(parker.parkTimeout(1), "timed-out");
  unparker.unpark();
  assert.equal(parker.park(), "unparked");
  assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
});

test("Parker.parkAsync() waits for a token of its own thread", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const result = parker.parkAsync();
  assert.ok(isParked(runtime, parker.handle));
  runtime.unparker(parker.handle).unpark();
  assert.equal(await settled(result), "unparked");
});

test("Parker.parkAsync() takes a token that comes with its timeout", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const due = runtime.now() + 1;
  const result = parker.parkAsync({ timeout: 1 });
  // The thread is busy until both are there.
  while (runtime.now() < due + 1) { /* Until the deadline has passed. */ }
  runtime.unparker(parker.handle).unpark();
  assert.equal(await settled(result), "unparked");
  assert.equal(stateOf(coreOf(runtime), parker.handle), EMPTY);
});

test("Parker.parkAsync() that times out leaves no listener", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  for (let round = 0; round < 10; round++) {
    assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
    assert.equal(isListening(core, parker), false);
    const result = parker.parkAsync();
    runtime.unparker(parker.handle).unpark();
    assert.equal(await settled(result), "unparked");
  }
});

// ==== the signal ====

test("Parker.parkAsync() rejects with the reason of an aborted signal", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const reason = new Error("no longer");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(parker.parkAsync({ signal }), reason);
  assert.equal(parker.counters.parks, 0);
  assert.equal(stateOf(core, parker.handle), EMPTY);
});

test("Parker.parkAsync() takes a token that is there, aborted or not", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  const signal = AbortSignal.abort(new Error("no longer"));
  assert.equal(await parker.parkAsync({ signal }), "unparked");
});

test("Parker.parkAsync() rejects with the reason when it is aborted", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const controller = new AbortController();
  const reason = new Error("no longer");
  const result = parker.parkAsync({ signal: controller.signal });
  // In its sleep, and not on the way there.
  await until(() => isListening(core, parker));
  controller.abort(reason);
  await assert.rejects(settled(result), reason);
  assert.equal(stateOf(core, parker.handle), EMPTY);
});

test("Parker.parkAsync() that is aborted leaves no listener", async () => {
  using runtime = Runtime.create({ parkers: 2 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const handle = runtime.parker().detach();
  const unparker = runtime.unparker(parker.handle);
  for (let round = 0; round < 10; round++) {
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = parker.parkAsync({ signal, timeout: MINUTE });
    if (round % 2 === 0) await until(() => isListening(core, parker));
    controller.abort();
    await assert.rejects(settled(aborted), { name: "AbortError" });
    assert.equal(isListening(core, parker), false);
    // One ring, which nobody but this park may hear.
    const result = parker.parkAsync();
    unparker.unpark();
    assert.equal(await settled(result), "unparked");
  }
  // Nor does it swallow the ring of another thread, for a park that blocks.
  const rounds = 10;
  const peer = run(runtime, PARKS, "pingPong", {
    handle,
    other: parker.handle,
    rounds,
    opens: true,
  });
  for (let round = 0; round < rounds; round++) {
    assert.equal(parker.parkTimeout(15_000), "unparked");
    runtime.unparker(handle).unpark();
  }
  assert.equal(await outcome(peer), 0);
});

for (const order of ["before", "after"]) {
  test(`Parker.parkAsync() takes a token that comes ${order} the abort`, async () => {
    using runtime = Runtime.create({ parkers: 1 });
    const core = coreOf(runtime);
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    const controller = new AbortController();
    const result = parker.parkAsync({ signal: controller.signal });
    await until(() => isListening(core, parker));
    if (order === "before") unparker.unpark();
    controller.abort();
    if (order === "after") unparker.unpark();
    assert.equal(await settled(result), "unparked");
    assert.equal(parker.parkTimeout(1), "timed-out");
  });
}

test("Parker.parkAsync() does not listen to a signal once it is over", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const controller = new AbortController();
  const { signal } = controller;
  assert.equal(await parker.parkAsync({ signal, timeout: 1 }), "timed-out");
  const doorbell = doorbellOf(core, parker.handle);
  const rings = core.words[doorbell];
  controller.abort();
  assert.equal(core.words[doorbell], rings);
});

test("Parker.parkAsync() ends with shutdown, and each later one", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const result = parker.parkAsync();
  runtime.shutdown();
  assert.equal(await settled(result), "shutdown");
  assert.equal(await parker.parkAsync(), "shutdown");
  assert.equal(await parker.parkAsync({ timeout: 0 }), "shutdown");
});

// ==== the parker meanwhile ====

test("Parker.parkAsync() keeps other calls from the parker", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const result = parker.parkAsync();
  assert.throws(() => parker.park(), InUseError);
  assert.throws(() => parker.parkTimeout(1), InUseError);
  assert.throws(() => parker.parkTimeout(0), InUseError);
  assert.throws(() => parker.parkDeadline(0), InUseError);
  assert.throws(() => parker.detach(), InUseError);
  assert.throws(() => parker.release(), InUseError);
  await assert.rejects(parker.parkAsync(), InUseError);
  await assert.rejects(parker.parkAsync({ timeout: 0 }), InUseError);
  runtime.unparker(parker.handle).unpark();
  // Nor has one of them the token, before the pending one has got it.
  assert.throws(() => parker.park(), InUseError);
  assert.equal(await settled(result), "unparked");
  assert.equal(parker.parkTimeout(1), "timed-out");
});

test("Parker.parkAsync() parks each of many parkers of one thread", async () => {
  using runtime = Runtime.create({ parkers: 8 });
  const parkers = Array.from({ length: 8 }, () => runtime.parker());
  const order: number[] = [];
  const results = parkers.map(async (parker, index) => {
    const result = await parker.parkAsync();
    order.push(index);
    return result;
  });
  for (const index of [5, 2, 7, 0, 1, 6, 4, 3]) {
    runtime.unparker(parkers[index]!.handle).unpark();
    await until(() => order.at(-1) === index);
  }
  const ends = await settled(Promise.all(results));
  assert.ok(ends.every((result) => result === "unparked"));
});

// ==== the event loop ====

test("Parker.parkAsync() has the event loop serve timers and messages", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const served: string[] = [];
  setTimeout(() => served.push("timer"), 1);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => served.push(data);
  port2.postMessage("message");
  const result = parker.parkAsync();
  await until(() => served.length === 2);
  assert.ok(isParked(runtime, parker.handle));
  runtime.unparker(parker.handle).unpark();
  assert.equal(await settled(result), "unparked");
  assert.deepEqual(served.sort(), ["message", "timer"]);
  port1.close();
  port2.close();
});

test("Parker.parkAsync() does not starve the event loop when tokens abound", async () => {
  using runtime = Runtime.create({ parkers: 2 });
  const [handle, other] = [
    runtime.parker().detach(),
    runtime.parker().detach(),
  ];
  const turns = 10;
  const echo = run(runtime, BODIES, "echo", { handle: other, other: handle });
  const answering = run(runtime, BODIES, "answerUntilServed", {
    handle,
    other,
    turns,
  });
  const { timeouts, messages, rounds } = await outcome(answering);
  assert.ok(rounds > 0);
  assert.ok(Math.min(timeouts, messages) >= turns, `${timeouts}, ${messages}`);
  runtime.shutdown();
  await outcome(echo);
});

test("Parker.parkAsync() of 0 grants the event loop one turn", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  let turns = 0;
  const next = () => {
    turns++;
    if (turns < 5) setImmediate(next);
  };
  setImmediate(next);
  assert.equal(await parker.parkAsync({ timeout: 0 }), "timed-out");
  assert.ok(turns === 1 || turns === 2, `${turns} turns`);
});

/** Counts sleeps of event loops for as long as it is in scope. */
class SleepCount implements Disposable {
  readonly #park = EventLoopDriver.prototype.park;
  count = 0;

  constructor() {
    const { prototype } = EventLoopDriver;
    const counted = (driver: EventLoopDriver, timeout: number) => {
      this.count++;
      return this.#park.call(driver, timeout);
    };
    prototype.park = function (timeout) {
      return counted(this, timeout);
    };
  }

  [Symbol.dispose](): void {
    EventLoopDriver.prototype.park = this.#park;
  }
}

// The wheel wakes the keeper of the driver on the way to a timer that is far
// ahead, once a level, and anybody may ring. It has nothing to fire then, and
// is the one that the driver is to be handed to.
for (const rings of [0, 3]) {
  test(`Parker.parkAsync() has the event loop serve until its timer is due, ${rings} rings`, async () => {
    using runtime = Runtime.create({ parkers: 1 });
    using sleeps = new SleepCount();
    const core = coreOf(runtime);
    const parker = runtime.parker();
    let turns = 0;
    const interval = setInterval(() => turns++, 5);
    runtime.timer(parker.handle).schedule(runtime.now() + 300);
    const result = parker.parkAsync();
    for (let left = rings; left > 0; left--) {
      Atomics.add(core.words, doorbellOf(core, parker.handle), 1);
      Atomics.notify(core.words, doorbellOf(core, parker.handle));
    }
    assert.equal(await settled(result), "unparked");
    clearInterval(interval);
    assert.ok(sleeps.count < 200, `${sleeps.count} sleeps`);
    assert.ok(turns > 3, `${turns} turns`);
  });
}

test("Parker.parkAsync() wakes for its own timer", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const deadline = runtime.now() + 5;
  timer.schedule(deadline);
  assert.equal(await settled(parker.parkAsync()), "unparked");
  assert.ok(runtime.now() >= deadline);
  assert.equal(timer.state, "fired");
});

test("Parker.parkAsync() wakes for a timer that is armed meanwhile", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const timers: Timer[] = [];
  for (const after of [DAY, 5]) {
    timers.push(runtime.timer(parker.handle));
    timers.at(-1)!.schedule(runtime.now() + after);
  }
  const result = parker.parkAsync();
  assert.equal(await settled(result), "unparked");
  assert.deepEqual(timers.map(({ state }) => state), ["armed", "fired"]);
  const again = parker.parkAsync();
  timers[0]!.schedule(runtime.now() + 5);
  assert.equal(await settled(again), "unparked");
});

test("Parker.parkAsync() that has the driver fires the timers of others", async () => {
  using runtime = Runtime.create({ parkers: 2, driver: "event-loop" });
  const parker = runtime.parker();
  const handle = runtime.parker().detach();
  const owner = run(runtime, PARKS, "park", { handle });
  await untilParked(runtime, handle);
  const result = parker.parkAsync();
  runtime.timer(handle).schedule(runtime.now() + 2);
  assert.equal(await settled(result), "driver");
  assert.deepEqual((await outcome(owner)).results, ["unparked"]);
});

test("Parker.parkAsync() outlasts a ring without a token", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const doorbell = doorbellOf(core, parker.handle);
  const result = parker.parkAsync();
  for (let rings = 0; rings < 5; rings++) {
    await until(() => isListening(core, parker));
    Atomics.add(core.words, doorbell, 1);
    Atomics.notify(core.words, doorbell);
  }
  await until(() => isListening(core, parker));
  assert.ok(isParked(runtime, parker.handle));
  runtime.unparker(parker.handle).unpark();
  assert.equal(await settled(result), "unparked");
  assert.equal(parker.counters.parks, 1);
});

for (const [first, second] of [[true, false], [false, true], [true, true]]) {
  const kind = (yields?: boolean) => yields ? "an event loop" : "a thread";
  test(`${kind(first)} and ${kind(second)} play ping-pong`, async () => {
    using runtime = Runtime.create({ parkers: 2 });
    const [ping, pong] = [runtime.parker().detach(), runtime.parker().detach()];
    const rounds = 1_000;
    const players = [
      { handle: ping, other: pong, rounds, yields: first, opens: true },
      { handle: pong, other: ping, rounds, yields: second, opens: false },
    ].map((args) => run(runtime, PARKS, "pingPong", args));
    for (const player of players) assert.equal(await outcome(player), 0);
  });
}

test("One thread unparks blocked threads and event loops alike", async () => {
  using runtime = Runtime.create({ parkers: 4 });
  const core = coreOf(runtime);
  const count = 20;
  const handles = [0, 1, 2, 3].map(() => runtime.parker().detach());
  const owners = handles.map((handle, index) =>
    run(runtime, PARKS, "park", { handle, count, yields: index % 2 === 0 })
  );
  for (let round = 0; round < count; round++) {
    for (const handle of handles) {
      runtime.unparker(handle).unpark();
      await until(() => stateOf(core, handle) !== NOTIFIED);
    }
  }
  for (const owner of owners) {
    const { results } = await outcome(owner);
    assert.ok(results.every((result: string) => result === "unparked"));
  }
});

// ==== the process ====

/** Runs the script on the runtime that runs this test. Returns what it says. */
function runScript(event: string): Promise<{ code: unknown; text: string }> {
  const { promise, resolve } = Promise.withResolvers<
    { code: unknown; text: string }
  >();
  const isDeno = "Deno" in globalThis;
  const args = [...(isDeno ? ["run", "-A"] : []), SCRIPT, event];
  // Whatever is kept alive for ever is ended, and has a code that is not 0.
  const options = { timeout: 15_000, killSignal: "SIGKILL" as const };
  execFile(process.execPath, args, options, (error, stdout) => {
    resolve({ code: error ? error.code ?? "killed" : 0, text: stdout.trim() });
  });
  return promise;
}

for (
  const [event, text] of Object.entries({
    token: "unparked",
    timeout: "timed-out",
    abort: "aborted",
    shutdown: "shutdown",
    poll: "timed-out",
  })
) {
  test(`Parker.parkAsync() keeps the process alive until its end by ${event}`, {
    timeout: MINUTE,
  }, async () => {
    assert.deepEqual(await runScript(event), { code: 0, text });
  });
}
