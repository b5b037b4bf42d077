// What is refused, with which error, and that nothing is broken after it.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as layby from "../mod.ts";
import {
  type Handle,
  type HandleKind,
  LaybyError,
  type LaybyErrorCode,
  type Parker,
  type ParkerOptions,
  Runtime,
  type RuntimeHandle,
  type RuntimeOptions,
} from "../mod.ts";
import {
  CONFLICT,
  DRIVER,
  LAYOUT_VERSION,
  RING,
  UNPARKED,
} from "../src/core/core.generated.ts";
import { fallbackHost } from "../src/hosts/fallback.ts";
import { coreOf, createDriven, doorbellOf } from "./cores.ts";
import { join } from "./join.ts";
import { isParked, run, settled, untilParked } from "./threads.ts";

const BODIES = new URL("./bad_input_bodies.ts", import.meta.url);

/** The codes that only pools throw: tests/pool/ provokes those. */
type PoolCode =
  | "crash-loop"
  | "queue-full"
  | "system"
  | "task-module"
  | "timed-out"
  | "uncloneable"
  | "unknown-task"
  | "worker-crashed";

type Code =
  | Exclude<LaybyErrorCode, PoolCode>
  | "invalid-type"
  | "out-of-range";

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

/** The class of each other code. The type asks for all of them. */
const CLASSES: Record<Code, string> = {
  "cannot-block": "CannotBlockError",
  "exhausted": "ExhaustedError",
  "foreign-handle": "ForeignHandleError",
  "in-use": "InUseError",
  "invalid-layout": "LayoutError",
  "invalid-type": "ArgumentTypeError",
  "not-owner": "NotOwnerError",
  "out-of-range": "ArgumentRangeError",
  "released": "ReleasedError",
  "shutdown": "ShutdownError",
  "stale-handle": "StaleHandleError",
  "two-owners": "TwoOwnersError",
  "unsupported": "UnsupportedError",
  "unwakeable": "UnwakeableError",
};

/** What an error of this code is to look like. */
function error(code: Code, message: RegExp) {
  return { name: CLASSES[code], code, message };
}

function show(value: unknown): string {
  return `${typeof value} ${String(value)}`;
}

/** Asserts that each of the values is refused with this error. */
function assertRefused(
  call: (value: never) => unknown,
  values: readonly unknown[],
  expected: ReturnType<typeof error>,
): void {
  for (const value of values) {
    assert.throws(() => {
      call(value as never);
      throw new Error(`It took ${show(value)}`);
    }, expected);
  }
}

async function assertRejected(
  call: (value: never) => Promise<unknown>,
  values: readonly unknown[],
  expected: ReturnType<typeof error>,
): Promise<void> {
  for (const value of values) {
    await assert.rejects(async () => {
      await call(value as never);
      throw new Error(`It took ${show(value)}`);
    }, expected);
  }
}

/** Asserts that the parker does what parkers do. */
function assertParks(runtime: Runtime, parker: Parker): void {
  assert.equal(runtime.unparker(parker.handle).unpark(), true);
  assert.equal(parker.park(), "unparked");
  assert.equal(parker.parkTimeout(0.1), "timed-out");
}

/** Asserts that the runtime does what runtimes do. */
function assertRuns(runtime: Runtime): void {
  using parker = runtime.parker();
  assertParks(runtime, parker);
  using timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now());
  // Its own timer: it has the token, and has served the driver for it.
  assert.equal(parker.park(), "unparked");
  using mutex = runtime.mutex();
  {
    using _guard = mutex.lock();
    using condvar = runtime.condvar();
    condvar.notifyAll();
    assert.equal(condvar.waitTimeout(mutex, 0), false);
  }
  assert.ok(mutex.tryLock());
  mutex.unlock();
}

const NO_NUMBERS = [null, "", "1", true, {}, [1], 1n, Symbol("1"), () => 1];
const NO_OBJECTS = [null, 0, "", "{}", true, [], 1n, Symbol("{}"), () => ({})];
const NO_FUNCTIONS = [null, 0, "", "f", true, {}, [], 1n, Symbol("f")];
const NO_STRINGS = [null, 0, true, {}, [], 1n, Symbol("time"), () => "time"];
const NEGATIVE = [-1, -1e-9, -1e300, -Infinity, -Number.MAX_SAFE_INTEGER];

// ==== the errors ====

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
    assert.match(thrown.stack ?? "", /bad_input_test/);
    const parent = {
      "invalid-type": TypeError,
      "out-of-range": RangeError,
    }[code as string] ?? LaybyError;
    assert.ok(thrown instanceof parent);
  });
}

// ==== numbers ====

/** Asserts that what is no timeout is refused. */
function assertTakesTimeout(call: (timeout: number) => unknown): void {
  assertRefused(
    call,
    [undefined, ...NO_NUMBERS],
    error("invalid-type", /timeout must be a number: current value is ./),
  );
  assertRefused(
    call,
    [NaN],
    error("out-of-range", /timeout must be a number: current value is NaN/),
  );
  assertRefused(
    call,
    NEGATIVE,
    error("out-of-range", /timeout must be >= 0 ms: current value is -/),
  );
}

test("what is refused is told as one writes it", () => {
  const parker = Runtime.create().parker();
  const shown: [unknown, string][] = [
    [1n, "1n"],
    ["1", '"1"'],
    [() => {}, "a function"],
    [Object.create(null), "an object"],
  ];
  for (const [value, text] of shown) {
    assert.throws(() => parker.parkTimeout(value as number), {
      message:
        `Cannot park as timeout must be a number: current value is ${text}`,
    });
  }
});

test("Parker.parkTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (timeout: number) => parker.parkTimeout(timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 1e-300, 0.001]) {
    assert.equal(call(timeout), "timed-out", `${timeout}`);
  }
  assertParks(runtime, parker);
});

test("Parker.parkDeadline() takes any number but NaN", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (deadline: number) => parker.parkDeadline(deadline);
  assertRefused(
    call,
    [undefined, ...NO_NUMBERS],
    error("invalid-type", /deadline must be a number: current value is ./),
  );
  assertRefused(
    call,
    [NaN],
    error("out-of-range", /deadline must be a number: current value is NaN/),
  );
  for (const deadline of [0, -0, 5e-324, 1, ...NEGATIVE]) {
    assert.equal(call(deadline), "timed-out", `${deadline}`);
  }
  assertParks(runtime, parker);
});

test("Parker.parkAsync() takes a timeout of 0 or more", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const call = (timeout: number) => parker.parkAsync({ timeout });
  await assertRejected(
    call,
    NO_NUMBERS,
    error("invalid-type", /timeout must be a number: current value is ./),
  );
  await assertRejected(
    call,
    [NaN],
    error("out-of-range", /timeout must be a number: current value is NaN/),
  );
  await assertRejected(
    call,
    NEGATIVE,
    error("out-of-range", /timeout must be >= 0 ms: current value is -/),
  );
  for (const timeout of [0, -0, 5e-324, 1e-300, 0.001]) {
    assert.equal(await call(timeout), "timed-out", `${timeout}`);
  }
  const huge = [1e300, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity];
  for (const timeout of [...huge, undefined]) {
    const parked = parker.parkAsync({ timeout } as { timeout: number });
    runtime.unparker(parker.handle).unpark();
    assert.equal(await parked, "unparked", `${timeout}`);
  }
  assertParks(runtime, parker);
});

test("Timer.schedule() takes a finite deadline", () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  const call = (deadline: number) => timer.schedule(deadline);
  assertRefused(
    call,
    [undefined, ...NO_NUMBERS],
    error("invalid-type", /deadline must be a number: current value is ./),
  );
  assertRefused(
    call,
    [NaN],
    error("out-of-range", /deadline must be a number: current value is NaN/),
  );
  assertRefused(
    call,
    [Infinity, -Infinity],
    error("out-of-range", /must be finite.+cancel\(\) the timer instead/),
  );
  assert.equal(timer.state, "idle");
  for (const deadline of [0, -0, 5e-324, -1, -1e300, -Number.MAX_VALUE]) {
    call(deadline);
    assert.equal(parker.park(), "unparked", `${deadline}`);
    assert.equal(timer.state, "fired", `${deadline}`);
  }
  for (const deadline of [2 ** 53, 1e15, 1e18, 1e300, Number.MAX_VALUE]) {
    call(deadline);
    assert.equal(parker.parkTimeout(1), "timed-out", `${deadline}`);
    assert.equal(timer.state, "armed", `${deadline}`);
    assert.equal(timer.cancel(), true, `${deadline}`);
  }
  assertRuns(runtime);
});

test("Mutex.lockTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  const call = (timeout: number) => mutex.lockTimeout(timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 1, 1e300, Infinity]) {
    assert.ok(call(timeout), `${timeout}`);
    mutex.unlock();
  }
  assertRuns(runtime);
});

test("Condvar.waitTimeout() takes a timeout of 0 or more", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  mutex.lock();
  const call = (timeout: number) => condvar.waitTimeout(mutex, timeout);
  assertTakesTimeout(call);
  for (const timeout of [0, -0, 5e-324, 0.01]) call(timeout);
  // It is still held, and nobody waits.
  mutex.unlock();
  condvar.release();
  assertRuns(runtime);
});

const CAPACITIES = [
  { name: "parkers", low: 1, high: 16_384 },
  { name: "locks", low: 0, high: 65_536 },
  { name: "timers", low: 0, high: 16_777_216 },
];

for (const { name, low, high } of CAPACITIES) {
  test(`Runtime.create() takes ${low} to ${high} ${name}`, () => {
    const call = (count: number) => Runtime.create({ [name]: count });
    assertRefused(
      call,
      NO_NUMBERS,
      error(
        "invalid-type",
        new RegExp(`${name} must be a number: current value is .`),
      ),
    );
    assertRefused(
      call,
      [NaN],
      error(
        "out-of-range",
        new RegExp(`${name} must be a number: current value is NaN`),
      ),
    );
    assertRefused(
      call,
      [
        ...[low - 1, low + 0.5, high + 1, high - 0.5, 2 ** 32 + low],
        ...[1e300, Number.MAX_SAFE_INTEGER, Infinity, 5e-324, ...NEGATIVE],
      ],
      error(
        "out-of-range",
        new RegExp(
          `${name} must be a whole number from ${low} to ${high}: ` +
            "current value is .",
        ),
      ),
    );
    using least = call(low);
    assertParks(least, least.parker());
    using standard = Runtime.create(
      { [name]: undefined } as unknown as RuntimeOptions,
    );
    assertRuns(standard);
  });
}

test("Runtime.create() takes 0 written as -0", () => {
  using runtime = Runtime.create({ locks: -0, timers: -0 });
  assertParks(runtime, runtime.parker());
});

test("Runtime.create() makes the largest runtime that it takes", () => {
  using runtime = Runtime.create({
    parkers: 16_384,
    locks: 65_536,
    timers: 16_777_216,
  });
  assertRuns(runtime);
});

// ==== options ====

test("options must be objects", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const expected = error(
    "invalid-type",
    /options must be an object: current value is ./,
  );
  assertRefused((it) => Runtime.create(it), NO_OBJECTS, expected);
  assertRefused(
    (it) => Runtime.attach(runtime.handle, it),
    NO_OBJECTS,
    expected,
  );
  assertRefused((it) => runtime.parker(it), NO_OBJECTS, expected);
  const handle = parker.detach();
  assertRefused((it) => runtime.adopt(handle, it), NO_OBJECTS, expected);
  // A refused adoption has not happened.
  const adopted = runtime.adopt(handle);
  await assertRejected((it) => adopted.parkAsync(it), NO_OBJECTS, expected);
  assertParks(runtime, adopted);
});

test("Runtime.create() takes a driver by its name", () => {
  const call = (driver: "time") => Runtime.create({ driver });
  const message =
    /driver must be "time" or "event-loop" or "epoll" or "kqueue": current value is ./;
  assertRefused(call, NO_STRINGS, error("invalid-type", message));
  assertRefused(
    call,
    ["", "Time", "Epoll", "toString", "0"],
    error("out-of-range", message),
  );
});

test("Runtime.create() takes a wait by its name", () => {
  const call = (wait: "wasm") => Runtime.create({ wait });
  const message = /wait must be "wasm" or "futex": current value is ./;
  assertRefused(call, NO_STRINGS, error("invalid-type", message));
  assertRefused(
    call,
    ["", "WASM", "spin", "toString", "0"],
    error("out-of-range", message),
  );
});

test("Runtime.create() takes blocking as a boolean", () => {
  const values = [null, 0, 1, "", "false", {}, [], 1n, Symbol("true"), NaN];
  const expected = error(
    "invalid-type",
    /blocking must be a boolean: current value is ./,
  );
  assertRefused(
    (blocking) => Runtime.create({ blocking }),
    values,
    expected,
  );
  using runtime = Runtime.create();
  assertRefused(
    (blocking) => Runtime.attach(runtime.handle, { blocking }),
    values,
    expected,
  );
  assertRuns(runtime);
});

test("Runtime.create() takes a module that is a module", () => {
  assertRefused(
    (module) => Runtime.create({ module }),
    [...NO_OBJECTS, {}, new Uint8Array(8)],
    error("invalid-type", /module must be a WebAssembly\.Module/),
  );
});

test("Runtime.create() with wait: futex works or says what it needs", () => {
  let runtime: Runtime;
  try {
    runtime = Runtime.create({ wait: "futex" });
  } catch (thrown) {
    assert.throws(
      () => {
        throw thrown;
      },
      error("unsupported", /^Cannot wait in a "futex" as it needs ./),
    );
    return;
  }
  using it = runtime;
  assertRuns(it);
});

for (const hook of ["beforePark", "afterUnpark"] as const) {
  test(`Runtime.parker() takes ${hook} as a function`, () => {
    using runtime = Runtime.create({ parkers: 2 });
    const expected = error(
      "invalid-type",
      new RegExp(`${hook} must be a function: current value is .`),
    );
    assertRefused(
      (value) => runtime.parker({ [hook]: value }),
      NO_FUNCTIONS,
      expected,
    );
    const handle = runtime.parker().detach();
    assertRefused(
      (value) => runtime.adopt(handle, { [hook]: value }),
      NO_FUNCTIONS,
      expected,
    );
    // Nothing was claimed on the way.
    const none: ParkerOptions = { [hook]: undefined };
    assertParks(runtime, runtime.adopt(handle, none));
    assertParks(runtime, runtime.parker(none));
  });
}

test("Parker.parkAsync() takes a signal that is an AbortSignal", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  await assertRejected(
    (signal) => parker.parkAsync({ signal }),
    [...NO_OBJECTS, {}, new AbortController(), new EventTarget()],
    error("invalid-type", /signal must be an AbortSignal/),
  );
  assertParks(runtime, parker);
});

// ==== handles ====

/** Everything that takes a handle, and how to come by a good one. */
const TAKERS: {
  name: string;
  kind: HandleKind;
  make(runtime: Runtime): { handle: Handle<HandleKind>; release(): void };
  take(runtime: Runtime, handle: never): unknown;
}[] = [
  {
    name: "Runtime.unparker()",
    kind: "parker",
    make: (runtime) => runtime.parker(),
    take: (runtime, handle) => runtime.unparker(handle),
  },
  {
    name: "Runtime.counters()",
    kind: "parker",
    make: (runtime) => runtime.parker(),
    take: (runtime, handle) => runtime.counters(handle),
  },
  {
    name: "Runtime.timer()",
    kind: "parker",
    make: (runtime) => runtime.parker(),
    take: (runtime, handle) => runtime.timer(handle),
  },
  {
    name: "Runtime.adopt()",
    kind: "parker",
    make: (runtime) => {
      const parker = runtime.parker();
      const handle = parker.detach();
      const release = () => runtime.adopt(handle).release();
      return { handle, release };
    },
    take: (runtime, handle) => {
      // Only to look: what was adopted is left to others again.
      runtime.adopt(handle).detach();
    },
  },
  {
    name: "Runtime.attachTimer()",
    kind: "timer",
    make: (runtime) => runtime.timer(runtime.parker().handle),
    take: (runtime, handle) => runtime.attachTimer(handle),
  },
  {
    name: "Runtime.attachMutex()",
    kind: "mutex",
    make: (runtime) => runtime.mutex(),
    take: (runtime, handle) => runtime.attachMutex(handle),
  },
  {
    name: "Runtime.attachCondvar()",
    kind: "condvar",
    make: (runtime) => runtime.condvar(),
    take: (runtime, handle) => runtime.attachCondvar(handle),
  },
];

/** A handle of each kind. */
function oneOfEach(runtime: Runtime): Handle<HandleKind>[] {
  const parker = runtime.parker();
  return [
    parker.handle,
    runtime.timer(parker.handle).handle,
    runtime.mutex().handle,
    runtime.condvar().handle,
  ];
}

for (const { name, kind, make, take } of TAKERS) {
  test(`${name} refuses what is no handle of a ${kind}`, () => {
    using runtime = Runtime.create();
    const { handle } = make(runtime);
    const call = (value: never) => take(runtime, value);
    assertRefused(
      call,
      [undefined, ...NO_OBJECTS],
      error("invalid-type", /must be an object: current value is ./),
    );
    const pass = new RegExp(`: pass the handle of a ${kind}`);
    assertRefused(
      call,
      [
        {},
        runtime,
        runtime.handle,
        { ...handle, kind: undefined },
        { ...handle, kind: "" },
        ...oneOfEach(runtime).filter((it) => it.kind !== kind),
      ],
      error("invalid-type", pass),
    );
    take(runtime, handle as never);
    assertRuns(runtime);
  });

  test(`${name} refuses a handle of another runtime`, () => {
    using runtime = Runtime.create();
    using other = Runtime.create();
    const { handle } = make(runtime);
    const foreign = error(
      "foreign-handle",
      /belongs to another runtime: attach to that runtime's handle first/,
    );
    assertRefused(
      (value) => take(runtime, value),
      [
        make(other).handle,
        { ...handle, runtime: undefined },
        { ...handle, runtime: `${handle.runtime}` },
        { ...handle, runtime: handle.runtime + 2 ** 32 },
        { ...handle, runtime: NaN },
        { kind },
      ],
      foreign,
    );
    take(runtime, handle as never);
    assertRuns(runtime);
  });

  test(`${name} refuses a handle that is stale`, () => {
    using runtime = Runtime.create();
    const made = make(runtime);
    const { handle } = made;
    take(runtime, handle as never);
    made.release();
    const stale = error(
      "stale-handle",
      new RegExp(
        `its ${kind} was released: ask the ${kind}'s owner for the handle`,
      ),
    );
    assertRefused((value) => take(runtime, value), [handle], stale);
    // Nor is it good for the next one in its place.
    const next = make(runtime);
    assertRefused((value) => take(runtime, value), [handle], stale);
    take(runtime, next.handle as never);
    assertRuns(runtime);
  });

  test(`${name} refuses a handle that was made up`, () => {
    using runtime = Runtime.create({ parkers: 4, locks: 4, timers: 4 });
    const { handle } = make(runtime);
    const { address, claim } = handle;
    const { byteLength } = runtime.handle.memory.buffer;
    const never = { ...handle, address: address + 2 * 256 };
    const addresses = [
      ...[address + 1, address + 4, address - 4, address + 0.5, address + 64],
      ...[0, -0, 4, 128, 384, -address, -1, -256, byteLength, byteLength - 256],
      ...[address + 2 ** 32, address - 2 ** 32, 2 ** 31, 1e300, -1e300],
      ...[NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER],
    ].filter((it) => it !== never.address);
    const claims = [
      ...[claim + 1, claim - 1, claim + 4, claim + 8, claim + 0.5, -claim],
      ...[0, -0, -1, 2 ** 31, 1e300, NaN, Infinity, Number.MAX_SAFE_INTEGER],
    ];
    const expected = error("stale-handle", /: ask the .+ for the handle of/);
    assertRefused(
      (value) => take(runtime, value),
      [
        ...addresses.map((it) => ({ ...handle, address: it })),
        ...claims.map((it) => ({ ...handle, claim: it })),
        { ...handle, address: 0, claim: 0 },
        never,
        { ...never, claim: 0 },
      ],
      expected,
    );
    take(runtime, handle as never);
    assertRuns(runtime);
  });

  test(`${name} refuses a handle whose fields are no numbers`, () => {
    using runtime = Runtime.create();
    const { handle } = make(runtime);
    const { address, claim } = handle;
    const odd = (good: number) => [
      ...[undefined, null, true, {}, [], () => good, Symbol("address")],
      ...[`${good}`, BigInt(good), [good], { valueOf: () => good }],
    ];
    const forged = [
      ...odd(address).map((it) => ({ ...handle, address: it })),
      ...odd(claim).map((it) => ({ ...handle, claim: it })),
    ];
    for (const value of forged) {
      assert.throws(
        () => take(runtime, value as never),
        ({ code }) => code === "stale-handle" || code === "invalid-type",
        `${show(value.address)}, ${show(value.claim)}`,
      );
    }
    take(runtime, handle as never);
    assertRuns(runtime);
  });

  test(`${name} refuses a claim that is another one modulo 2^32`, () => {
    using runtime = Runtime.create();
    const { handle } = make(runtime);
    assertRefused(
      (value) => take(runtime, value),
      [
        { ...handle, claim: handle.claim + 2 ** 32 },
        { ...handle, claim: handle.claim - 2 ** 32 },
      ],
      error("stale-handle", /: ask the .+ for the handle of/),
    );
  });

  test(`${name} refuses another kind's handle under its own kind`, () => {
    using runtime = Runtime.create();
    const others = oneOfEach(runtime).filter((it) => it.kind !== kind);
    for (const other of others) {
      assert.throws(
        () => take(runtime, { ...other, kind } as never),
        ({ code }) => code === "stale-handle" || code === "invalid-type",
        `a ${other.kind}'s`,
      );
    }
    assertRuns(runtime);
  });
}

// ==== runtime handles ====

test("Runtime.attach() refuses what is no object", () => {
  assertRefused(
    (handle) => Runtime.attach(handle),
    [undefined, ...NO_OBJECTS],
    error("invalid-type", /handle must be an object: current value is ./),
  );
});

const sameVersion = error("invalid-layout", /: load the same version/);

test("Runtime.attach() refuses a handle of another layout version", () => {
  using runtime = Runtime.create();
  const { handle } = runtime;
  const versions = [
    ...[LAYOUT_VERSION + 1, LAYOUT_VERSION - 1, -LAYOUT_VERSION, 0, 1e300, NaN],
    ...[undefined, null, `${LAYOUT_VERSION}`, BigInt(LAYOUT_VERSION), {}],
  ];
  assertRefused(
    (it) => Runtime.attach(it),
    [{}, ...versions.map((layby) => ({ ...handle, layby }))],
    sameVersion,
  );
  assertRuns(Runtime.attach(handle));
});

test("Runtime.attach() refuses a memory of another layout version", () => {
  using runtime = Runtime.create();
  const words = new Int32Array(runtime.handle.memory.buffer);
  for (const version of [LAYOUT_VERSION + 1, 0, -1, LAYOUT_VERSION << 8]) {
    words[1] = version;
    assertRefused(
      (it) => Runtime.attach(it),
      [runtime.handle],
      error(
        "invalid-layout",
        new RegExp(`layout ${version} .+ layout ${LAYOUT_VERSION}: load`),
      ),
    );
  }
  words[1] = LAYOUT_VERSION;
  assertRuns(Runtime.attach(runtime.handle));
});

/** The pages that a memory of so many bytes has. */
function memoryOf(pages: number, shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
}

/** A memory that begins like the one of a runtime. */
function forgeMemory(
  from: RuntimeHandle,
  pages: number,
  shared: boolean,
): WebAssembly.Memory {
  const memory = memoryOf(pages, shared);
  const header = new Int32Array(from.memory.buffer).subarray(0, 64);
  new Int32Array(memory.buffer).set(header);
  return memory;
}

const FOREIGN: Record<string, (from: RuntimeHandle) => WebAssembly.Memory> = {
  "that nobody wrote": () => memoryOf(4, true),
  "that others wrote": () => {
    const memory = memoryOf(4, true);
    new Uint8Array(memory.buffer).fill(0x5a);
    return memory;
  },
  "of no page": () => memoryOf(0, true),
  "that is not shared": () => memoryOf(4, false),
  "that is a copy, and not shared": (from) => forgeMemory(from, 4, false),
  "that is shorter than it says": (from) => forgeMemory(from, 1, true),
};

for (const [which, make] of Object.entries(FOREIGN)) {
  test(`Runtime.attach() refuses a memory ${which}`, () => {
    using runtime = Runtime.create();
    const { handle } = runtime;
    assertRefused(
      (it) => Runtime.attach(it),
      [{ ...handle, memory: make(handle) }],
      sameVersion,
    );
    assertRuns(Runtime.attach(handle));
  });
}

test("Runtime.attach() refuses a handle with a part missing", () => {
  using runtime = Runtime.create();
  const { handle } = runtime;
  const { layby, module, memory } = handle;
  const odd = [undefined, null, 0, "", {}, [], 1n, Symbol("module"), () => {}];
  assertRefused(
    (it) => Runtime.attach(it),
    [
      { layby },
      { layby, module },
      { layby, memory },
      { layby, module: memory, memory: module },
      { layby, module, memory: memory.buffer },
      ...odd.map((it) => ({ ...handle, module: it })),
      ...odd.map((it) => ({ ...handle, memory: it })),
    ],
    error("invalid-layout", /Runtime\.handle/),
  );
  assertRuns(Runtime.attach(handle));
});

// The least that is a module: it imports and exports nothing.
const EMPTY_WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

test("a module that is no core of layby's is refused", () => {
  const module = new WebAssembly.Module(EMPTY_WASM);
  using runtime = Runtime.create();
  assertRefused(
    (it) => Runtime.attach(it),
    [{ ...runtime.handle, module }],
    sameVersion,
  );
  assert.throws(
    () => Runtime.create({ module }),
    ({ code }) => code === "invalid-layout" || code === "invalid-type",
  );
  assertRuns(runtime);
});

// ==== modules of threads ====

test("Runtime.spawn() takes a URL", () => {
  using runtime = Runtime.create();
  assertRefused(
    (module) => runtime.spawn(module),
    [
      ...[undefined, null, 0, true, {}, [], 1n, () => {}],
      ...["", "./threads.ts", "threads", "/threads.ts", "//host/threads.ts"],
    ],
    error("invalid-type", /module must be a URL: pass new URL\(path, import/),
  );
  assertRuns(runtime);
});

test("Runtime.spawn() takes no symbol", () => {
  using runtime = Runtime.create();
  assertRefused(
    (module) => runtime.spawn(module),
    [Symbol("file:///threads.ts")],
    error("invalid-type", /module must be a URL: pass new URL\(path, import/),
  );
});

test("Runtime.spawn() throws for data that cannot be cloned", () => {
  using runtime = Runtime.create();
  const data = [() => {}, Symbol("data"), { deep: [{ call: () => {} }] }];
  for (const it of data) {
    assert.throws(() => runtime.spawn(BODIES, it), { name: "DataCloneError" });
  }
  assertRuns(runtime);
});

// ==== parkers that are not to be parked on ====

/** Every use of a parker, but for its release. */
const USES: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(0)": (parker) => parker.parkTimeout(0),
  "parkTimeout(1)": (parker) => parker.parkTimeout(1),
  "parkTimeout(Infinity)": (parker) => parker.parkTimeout(Infinity),
  "parkDeadline(0)": (parker) => parker.parkDeadline(0),
  "parkDeadline(Infinity)": (parker) => parker.parkDeadline(Infinity),
  "parkAsync()": (parker) => parker.parkAsync(),
  "parkAsync(0)": (parker) => parker.parkAsync({ timeout: 0 }),
  "parkAsync(1)": (parker) => parker.parkAsync({ timeout: 1 }),
  "detach()": (parker) => parker.detach(),
};

/** Asserts that every use is refused, at once or by a promise. */
async function assertUnusable(
  parker: Parker,
  uses: Record<string, (parker: Parker) => unknown>,
  expected: ReturnType<typeof error>,
): Promise<void> {
  for (const [name, use] of Object.entries(uses)) {
    await assert.rejects(async () => await use(parker), expected, name);
  }
}

const released = error(
  "released",
  /^Cannot (park|detach) .+ was released: claim another from the runtime/,
);

test("a parker is of no use after release()", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  parker.release();
  await assertUnusable(parker, USES, released);
  // Nor when somebody else has claimed it, and has a token.
  const next = runtime.parker();
  runtime.unparker(next.handle).unpark();
  await assertUnusable(parker, USES, released);
  parker.release();
  assert.equal(next.park(), "unparked");
  assertParks(runtime, next);
});

test("a parker is of no use after detach()", async () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  const handle = parker.detach();
  runtime.unparker(handle).unpark();
  await assertUnusable(parker, USES, released);
  const adopted = runtime.adopt(handle);
  await assertUnusable(parker, USES, released);
  parker.release();
  assert.equal(adopted.park(), "unparked");
  assertParks(runtime, adopted);
});

test("a parker is of no use after shutdown() and release()", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  runtime.shutdown();
  assert.equal(parker.park(), "shutdown");
  parker.release();
  await assertUnusable(parker, USES, released);
});

test("Parker.counters() of a released parker are not the next one's", () => {
  using runtime = Runtime.create({ parkers: 1 });
  const parker = runtime.parker();
  parker.release();
  const next = runtime.parker();
  assert.equal(next.parkTimeout(1), "timed-out");
  let parks = 0;
  try {
    ({ parks } = parker.counters);
  } catch (thrown) {
    assert.equal((thrown as LaybyError).code, "released");
  }
  assert.equal(parks, 0);
});

for (const timeout of [Infinity, 1e6]) {
  test(`a parker is in use while parkAsync(${timeout}) is pending`, async () => {
    using runtime = Runtime.create();
    const parker = runtime.parker();
    const parked = parker.parkAsync({ timeout });
    const uses = {
      ...USES,
      "release()": (it: Parker) => it.release(),
      "[Symbol.dispose]()": (it: Parker) => it[Symbol.dispose](),
    };
    await assertUnusable(
      parker,
      uses,
      error("in-use", /is parked: unpark it and await its parkAsync\(\) first/),
    );
    assert.ok(isParked(runtime, parker.handle));
    // Nor may others take the token from under it.
    runtime.unparker(parker.handle).unpark();
    assert.throws(() => parker.park(), { code: "in-use" });
    assert.equal(await parked, "unparked");
    assertParks(runtime, parker);
    parker.release();
  });
}

test("a parker may be used when its parkAsync() has failed", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  const controller = new AbortController();
  const parked = parker.parkAsync({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(parked, { message: "enough" });
  assertParks(runtime, parker);
  await assert.rejects(parker.parkAsync({ signal: controller.signal }), {
    message: "enough",
  });
  assertParks(runtime, parker);
  parker.release();
});

// ==== two owners ====

const twoOwners = error(
  "two-owners",
  /: claim one for each thread, or detach\(\) it there first/,
);

test("Runtime.adopt() refuses a parker that was not detached", () => {
  using runtime = Runtime.create();
  using other = Runtime.attach(runtime.handle);
  const parker = runtime.parker();
  const { handle } = parker;
  assertRefused((it) => other.adopt(it), [handle], twoOwners);
  assertRefused((it) => runtime.adopt(it), [handle], twoOwners);
  const adopted = other.adopt(parker.detach());
  assertRefused((it) => runtime.adopt(it), [handle], twoOwners);
  assertParks(runtime, adopted);
});

/** Every use that finds out that somebody else is parked. */
const PARKS: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(1)": (parker) => parker.parkTimeout(1),
  "parkDeadline(0)": (parker) => parker.parkDeadline(0),
  "parkAsync()": (parker) => parker.parkAsync(),
  "parkAsync(1)": (parker) => parker.parkAsync({ timeout: 1 }),
  "release()": (parker) => parker.release(),
};

test("two threads that park on one parker are told apart", async () => {
  using runtime = Runtime.create({ driver: "event-loop" });
  const parker = runtime.parker();
  const intruder = run(runtime, BODIES, "intrude", parker.handle);
  await untilParked(runtime, parker.handle);
  await assertUnusable(parker, PARKS, twoOwners);
  // The one that was there first sleeps on, and wakes.
  assert.ok(isParked(runtime, parker.handle));
  runtime.unparker(parker.handle).unpark();
  assert.deepEqual(await join(intruder), [UNPARKED]);
  assertParks(runtime, parker);
  parker.release();
});

test("two threads in the driver with one parker are told apart", async () => {
  using runtime = createDriven();
  const parker = runtime.parker();
  const { address, claim } = parker.handle;
  const { exports } = coreOf(runtime);
  assert.equal(exports.parkerPark(address, claim, Infinity), DRIVER);
  await assertUnusable(parker, PARKS, twoOwners);
  // The one that was there first sleeps in the driver still, and hears its bell.
  assert.equal(exports.parkerUnpark(address, claim), RING);
  assert.equal(exports.parkerLeave(address, claim, 0, 0), UNPARKED);
  // The driver is free again, and the parker as well.
  assertRuns(runtime);
  assertParks(runtime, parker);
});

test("a thread that parks on another's parker leaves its sleep alone", async () => {
  using runtime = Runtime.create();
  const core = coreOf(runtime);
  const parker = runtime.parker();
  const parked = parker.parkAsync();
  const intruder = run(runtime, BODIES, "intrude", parker.handle);
  assert.deepEqual(await join(intruder), [CONFLICT]);
  runtime.unparker(parker.handle).unpark();
  try {
    assert.equal(await settled(parked), "unparked");
  } finally {
    // Wakes it all the same, so that the process can end.
    Atomics.add(core.words, doorbellOf(core, parker.handle), 1);
    Atomics.notify(core.words, doorbellOf(core, parker.handle));
  }
  assertRuns(runtime);
});

// ==== threads that must not block ====

test("blocking: false refuses what blocks, and nothing else", async () => {
  using runtime = Runtime.create();
  const calm = Runtime.attach(runtime.handle, { blocking: false });
  const parker = calm.parker();
  const { "park()": park, "detach()": _, ...rest } = USES;
  const blocking = Object.fromEntries(
    Object.entries({ "park()": park, ...rest })
      .filter(([name]) => !name.startsWith("parkAsync")),
  ) as typeof USES;
  await assertUnusable(
    parker,
    blocking,
    error("cannot-block", /^Cannot park .+ must not block: use parkAsync\(\)/),
  );
  assert.equal(await parker.parkAsync({ timeout: 1 }), "timed-out");
  assert.equal(await parker.parkAsync({ timeout: 0 }), "timed-out");
  // No park that finds its token blocks.
  const unparker = runtime.unparker(parker.handle);
  unparker.unpark();
  assert.equal(parker.park(), "unparked");
  unparker.unpark();
  assert.equal(parker.parkTimeout(1), "unparked");
  unparker.unpark();
  assert.equal(parker.parkDeadline(0), "unparked");
});

test("blocking: false refuses to wait for a mutex, and locks a free one", () => {
  using runtime = Runtime.create();
  const calm = Runtime.attach(runtime.handle, { blocking: false });
  const mutex = runtime.mutex();
  const condvar = runtime.condvar();
  const calmMutex = calm.attachMutex(mutex.handle);
  const calmCondvar = calm.attachCondvar(condvar.handle);
  mutex.lock();
  const message = /^Cannot lock .+ must not block: use tryLock\(\)/;
  const expected = error("cannot-block", message);
  assert.throws(() => calmMutex.lock(), expected);
  assert.throws(() => calmMutex.lockTimeout(1), expected);
  assert.throws(() => calmMutex.lockTimeout(Infinity), expected);
  assert.equal(calmMutex.lockTimeout(0), undefined);
  assert.equal(calmMutex.tryLock(), undefined);
  mutex.unlock();
  calmMutex.lock();
  const wait = error(
    "cannot-block",
    /^Cannot wait .+ must not block: use a Parker/,
  );
  assert.throws(() => calmCondvar.wait(calmMutex), wait);
  assert.throws(() => calmCondvar.waitTimeout(calmMutex, 1), wait);
  calmCondvar.notifyAll();
  calmMutex.unlock();
  // Nobody is left waiting.
  condvar.release();
  mutex.release();
  assertRuns(runtime);
});

// ==== parks that nothing can end ====

const unwakeable = error(
  "unwakeable",
  /Post runtime\.handle to a worker, arm a timer, or give a timeout/,
);

/** Every park without an end of its own. */
const ENDLESS: Record<string, (parker: Parker) => unknown> = {
  "park()": (parker) => parker.park(),
  "parkTimeout(Infinity)": (parker) => parker.parkTimeout(Infinity),
  "parkDeadline(Infinity)": (parker) => parker.parkDeadline(Infinity),
};

for (const driver of ["time", "event-loop"] as const) {
  test(`a park that nothing can end is refused: ${driver}`, async () => {
    using runtime = Runtime.create({ driver });
    const parker = runtime.parker();
    await assertUnusable(parker, ENDLESS, unwakeable);
    // It has not begun.
    assert.equal(parker.counters.parks, 0);
    assertParks(runtime, parker);
    await assertUnusable(parker, ENDLESS, unwakeable);
    // A timer can end it, if this thread fires it.
    const timer = runtime.timer(parker.handle);
    timer.schedule(runtime.now() + 1);
    if (driver === "time") assert.equal(parker.park(), "unparked");
    else await assertUnusable(parker, ENDLESS, unwakeable);
    timer.cancel();
    await assertUnusable(parker, ENDLESS, unwakeable);
    // So can shutdown, which has come.
    runtime.shutdown();
    assert.equal(parker.park(), "shutdown");
  });
}

// In a thread, since this one would hang.
test("a park that no hook ends either is refused", async () => {
  using runtime = Runtime.create();
  const thread = run(runtime, BODIES, "parkAlone");
  const refused = await settled(thread.result).catch(({ message }) => message)
    .finally(() => thread.terminate());
  assert.equal(refused, "unwakeable");
});

test("a parkAsync() is never refused: its own thread can end it", async () => {
  using runtime = Runtime.create();
  const parker = runtime.parker();
  setTimeout(() => runtime.unparker(parker.handle).unpark(), 1);
  assert.equal(await parker.parkAsync(), "unparked");
});

// ==== locks and timers ====

test("Mutex.unlock() refuses a thread that does not hold it", () => {
  using runtime = Runtime.create();
  const other = Runtime.attach(runtime.handle);
  const mutex = runtime.mutex();
  const theirs = other.attachMutex(mutex.handle);
  const expected = error("not-owner", /does not hold the mutex: lock\(\) it/);
  assert.throws(() => mutex.unlock(), expected);
  const guard = mutex.lock();
  assert.throws(() => theirs.unlock(), expected);
  assert.equal(theirs.tryLock(), undefined);
  guard.unlock();
  assert.throws(() => guard.unlock(), expected);
  assert.throws(() => guard[Symbol.dispose](), expected);
  assert.ok(theirs.tryLock());
});

test("Mutex.lock() refuses the thread that holds it", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  mutex.lock();
  const expected = error("not-owner", /holds .+ already: unlock\(\) it first/);
  assert.throws(() => mutex.lock(), expected);
  assert.throws(() => mutex.tryLock(), expected);
  assert.throws(() => mutex.lockTimeout(0), expected);
  assert.throws(() => mutex.lockTimeout(1), expected);
  mutex.unlock();
  assertRuns(runtime);
});

test("Mutex.release() refuses while a thread holds it", () => {
  using runtime = Runtime.create();
  const mutex = runtime.mutex();
  mutex.lock();
  const expected = error("in-use", /holds it: unlock\(\) it there first/);
  assert.throws(() => mutex.release(), expected);
  assert.throws(() => mutex[Symbol.dispose](), expected);
  mutex.unlock();
  mutex.release();
  mutex.release();
});

test("a mutex is of no use after release()", () => {
  using runtime = Runtime.create({ locks: 1 });
  const mutex = runtime.mutex();
  mutex.release();
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => mutex.lock(), expected);
  assert.throws(() => mutex.tryLock(), expected);
  assert.throws(() => mutex.lockTimeout(1), expected);
  // Nor when somebody else has claimed it.
  const next = runtime.mutex();
  assert.throws(() => mutex.lock(), expected);
  assert.ok(next.tryLock());
});

test("Mutex.unlock() after release() leaves the next mutex locked", () => {
  using runtime = Runtime.create({ locks: 1 });
  const mutex = runtime.mutex();
  const guard = mutex.lock();
  mutex.unlock();
  mutex.release();
  const next = runtime.mutex();
  next.lock();
  for (const unlock of [() => mutex.unlock(), () => guard.unlock()]) {
    assert.throws(
      unlock,
      ({ code }) => code === "released" || code === "not-owner",
    );
  }
  const other = Runtime.attach(runtime.handle).attachMutex(next.handle);
  assert.equal(other.tryLock(), undefined);
});

test("a condvar is of no use after release()", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  condvar.release();
  condvar.release();
  mutex.lock();
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => condvar.wait(mutex), expected);
  assert.throws(() => condvar.waitTimeout(mutex, 1), expected);
  assert.throws(() => condvar.notifyOne(), expected);
  assert.throws(() => condvar.notifyAll(), expected);
  mutex.unlock();
  assertRuns(runtime);
});

test("Condvar.wait() refuses a mutex that the thread does not hold", () => {
  using runtime = Runtime.create();
  using other = Runtime.create();
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  const notHeld = error("not-owner", /does not hold the mutex: lock\(\) it/);
  assert.throws(() => condvar.wait(mutex), notHeld);
  assert.throws(() => condvar.waitTimeout(mutex, 1), notHeld);
  const theirs = other.mutex();
  theirs.lock();
  assert.throws(
    () => condvar.wait(theirs),
    error("foreign-handle", /mutex handle .+: attach to that runtime's handle/),
  );
  // It was not unlocked for that, and nobody waits.
  theirs.unlock();
  condvar.release();
});

test("Condvar.wait() refuses what is no mutex", () => {
  using runtime = Runtime.create();
  const condvar = runtime.condvar();
  assertRefused(
    (it) => condvar.wait(it),
    [undefined, ...NO_OBJECTS, {}, condvar, runtime, condvar.handle],
    error("invalid-type", /mutex must be a/i),
  );
  // Nobody waits.
  condvar.release();
});

test("Condvar.wait() refuses a mutex that was released", () => {
  using runtime = Runtime.create({ locks: 2 });
  const condvar = runtime.condvar();
  const mutex = runtime.mutex();
  mutex.release();
  const gone = ({ code }: LaybyError) =>
    code === "released" || code === "not-owner";
  assert.throws(() => condvar.waitTimeout(mutex, 1), gone);
  // Nor is it the next one in its place.
  const next = runtime.mutex();
  next.lock();
  assert.throws(() => condvar.waitTimeout(mutex, 1), gone);
  next.unlock();
});

test("a timer is of no use after release()", () => {
  using runtime = Runtime.create({ timers: 1 });
  const parker = runtime.parker();
  const timer = runtime.timer(parker.handle);
  timer.schedule(runtime.now());
  timer.release();
  timer.release();
  assert.equal(parker.parkTimeout(1), "timed-out");
  const expected = error("released", /: claim another from the runtime/);
  assert.throws(() => timer.schedule(runtime.now()), expected);
  assert.throws(() => timer.cancel(), expected);
  // Nor when somebody else has claimed it.
  const next = runtime.timer(parker.handle);
  next.schedule(runtime.now() + 1e6);
  assert.throws(() => timer.schedule(runtime.now()), expected);
  assert.throws(() => timer.cancel(), expected);
  timer.release();
  assert.equal(next.state, "armed");
  assert.equal(next.cancel(), true);
});

test("Timer.state of a released timer is not the next one's", () => {
  using runtime = Runtime.create({ timers: 1 });
  const { handle } = runtime.parker();
  const timer = runtime.timer(handle);
  timer.release();
  const next = runtime.timer(handle);
  next.schedule(runtime.now() + 1e6);
  let state;
  try {
    state = timer.state;
  } catch (thrown) {
    assert.equal((thrown as LaybyError).code, "released");
  }
  assert.notEqual(state, "armed");
});
