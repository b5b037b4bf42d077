import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Runtime, type RuntimeHandle, type WaitName } from "../mod.ts";
import { join } from "./join.ts";
import { parkIn, type Way, WAYS } from "./runtime_bodies.ts";
import { run, sharedWords, until, untilParked } from "./threads.ts";

const BODIES = new URL("./runtime_bodies.ts", import.meta.url);

const stale = { name: "StaleHandleError", code: "stale-handle" };
const foreign = { name: "ForeignHandleError", code: "foreign-handle" };
const shutdown = { name: "ShutdownError", code: "shutdown" };
const exhausted = { name: "ExhaustedError", code: "exhausted" };

const DRIVERS = ["time", "event-loop"] as const;
/** Every way to sleep that this host has. */
const WAITS: WaitName[] = "Bun" in globalThis && process.platform === "linux"
  ? ["wasm", "futex"]
  : ["wasm"];

// ==== create, attach ====

test("Runtime.create() makes a runtime that parks", () => {
  using runtime = Runtime.create();
  assert.equal(runtime.isShutdown, false);
  assert.equal(runtime.mayBlock, true);
  const parker = runtime.parker();
  assert.equal(runtime.unparker(parker.handle).unpark(), true);
  assert.equal(parker.park(), "unparked");
  assert.equal(parker.parkTimeout(1), "timed-out");
});

test("Runtime.create() has 64 parkers, 64 locks and 1,024 timers", () => {
  using runtime = Runtime.create();
  const { handle } = runtime.parker();
  for (let parkers = 1; parkers < 64; parkers++) runtime.parker();
  for (let locks = 0; locks < 64; locks++) runtime.mutex();
  for (let timers = 0; timers < 1024; timers++) runtime.timer(handle);
  assert.throws(() => runtime.parker(), exhausted);
  assert.throws(() => runtime.mutex(), exhausted);
  assert.throws(() => runtime.timer(handle), exhausted);
});

test("Runtime.now() is performance's time, from its origin", () => {
  using runtime = Runtime.create();
  const before = performance.timeOrigin + performance.now();
  const now = runtime.now();
  const after = performance.timeOrigin + performance.now();
  assert.ok(before <= now && now <= after, `${before} ${now} ${after}`);
});

test("Runtime.attach() gives the same parkers to another object", () => {
  using runtime = Runtime.create();
  const attached = Runtime.attach(runtime.handle);
  const parker = runtime.parker();
  assert.equal(attached.unparker(parker.handle).unpark(), true);
  assert.equal(parker.park(), "unparked");
  const theirs = attached.parker();
  assert.notEqual(theirs.handle.address, parker.handle.address);
  assert.equal(theirs.handle.runtime, parker.handle.runtime);
});

test("Runtime.attach() with blocking: false still parks for a token", () => {
  using runtime = Runtime.create();
  const attached = Runtime.attach(runtime.handle, { blocking: false });
  assert.equal(attached.mayBlock, false);
  assert.equal(runtime.mayBlock, true);
  const parker = attached.parker();
  runtime.unparker(parker.handle).unpark();
  assert.equal(parker.park(), "unparked");
});

test("Runtime.handle attaches after structuredClone()", () => {
  using runtime = Runtime.create();
  const attached = Runtime.attach(structuredClone(runtime.handle));
  const parker = attached.parker();
  // A parker's handle goes as it is, too.
  runtime.unparker(structuredClone(parker.handle)).unpark();
  assert.equal(parker.park(), "unparked");
});

test("Runtime.handle attaches in a thread of another runtime", async () => {
  using home = Runtime.create();
  using away = Runtime.create();
  const handle = away.parker().detach();
  const args = { there: away.handle, handle };
  const thread = run(home, BODIES, "parkElsewhere", args);
  await untilParked(away, handle);
  home.shutdown();
  assert.equal(away.unparker(handle).unpark(), true);
  assert.deepEqual(await join(thread), ["unparked"]);
});

test("a runtime's threads agree on host and clock", async () => {
  using runtime = Runtime.create();
  const before = runtime.now();
  const [seen] = await join(run(runtime, BODIES, "describe")) as [
    { now: number },
  ];
  const after = runtime.now();
  const { now, ...rest } = seen;
  assert.deepEqual(rest, {
    host: runtime.host,
    mayBlock: true,
    isShutdown: false,
  });
  // Origins of threads differ by microseconds; a broken one by much more.
  assert.ok(now > before - 1 && now < after + 1, `${before} ${now} ${after}`);
});

// ==== two at once ====

test("two runtimes know nothing of each other", () => {
  using first = Runtime.create();
  using second = Runtime.create();
  const mine = first.parker();
  const theirs = second.parker();
  assert.notEqual(mine.handle.runtime, theirs.handle.runtime);
  assert.throws(() => first.unparker(theirs.handle), foreign);
  first.unparker(mine.handle).unpark();
  assert.equal(theirs.parkTimeout(1), "timed-out");
  assert.equal(mine.park(), "unparked");
  first.timer(mine.handle).schedule(first.now());
  assert.equal(theirs.parkTimeout(5), "timed-out");
  first.shutdown();
  assert.equal(second.isShutdown, false);
  assert.equal(theirs.parkTimeout(1), "timed-out");
});

test("Runtime.shutdown() of one runtime leaves another's sleepers", async () => {
  using first = Runtime.create();
  using second = Runtime.create();
  const mine = first.parker().detach();
  const theirs = second.parker().detach();
  const way = "park";
  const threads = [
    run(first, BODIES, "park", { handle: mine, way }),
    run(second, BODIES, "park", { handle: theirs, way }),
  ];
  await untilParked(first, mine);
  await untilParked(second, theirs);
  first.shutdown();
  assert.deepEqual(await join(threads[0]!), ["shutdown"]);
  assert.equal(second.counters(theirs).noops, 0);
  second.unparker(theirs).unpark();
  assert.deepEqual(await join(threads[1]!), ["unparked"]);
});

// ==== shutdown ====

for (const wait of WAITS) {
  for (const driver of DRIVERS) {
    test(`Runtime.shutdown() ends every park: ${driver}, ${wait}`, async () => {
      using runtime = Runtime.create({ driver, wait });
      // Of those that block, one sleeps in the driver and two on their words.
      const sleepers = WAYS.map((way) => ({
        way,
        handle: runtime.parker().detach(),
      }));
      const threads = sleepers.map((args) =>
        run(runtime, BODIES, "park", args)
      );
      const own = runtime.parker();
      const parked = own.parkAsync();
      for (const { handle } of sleepers) await untilParked(runtime, handle);
      runtime.shutdown();
      assert.deepEqual(
        await join(...threads),
        WAYS.map(() => "shutdown"),
      );
      assert.equal(await parked, "shutdown");
    });
  }
}

for (const driver of DRIVERS) {
  test(`every park after Runtime.shutdown() says so: ${driver}`, async () => {
    using runtime = Runtime.create({ driver });
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    runtime.shutdown();
    assert.equal(runtime.isShutdown, true);
    for (let round = 0; round < 3; round++) {
      for (const way of WAYS) {
        assert.equal(await parkIn(way, runtime, parker), "shutdown", way);
        // With a token, too.
        assert.equal(unparker.unpark(), true);
        assert.equal(await parkIn(way, runtime, parker), "shutdown", way);
      }
      assert.equal(parker.parkTimeout(0), "shutdown");
      assert.equal(parker.parkTimeout(1), "shutdown");
      assert.equal(parker.parkDeadline(0), "shutdown");
      assert.equal(await parker.parkAsync({ timeout: 0 }), "shutdown");
    }
  });
}

test("Runtime.shutdown() outlives a token that came before it", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  runtime.shutdown();
  assert.equal(parker.park(), "shutdown");
  assert.equal(parker.park(), "shutdown");
});

test("Runtime.shutdown() called twice does nothing", async () => {
  using runtime = Runtime.create();
  const attached = Runtime.attach(runtime.handle);
  const parker = runtime.parker();
  const parked = parker.parkAsync();
  runtime.shutdown();
  runtime.shutdown();
  attached.shutdown();
  assert.equal(await parked, "shutdown");
  attached.shutdown();
  assert.equal(parker.park(), "shutdown");
  assert.equal(attached.isShutdown, true);
});

test("Runtime.shutdown() refuses new claims, and lets go of old ones", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const spare = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const armed = runtime.timer(parker.handle);
  const mutex = runtime.mutex();
  const condvar = runtime.condvar();
  armed.schedule(runtime.now() + 1e6);
  mutex.lock();
  runtime.shutdown();
  assert.throws(() => runtime.parker(), shutdown);
  assert.throws(() => runtime.timer(parker.handle), shutdown);
  assert.throws(() => runtime.mutex(), shutdown);
  assert.throws(() => runtime.condvar(), shutdown);
  assert.throws(() => timer.schedule(runtime.now()), shutdown);
  assert.equal(armed.state, "shutdown");
  assert.equal(timer.cancel(), false);
  mutex.unlock();
  assert.ok(mutex.tryLock());
  mutex.unlock();
  condvar.notifyAll();
  assert.equal(runtime.adopt(spare.detach()).park(), "shutdown");
  for (const it of [timer, armed, mutex, condvar, parker]) it.release();
  assert.throws(() => runtime.unparker(parker.handle), stale);
  assert.throws(() => runtime.attachMutex(mutex.handle), stale);
});

test("Runtime.shutdown() fires no timer", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const timers = Array.from({ length: 100 }, (_, place) => {
    const timer = runtime.timer(parker.handle);
    timer.schedule(runtime.now() + 1e6 + place);
    return timer;
  });
  const parked = parker.parkAsync();
  runtime.shutdown();
  assert.equal(await parked, "shutdown");
  assert.equal(parker.parkTimeout(0), "shutdown");
  for (const timer of timers) assert.equal(timer.state, "shutdown");
});

test("Runtime.attach() to a runtime that is shut down sees it", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const handle = parker.detach();
  runtime.shutdown();
  const attached = Runtime.attach(runtime.handle);
  assert.equal(attached.isShutdown, true);
  assert.throws(() => attached.parker(), shutdown);
  assert.equal(attached.adopt(handle).park(), "shutdown");
});

test("Runtime.shutdown() from an attached thread ends the creator's park", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const parked = parker.parkAsync();
  const sleeper = runtime.parker().detach();
  const asleep = run(runtime, BODIES, "park", { handle: sleeper, way: "park" });
  await untilParked(runtime, sleeper);
  const thread = run(runtime, BODIES, "shutdown");
  assert.deepEqual(await join(thread, asleep), [true, "shutdown"]);
  assert.equal(await parked, "shutdown");
  assert.equal(runtime.isShutdown, true);
  assert.equal(parker.park(), "shutdown");
});

test("Unparker.unpark() during and after Runtime.shutdown() is safe", async () => {
  using runtime = Runtime.create();
  const handle = runtime.parker().detach();
  const threads = [
    run(runtime, BODIES, "unparkOn", handle),
    run(runtime, BODIES, "unparkOn", handle),
  ];
  const parker = runtime.adopt(handle);
  // So many tokens, and so both threads are at it.
  for (let tokens = 0; tokens < 1000;) {
    const result = await parker.parkAsync({ timeout: 1 });
    if (result === "unparked") tokens++;
  }
  runtime.shutdown();
  for (let round = 0; round < 100; round++) {
    assert.equal(parker.park(), "shutdown");
  }
  assert.deepEqual(await join(...threads), [true, true]);
  assert.equal(parker.park(), "shutdown");
});

test("Runtime[Symbol.dispose]() shuts down for the creator only", async () => {
  let handle: RuntimeHandle;
  {
    using runtime = Runtime.create();
    handle = runtime.handle;
    {
      using _attached = Runtime.attach(handle);
    }
    assert.equal(runtime.isShutdown, false);
    assert.deepEqual(await join(run(runtime, BODIES, "dispose")), [false]);
    assert.equal(runtime.isShutdown, false);
  }
  assert.equal(Runtime.attach(handle).isShutdown, true);
});

test("Runtime[Symbol.asyncDispose]() shuts down", async () => {
  let handle: RuntimeHandle;
  {
    await using runtime = Runtime.create();
    handle = runtime.handle;
    {
      await using _attached = Runtime.attach(handle);
    }
    assert.equal(runtime.isShutdown, false);
  }
  assert.equal(Runtime.attach(handle).isShutdown, true);
});

// Each round shuts down while the threads claim, commit and fall asleep. A
// shutdown that one of them misses leaves it asleep, and the test with it.
test("Runtime.shutdown() races parks on four threads and loses none", async () => {
  const rounds = 250;
  const ways: Way[] = ["park", "park", "parkTimeout", "parkAsync"];
  using home = Runtime.create();
  const runtimes = Array.from({ length: rounds }, (_, round) =>
    Runtime.create({
      parkers: 4,
      locks: 0,
      timers: 0,
      driver: DRIVERS[(round >> 1) % 2]!,
    }));
  const arrivals = sharedWords(rounds);
  const handles = runtimes.map(({ handle }) => handle);
  const threads = ways.map((way) =>
    run(home, BODIES, "raceShutdowns", { handles, arrivals, way })
  );
  // The threads need this one's event loop to start, and then no more.
  await until(() => Atomics.load(arrivals, 0) === ways.length);
  for (const [round, runtime] of runtimes.entries()) {
    for (;;) {
      const arrived = Atomics.load(arrivals, round);
      if (arrived === ways.length) break;
      Atomics.wait(arrivals, round, arrived);
    }
    // Sooner or later after the last one has arrived.
    for (let pauses = (round * 37) % 1000; pauses > 0; pauses--) {
      Atomics.load(arrivals, round);
    }
    runtime.shutdown();
  }
  assert.deepEqual(
    await join(...threads),
    ways.map(() => ["shutdown"]),
  );
});

// ==== capacity ====

for (const parkers of [4096, 16384]) {
  test(`a runtime has ${parkers} parkers, each on its own lines`, () => {
    using runtime = Runtime.create({
      parkers,
      locks: 1,
      timers: 1,
      driver: "event-loop",
    });
    const { byteLength } = runtime.handle.memory.buffer;
    const all = Array.from({ length: parkers }, () => runtime.parker());
    assert.throws(() => runtime.parker(), exhausted);
    const mutex = runtime.mutex();
    const addresses = all.map(({ handle }) => handle.address);
    addresses.push(mutex.handle.address);
    addresses.sort((a, b) => a - b);
    for (const [place, address] of addresses.entries()) {
      // 128 bytes: lines come in pairs on x86, and are so long on Apple's.
      assert.equal(address % 128, 0);
      const next = addresses[place + 1] ?? byteLength;
      assert.ok(next - address >= 128, `${address} and ${next}`);
    }
    for (let place = 0; place < parkers; place += 2) {
      assert.equal(runtime.unparker(all[place]!.handle).unpark(), true);
    }
    for (const [place, parker] of all.entries()) {
      const result = place % 2 === 0 ? "unparked" : "timed-out";
      if (place % 2 === 0 || place % 64 === 1) {
        assert.equal(parker.parkDeadline(0), result);
      }
    }
  });

  // The set of sleepers, a bit each, ends where the timer wheel begins.
  test(`the last of ${parkers} parkers sleeps, and timers fire`, async () => {
    using runtime = Runtime.create({ parkers, driver: "event-loop" });
    const all = Array.from({ length: parkers }, () => runtime.parker());
    const handles = all.slice(-2).map((parker) => parker.detach());
    const threads = handles.map((handle, place) =>
      run(runtime, BODIES, "parkOn", { handle, way: WAYS[place * 3]! })
    );
    for (const handle of handles) await untilParked(runtime, handle);
    for (const handle of handles) {
      runtime.timer(handle).schedule(runtime.now() + 1);
    }
    let ended = false;
    const joined = join(...threads).finally(() => ended = true);
    while (!ended) await all[0]!.parkAsync({ timeout: 5 });
    assert.deepEqual(await joined, ["unparked", "unparked"]);
  });
}
