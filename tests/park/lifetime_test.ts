import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Parker,
  type ParkerHandle,
  Runtime,
  type Unparker,
} from "../../mod.ts";
import { join } from "../join.ts";
import { isParked, run, sharedWords, until, untilParked } from "../threads.ts";
import {
  type Adopted,
  CLAIM,
  HITS,
  MISSES,
  type Relayed,
  STOP,
  take,
} from "./lifetime_bodies.ts";

const BODIES = new URL("./lifetime_bodies.ts", import.meta.url);
/** As many as processors: more of them meet less often. */
const THREADS = 2;

const stale = { name: "StaleHandleError", code: "stale-handle" };
const twoOwners = { name: "TwoOwnersError", code: "two-owners" };
const exhausted = { name: "ExhaustedError", code: "exhausted" };

/** Asserts that the parker does what parkers do. */
function assertParks(runtime: Runtime, parker: Parker): void {
  assert.equal(runtime.unparker(parker.handle).unpark(), true);
  assert.equal(parker.park(), "unparked");
  assert.equal(take(parker), false);
}

// ==== what parkers share ====

test("two parkers of a runtime do not share a token", () => {
  using runtime = Runtime.create({ parkers: 2 });
  const first = runtime.parker();
  const second = runtime.parker();
  runtime.unparker(first.handle).unpark();
  assert.equal(take(second), false);
  assert.equal(first.park(), "unparked");
  assert.equal(take(first), false);
});

test("two parkers of a runtime share the driver", () => {
  using runtime = Runtime.create({ parkers: 2 });
  const first = runtime.parker();
  const second = runtime.parker();
  runtime.timer(second.handle).schedule(runtime.now());
  // The one fires the timer, and the other has the token for it.
  assert.equal(first.park(), "driver");
  assert.equal(take(second), true);
  assert.equal(take(first), false);
});

test("Unparker.unpark() ends its own parker's sleep, and no other", async () => {
  using runtime = Runtime.create();
  const handles = Array.from({ length: 5 }, () => runtime.parker().detach());
  // The first blocking one sleeps in the driver, and two on their words.
  const kinds = ["park", "parkAsync", "park", "parkAsync", "park"];
  const threads = handles.map((handle, place) =>
    run(runtime, BODIES, kinds[place]!, handle)
  );
  for (const handle of handles) await untilParked(runtime, handle);
  for (const [place, handle] of handles.entries()) {
    assert.equal(runtime.unparker(handle).unpark(), true);
    assert.deepEqual(await join(threads[place]!), ["unparked"]);
    for (const other of handles.slice(place + 1)) {
      assert.ok(isParked(runtime, other));
    }
  }
  // A sleep that another's unpark had interrupted would count as two.
  for (const handle of handles) {
    const { parks, unparks, noops } = runtime.counters(handle);
    assert.deepEqual({ parks, unparks, noops }, {
      parks: 1,
      unparks: 1,
      noops: 0,
    });
  }
});

test("Parker.release() of one parker wakes no other", async () => {
  using runtime = Runtime.create();
  const handles = [runtime.parker().detach(), runtime.parker().detach()];
  const threads = handles.map((handle) => run(runtime, BODIES, "park", handle));
  for (const handle of handles) await untilParked(runtime, handle);
  for (let round = 0; round < 100; round++) {
    const parker = runtime.parker();
    runtime.unparker(parker.handle).unpark();
    parker.release();
  }
  for (const handle of handles) assert.ok(isParked(runtime, handle));
  for (const handle of handles) runtime.unparker(handle).unpark();
  assert.deepEqual(await join(...threads), ["unparked", "unparked"]);
  for (const handle of handles) {
    assert.equal(runtime.counters(handle).parks, 1);
  }
});

// ==== release ====

test("Parker.release() makes every use of its handle stale", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const { handle } = parker;
  const unparker = runtime.unparker(handle);
  assert.equal(unparker.unpark(), true);
  parker.release();
  assert.equal(unparker.unpark(), false);
  assert.throws(() => runtime.unparker(handle), stale);
  assert.throws(() => runtime.counters(handle), stale);
  assert.throws(() => runtime.timer(handle), stale);
  assert.throws(() => runtime.adopt(handle), stale);
  // Others of the runtime have not noticed.
  const other = runtime.parker();
  runtime.unparker(other.handle).unpark();
  assert.equal(other.park(), "unparked");
});

test("Parker.release() takes the token with it", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const first = runtime.parker();
  runtime.unparker(first.handle).unpark();
  first.release();
  const second = runtime.parker();
  assert.equal(second.handle.address, first.handle.address);
  assert.equal(take(second), false);
});

test("Parker.release() takes the counts with it", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const first = runtime.parker();
  assert.equal(first.parkTimeout(1), "timed-out");
  assert.equal(first.counters.parks, 1);
  first.release();
  const second = runtime.parker();
  assert.deepEqual(second.counters, {
    parks: 0,
    unparks: 0,
    timeouts: 0,
    events: 0,
    noops: 0,
    turns: 0,
    parked: 0,
  });
});

test("a timer for a released parker reaches nobody", () => {
  using runtime = Runtime.create({ parkers: 2 });
  const driver = runtime.parker();
  const first = runtime.parker();
  runtime.timer(first.handle).schedule(runtime.now());
  first.release();
  const second = runtime.parker();
  assert.equal(second.handle.address, first.handle.address);
  assert.equal(driver.park(), "driver");
  assert.equal(take(second), false);
});

test("Parker.release() called twice leaves the next claim alone", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const first = runtime.parker();
  first.release();
  const second = runtime.parker();
  first.release();
  first[Symbol.dispose]();
  assert.equal(runtime.unparker(second.handle).unpark(), true);
  assert.equal(second.park(), "unparked");
});

test("Parker.release() changes the claim, and not the address", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const unparkers: Unparker[] = [];
  const claims = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    const parker = runtime.parker();
    claims.add(parker.handle.claim);
    assert.equal(
      parker.handle.address,
      runtime.unparker(parker.handle).handle
        .address,
    );
    for (const unparker of unparkers.slice(-10)) {
      assert.equal(unparker.unpark(), false);
    }
    assert.equal(take(parker), false);
    unparkers.push(runtime.unparker(parker.handle));
    parker.release();
  }
  assert.equal(claims.size, 1000);
  assert.equal(new Set(unparkers.map((it) => it.handle.address)).size, 1);
});

test("Parker[Symbol.dispose]() releases", () => {
  using runtime = Runtime.create({ parkers: 1 });
  let handle: ParkerHandle;
  {
    using parker = runtime.parker();
    handle = parker.handle;
    assert.equal(runtime.unparker(handle).unpark(), true);
  }
  assert.throws(() => runtime.unparker(handle), stale);
  using next = runtime.parker();
  assert.equal(next.handle.address, handle.address);
});

test("Parker[Symbol.dispose]() releases when the block throws", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const fail = () => {
    using _parker = runtime.parker();
    throw new Error("out of the block");
  };
  assert.throws(fail, { message: "out of the block" });
  assert.throws(fail, { message: "out of the block" });
});

test("Unparker.unpark() is safe when the owner's thread has ended", async () => {
  using runtime = Runtime.create();
  const [handle] = await join(run(runtime, BODIES, "leave")) as [ParkerHandle];
  const unparker = runtime.unparker(handle);
  assert.equal(unparker.unpark(), true);
  assert.equal(unparker.unpark(), true);
  // The claim is that thread's still.
  assert.throws(() => runtime.adopt(handle), twoOwners);
});

// ==== exhaustion ====

test("Runtime.parker() throws when all are taken, until one is released", () => {
  using runtime = Runtime.create({ parkers: 5 });
  const parkers = Array.from({ length: 5 }, () => runtime.parker());
  const addresses = new Set(parkers.map(({ handle }) => handle.address));
  assert.equal(addresses.size, 5);
  for (let round = 0; round < 20; round++) {
    assert.throws(() => runtime.parker(), exhausted);
    const place = round % 5;
    parkers[place]!.release();
    parkers[place] = runtime.parker();
  }
  assert.throws(() => runtime.parker(), exhausted);
  assert.deepEqual(
    new Set(parkers.map(({ handle }) => handle.address)),
    addresses,
  );
  for (const parker of parkers) {
    runtime.unparker(parker.handle).unpark();
    assert.equal(parker.park(), "unparked");
  }
});

test("Runtime.timer() throws when all are taken, until one is released", () => {
  using runtime = Runtime.create({ timers: 3 });
  const { handle } = runtime.parker();
  const timers = Array.from({ length: 3 }, () => runtime.timer(handle));
  assert.throws(() => runtime.timer(handle), exhausted);
  timers[1]!.release();
  const timer = runtime.timer(handle);
  assert.equal(timer.handle.address, timers[1]!.handle.address);
  assert.notEqual(timer.handle.claim, timers[1]!.handle.claim);
  assert.throws(() => runtime.timer(handle), exhausted);
});

test("Runtime.mutex() and condvar() throw when all locks are taken", () => {
  using runtime = Runtime.create({ locks: 2 });
  const mutex = runtime.mutex();
  const condvar = runtime.condvar();
  assert.throws(() => runtime.mutex(), exhausted);
  assert.throws(() => runtime.condvar(), exhausted);
  mutex.release();
  // A record may serve as the other kind next, and its handles know.
  const second = runtime.condvar();
  assert.equal(second.handle.address, mutex.handle.address);
  assert.throws(() => runtime.attachMutex(mutex.handle), stale);
  assert.throws(() => runtime.mutex(), exhausted);
  condvar.release();
  assert.ok(runtime.mutex().tryLock());
});

test("Runtime.create() with no locks and no timers has parkers", () => {
  using runtime = Runtime.create({ parkers: 1, locks: 0, timers: 0 });
  assert.throws(() => runtime.mutex(), exhausted);
  assert.throws(() => runtime.condvar(), exhausted);
  const parker = runtime.parker();
  assert.throws(() => runtime.timer(parker.handle), exhausted);
  assert.equal(parker.parkTimeout(1), "timed-out");
});

// ==== claims by many threads ====

test("no two threads ever claim the same parker", async () => {
  const rounds = 20_000;
  using runtime = Runtime.create({ parkers: 2 * THREADS });
  // As many as they hold: whoever claims finds one, whatever the others do.
  const holders = sharedWords(1024);
  const gate = sharedWords(1);
  const args = { rounds, holders, gate, threads: THREADS };
  const threads = Array.from(
    { length: THREADS },
    () => run(runtime, BODIES, "claimAndRelease", args),
  );
  const claims = await join(...threads) as Float64Array[];
  const all = new Set(claims.flatMap((part) => [...part]));
  assert.equal(all.size, 2 * THREADS * rounds);
  // None was lost.
  for (let place = 0; place < 2 * THREADS; place++) {
    assertParks(runtime, runtime.parker());
  }
  assert.throws(() => runtime.parker(), exhausted);
});

test("threads that claim at the same time get every parker once", async () => {
  const parkers = 8000;
  using runtime = Runtime.create({ parkers });
  const args = { gate: sharedWords(1), threads: THREADS };
  const threads = Array.from(
    { length: THREADS },
    () => run(runtime, BODIES, "claimAll", args),
  );
  const claims = await join(...threads) as number[][];
  assert.equal(claims.flat().length, parkers);
  assert.equal(new Set(claims.flat()).size, parkers);
  assert.throws(() => runtime.parker(), exhausted);
});

// An unparker reads the word, the parker is released and claimed anew, and then
// the unparker writes: a token for somebody who never gave away a handle.
test("Unparker.unpark() of a stale handle never reaches the next claim", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const first = runtime.parker();
  const words = sharedWords(4);
  Atomics.store(words, CLAIM, first.handle.claim);
  const args = { handle: first.handle, words };
  const threads = [
    run(runtime, BODIES, "unparkLatest", args),
    run(runtime, BODIES, "unparkLatest", args),
  ];
  const seen = (place: number) => Atomics.load(words, place);
  await until(() => seen(HITS) > 0);
  first.release();
  let tokens = 0;
  let rounds = 0;
  try {
    while (rounds < 2000 || seen(HITS) < 500 || seen(MISSES) < 500) {
      rounds++;
      const known = runtime.parker();
      Atomics.store(words, CLAIM, known.handle.claim);
      for (let pauses = rounds % 64; pauses > 0; pauses--) Atomics.pause?.();
      known.release();
      const secret = runtime.parker();
      // In turn: a look at the word, and a sleep.
      const result = secret.parkTimeout(rounds % 2 ? 0.001 : 0.05);
      if (result !== "timed-out") tokens++;
      secret.release();
    }
  } finally {
    Atomics.store(words, STOP, 1);
  }
  await join(...threads);
  assert.equal(tokens, 0);
});

// ==== moves between threads ====

test("Parker.detach() leaves the parker to Runtime.adopt()", () => {
  using runtime = Runtime.create({ parkers: 1 });
  using other = Runtime.attach(runtime.handle);
  const first = runtime.parker();
  const handle = first.detach();
  assert.deepEqual(handle, first.handle);
  // It keeps its place while nobody owns it.
  assert.throws(() => runtime.parker(), exhausted);
  const second = other.adopt(handle);
  assert.deepEqual(second.handle, handle);
  assert.equal(runtime.unparker(handle).unpark(), true);
  assert.equal(second.park(), "unparked");
  second.release();
  assert.throws(() => runtime.adopt(handle), stale);
  runtime.parker();
});

test("Parker.detach() keeps the token, and those that come before adopt()", () => {
  using runtime = Runtime.create({ parkers: 2 });
  const before = runtime.parker();
  runtime.unparker(before.handle).unpark();
  const adopted = runtime.adopt(before.detach());
  assert.equal(take(adopted), true);
  const handle = adopted.detach();
  assert.equal(runtime.unparker(handle).unpark(), true);
  assert.equal(take(runtime.adopt(handle)), true);
});

test("Parker.release() of a parker that was detached does nothing", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const first = runtime.parker();
  const handle = first.detach();
  first.release();
  first[Symbol.dispose]();
  const second = runtime.adopt(handle);
  first.release();
  assert.equal(runtime.unparker(handle).unpark(), true);
  assert.equal(second.park(), "unparked");
});

test("Runtime.adopt() takes hooks of its own", () => {
  using runtime = Runtime.create();
  const calls: string[] = [];
  const first = runtime.parker({ beforePark: () => calls.push("first") });
  assert.equal(first.parkTimeout(1), "timed-out");
  const second = runtime.adopt(first.detach(), {
    beforePark: () => calls.push("second"),
  });
  assert.equal(second.parkTimeout(1), "timed-out");
  assert.deepEqual(calls, ["first", "second"]);
});

test("a parker moves from thread to thread with its token and its counts", async () => {
  const moves = 3;
  using runtime = Runtime.create({ parkers: 2 });
  const handle = runtime.parker().detach();
  const unparker = runtime.unparker(handle);
  for (let move = 0; move < moves; move++) {
    unparker.unpark();
    const thread = run(runtime, BODIES, "relay", handle);
    await until(() => runtime.counters(handle).parks > move);
    unparker.unpark();
    const [relayed] = await join(thread) as [Relayed];
    assert.deepEqual(relayed, {
      stored: "unparked",
      waited: "unparked",
      handle,
    });
  }
  const parker = runtime.adopt(handle);
  assert.equal(take(parker), false);
  const { parks, unparks, timeouts } = parker.counters;
  assert.deepEqual({ parks, unparks, timeouts }, {
    parks: moves + 1,
    unparks: moves,
    timeouts: 1,
  });
});

test("Runtime.adopt() lets one of many threads have the parker", async () => {
  const parkers = 1000;
  using runtime = Runtime.create({ parkers });
  const handles = Array.from({ length: parkers }, () => {
    const handle = runtime.parker().detach();
    runtime.unparker(handle).unpark();
    return handle;
  });
  const args = { handles, gate: sharedWords(1), threads: THREADS };
  const threads = Array.from(
    { length: THREADS },
    () => run(runtime, BODIES, "adoptAll", args),
  );
  const adopted = (await join(...threads) as Adopted[][]).flat();
  assert.deepEqual(
    adopted.sort((a, b) => a.place - b.place),
    handles.map((_, place) => ({ place, result: "unparked" })),
  );
});

// A thread checks the handle, the thread that has adopted the parker releases
// it, and then the first one becomes the owner of a free parker. Whoever claims
// that record next does not own it: nobody can adopt it any more.
test("Runtime.adopt() that races release() leaves the record usable", () => {
  for (let read = 1; read <= 8; read++) {
    using runtime = Runtime.create({ parkers: 1 });
    using other = Runtime.attach(runtime.handle);
    const parker = runtime.parker();
    const { kind, runtime: id, address, claim } = parker.handle;
    let reads = 0;
    const handle: ParkerHandle = {
      kind,
      runtime: id,
      claim,
      get address() {
        if (++reads === read) parker.release();
        return address;
      },
    };
    try {
      other.adopt(handle).release();
    } catch {
      // Stale, or released: it came too late.
    }
    parker.release();
    const next = runtime.parker();
    const moved = other.adopt(next.detach());
    assert.equal(runtime.unparker(moved.handle).unpark(), true);
    assert.equal(moved.park(), "unparked", `on read ${read}`);
  }
});
