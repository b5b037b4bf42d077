// Handles of parkers, timers and locks that are foreign, stale, or made up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Handle, type HandleKind, Runtime } from "../../mod.ts";
import {
  assertRefused,
  assertRuns,
  error,
  NO_OBJECTS,
  show,
} from "./expected.ts";

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
