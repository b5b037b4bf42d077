// What arrives of arguments, of results and of errors; and what cannot be sent.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LaybyError, UncloneableError, UnknownTaskError } from "../../mod.ts";
import { assertIdentical } from "../codec/identical.ts";
import { assertCounted, settled, start } from "./pools.ts";
import { OwnError } from "./tasks.ts";

const { pool, ...shared } = await start({ errors: { OwnError } });
after(() => shared[Symbol.asyncDispose]());

const cyclic: Record<string, unknown> = { list: [1] };
cyclic["self"] = cyclic;
(cyclic["list"] as unknown[]).push(cyclic["list"]);
const leaf = { leaf: true };
const { buffer } = new Uint8Array([9, 8, 7, 6, 5, 4, 3, 2]);

/** One of each kind, and what is odd about each. */
const VALUES: Record<string, unknown[]> = {
  "nothing": [undefined, null],
  "booleans": [true, false],
  "numbers": [
    ...[0, -0, 1, -1, 0.1, NaN, Infinity, -Infinity, 5e-324, 2 ** 53],
    ...[2 ** 31, -(2 ** 31), -(2 ** 31) - 1, Number.MAX_VALUE],
  ],
  "bigints": [0n, -1n, 2n ** 63n, -(2n ** 64n), 10n ** 400n],
  "strings": [
    ...["", "a", "\0", "é", "日本", "👋🏽", "\uFEFFa", "\ud800", "a\udfffb"],
    ...["x".repeat(80), "x".repeat(81), "é".repeat(70_000)],
  ],
  "arrays": [
    [],
    // deno-lint-ignore no-sparse-arrays
    [1, , 3],
    [[], [[]], [[[]]]],
    Array.from({ length: 5000 }, (_, i) => i),
    Object.assign([1, 2], { total: 3 }),
  ],
  "objects": [
    {},
    { a: 1, b: { c: [2, { d: "e" }] } },
    JSON.parse('{"__proto__": 1, "constructor": 2}'),
    { "": 0, "0": 1, " ": 2, undefined: undefined },
    cyclic,
    [leaf, leaf],
  ],
  "dates": [new Date(0), new Date(NaN), new Date(8.64e15)],
  "regexps": [/a+b/giu, /[\n/]/],
  "boxes": [Object(1), Object("a"), Object(true), Object(1n)],
  "maps and sets": [
    new Map(),
    new Map<unknown, unknown>([["a", new Map([[leaf, 1]])], [NaN, 0]]),
    new Set([1, "1", leaf]),
  ],
  "buffers": [
    buffer,
    new ArrayBuffer(0),
    new ArrayBuffer(4, { maxByteLength: 64 }),
    // By itself it takes only its own part along.
    [new Uint8Array(buffer, 2, 3)],
    [new DataView(buffer, 1)],
    new Float64Array([0.5, NaN]),
    new BigInt64Array([1n, -1n]),
    [new Uint8Array(buffer), new Uint16Array(buffer)],
  ],
};

for (const [kind, values] of Object.entries(VALUES)) {
  test(`${kind} arrive, and come back`, async () => {
    for (const value of values) {
      const wanted = structuredClone(value);
      assertIdentical(await pool.run("echo", [value]), wanted);
      assertIdentical(await pool.run("echoLater", [value]), wanted);
      assertIdentical(pool.runSync("echo", [value]), wanted);
    }
    const all = await pool.run("list", values);
    assert.equal(all.length, values.length);
  });
}

test("errors arrive, and come back, as values", async () => {
  const cause = new RangeError("inner");
  const error = Object.assign(new TypeError("outer", { cause }), { at: [1] });
  for (
    const back of [
      await pool.run("echo", [error]),
      await pool.run("echoLater", [error]),
      pool.runSync("echo", [error]),
    ]
  ) {
    assert.ok(back instanceof TypeError);
    assert.equal(back.message, "outer");
    assert.equal(back.stack, error.stack);
    assert.deepEqual((back as typeof error).at, [1]);
    assert.ok(back.cause instanceof RangeError);
  }
});

test("numbers arrive, however many there are", async () => {
  for (const count of [0, 1, 2, 3, 9, 10, 11, 12, 100, 10_000]) {
    const numbers = Array.from({ length: count }, (_, i) => i / 8 - 1);
    assert.deepEqual(await pool.run("list", numbers), numbers, `${count}`);
    assert.deepEqual(pool.runSync("list", numbers), numbers, `${count}`);
  }
});

test("strings arrive at each length around what a record holds", async () => {
  for (let length = 60; length < 100; length++) {
    const text = "é".repeat(length);
    assert.equal(await pool.tasks.echo(text), text, `${length}`);
  }
});

test("arguments are read when the call is made", async () => {
  const value = { n: 1, bytes: new Uint8Array([1]) };
  const calls = Array.from({ length: 100 }, (_, n) => {
    value.n = n;
    value.bytes[0] = n;
    return pool.tasks.echo(value);
  });
  const answers = await Promise.all(calls);
  answers.forEach(({ n, bytes }, place) => {
    assert.equal(n, place);
    assert.equal(bytes[0], place);
  });
});

// ==== errors ====

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => assert.fail(`returned ${String(value)}`),
    (error: unknown) => error,
  );
}

/** A call that blocks, as if it did not. */
function attempt(call: () => unknown): Promise<unknown> {
  return new Promise((resolve) => resolve(call()));
}

/** Each kind of `fail()`, and what is to be true of what arrives. */
const THROWN: Record<string, (error: never) => void> = {
  "type": (error: TypeError) => {
    assert.equal(Object.getPrototypeOf(error), TypeError.prototype);
    assert.equal(error.message, "wrong type");
    assert.match(error.stack!, /TypeError: wrong type[^]+errors\.ts/);
  },
  "cause": (error: Error) => {
    assert.ok(error instanceof RangeError);
    assert.ok(error.cause instanceof SyntaxError);
    assert.equal(error.cause.message, "inner");
    assert.match(error.cause.stack!, /errors\.ts/);
  },
  "own": (error: Error) => {
    assert.ok(error instanceof OwnError);
    assert.equal(error.name, "OwnError");
    assert.equal(error.code, 7);
    assert.equal(error.message, "own");
  },
  "properties": (error: Error & { path: string; at: number[] }) => {
    assert.equal(Object.getPrototypeOf(error), Error.prototype);
    assert.equal(error.path, "/a");
    assert.deepEqual(error.at, [1, 2]);
    assert.deepEqual(Object.keys(error), ["path", "at"]);
  },
  "aggregate": (error: AggregateError) => {
    assert.ok(error instanceof AggregateError);
    assert.ok(error.errors[0] instanceof TypeError);
    assert.equal(error.errors[1], "two");
  },
  "string": (error: unknown) => assert.equal(error, "just a string"),
  "undefined": (error: unknown) => assert.equal(error, undefined),
  "function": (error: Error) => {
    assert.match(error.message, /Task threw what cannot be sent.+a function/);
  },
  "property": (error: Error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /holds a function/);
  },
  "abort": (error: DOMException) => {
    assert.ok(error instanceof DOMException);
    assert.equal(error.name, "AbortError");
    assert.equal(error.message, "stopped");
  },
  ["x".repeat(100_000)]: (error: Error) => {
    assert.equal(error.message.length, 100_000);
  },
};

for (const [kind, check] of Object.entries(THROWN)) {
  test(`an error arrives as it was: ${kind.slice(0, 20)}`, async () => {
    check(await thrownBy(pool.run("fail", [kind])) as never);
    check(await thrownBy(pool.tasks.failLater(kind)) as never);
    check(await thrownBy(attempt(() => pool.runSync("fail", [kind]))) as never);
    check(await thrownBy(pool.run("joinFailing", [kind])) as never);
    check(await thrownBy(pool.run("joinFailingLater", [kind])) as never);
  });
}

test("an error of layby's own keeps its class", async () => {
  const errors = [
    await thrownBy(pool.run("returnFunction", [])),
    await thrownBy(pool.run("spawnUnknown", ["no such task"])),
    await thrownBy(pool.run("spawnUnsendable", [])),
  ];
  const classes = [UncloneableError, UnknownTaskError, UncloneableError];
  errors.forEach((error, place) => {
    const Class = classes[place]!;
    assert.ok(error instanceof Class && error instanceof LaybyError);
    assert.equal(error.name, Class.name);
  });
});

test("an error of a class that nobody knows keeps its name", async () => {
  await using other = await start({ workers: 1 });
  const error = await thrownBy(other.pool.run("fail", ["own"])) as Error;
  assert.equal(Object.getPrototypeOf(error), Error.prototype);
  assert.equal(error.name, "OwnError");
  assert.equal((error as OwnError).code, 7);
});

// ==== what cannot be sent ====

const UNSENDABLE: [unknown, RegExp][] = [
  [() => {}, /argument 1 as it is a function/],
  [{ options: { call: () => {} } }, /its \.options\.call is a function/],
  [[1, [Symbol("s")]], /its \[1\]\[0\] is a symbol/],
  [new Map([["k", Promise.resolve()]]), /\.get\("k"\) is a Promise: await it/],
  [new Set([new WeakMap()]), /\.values\(\)\[0\] is a WeakMap/],
  [{ "a b": function* () {} }, /its \["a b"\] is a function/],
];

for (const [value, message] of UNSENDABLE) {
  test(`an argument is refused: ${message.source}`, async () => {
    const { submitted } = pool.metrics();
    const expected = { name: "UncloneableError", code: "uncloneable", message };
    await assert.rejects(pool.run("echo", [value]), expected);
    await assert.rejects(pool.tasks.echo(value), expected);
    await assert.rejects(pool.run("echo", [value], { timeout: 1e6 }), expected);
    await assert.rejects(pool.run("echo", [value], { transfer: [] }), expected);
    assert.throws(() => pool.runSync("echo", [value]), expected);
    assert.equal(pool.metrics().submitted, submitted);
    assert.equal(await pool.tasks.add(1, 2), 3);
  });
}

test("which argument is refused is told", async () => {
  await assert.rejects(pool.run("list", [1, "a", { b: () => {} }]), {
    message: /Cannot send argument 3 as its \.b is a function/,
  });
});

test("an argument that throws as it is read is refused", async () => {
  const cause = new RangeError("not this one");
  const value = {
    get part(): never {
      throw cause;
    },
  };
  await assert.rejects(pool.run("echo", [value]), {
    name: "UncloneableError",
    message: /reading its \.part threw/,
    cause,
  });
});

test("a result that cannot be sent is an error", async () => {
  const expected = {
    name: "UncloneableError",
    message: /Cannot send the result as its \.nested\[0\]\.call is a function/,
  };
  await assert.rejects(pool.run("returnFunction", []), expected);
  await assert.rejects(pool.tasks.returnFunctionLater(), expected);
  assert.throws(() => pool.runSync("returnFunction", []), expected);
  assert.equal(await pool.run("returnThenable", []), "then");
});

test("what cannot be sent takes no record, and no memory", async () => {
  await using small = await start({ workers: 1, tasks: 64, memory: 1 });
  const { pool } = small;
  const big = { text: "x".repeat(2000), call: () => {} };
  for (let round = 0; round < 50; round++) {
    const calls = Array.from({ length: 1000 }, (_, i) => {
      const value = i % 3 ? big : () => {};
      return i % 2 ? pool.tasks.echo(value) : pool.run("echo", [value]);
    });
    const results = await Promise.allSettled(calls);
    assert.ok(results.every(({ status }) => status === "rejected"));
  }
  assert.deepEqual(await pool.tasks.list(1, "a"), [1, "a"]);
  const texts = Array.from({ length: 500 }, () => pool.tasks.echo(big.text));
  assert.ok((await Promise.all(texts)).every((text) => text === big.text));
  assertCounted(pool);
});

test("results that cannot be sent take no record, and no memory", async () => {
  await using small = await start({ workers: 2, tasks: 64, memory: 1 });
  const { pool } = small;
  for (let round = 0; round < 5; round++) {
    const calls = Array.from(
      { length: 1000 },
      (_, i) =>
        i % 2 ? pool.tasks.returnFunction() : pool.tasks.fail("property"),
    );
    const results = await settled(Promise.allSettled(calls));
    assert.ok(results.every(({ status }) => status === "rejected"));
  }
  assert.equal(await pool.tasks.add(1, 2), 3);
  assertCounted(pool);
});
