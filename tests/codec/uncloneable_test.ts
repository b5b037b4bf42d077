// What cannot cross as bytes is refused, and the error tells where it is.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import {
  carries,
  encode,
  pathOf,
  refusal,
  UncloneableError,
} from "../../src/codec/mod.ts";
import { LaybyError } from "../../src/errors.ts";
import { copyOf, serializer } from "./round_trip.ts";

/** The error that sending values fails with. */
function errorOf(
  values: readonly unknown[],
  subject?: "argument" | "result",
): UncloneableError {
  try {
    encode(values, serializer, () => assert.fail("asked for room"), subject);
  } catch (error) {
    assert.ok(error instanceof UncloneableError);
    return error;
  }
  assert.fail("was encoded");
}

function callback() {}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;
cyclic["list"] = [cyclic, { callback }];

/** What nothing can carry, and what an error calls it. */
const REFUSED: [unknown, string][] = [
  [callback, "it is a function"],
  [Symbol("s"), "it is a symbol"],
  [Object(Symbol("s")), "it is a Symbol"],
  [Promise.resolve(), "it is a Promise"],
  [new WeakMap(), "it is a WeakMap"],
  [new WeakRef({}), "it is a WeakRef"],
  [(function* () {})(), "it is a Generator"],
  [[1].values(), "it is an Array Iterator"],
  [
    (function () {
      return arguments;
    })(),
    "it is an Arguments",
  ],
  [{ options: { callback } }, "its .options.callback is a function"],
  [[1, [callback]], "its [1][0] is a function"],
  [{ "a b": { 7: callback } }, 'its ["a b"]["7"] is a function'],
  [new Map([["k", callback]]), 'its .get("k") is a function'],
  [new Map([[7, callback]]), "its .get(7) is a function"],
  [new Map([[7n, callback]]), "its .get(7n) is a function"],
  [new Map([[null, callback]]), "its .get(null) is a function"],
  [
    new Map<unknown, unknown>([[1, 2], [{}, callback]]),
    "its .values()[1] is a function",
  ],
  [
    new Map<unknown, unknown>([[1, 2], [Symbol("s"), 3]]),
    "its .keys()[1] is a symbol",
  ],
  [new Set([1, callback]), "its .values()[1] is a function"],
  [cyclic, "its .list[1].callback is a function"],
  [Object.assign([1], { callback }), "its .callback is a function"],
  [
    Object.assign(Array.from({ length: 999 }, () => 1), { callback }),
    "its .callback is a function",
  ],
  [[
    new (class {
      field = { callback };
    })(),
  ], "its [0].field.callback is a function"],
  [
    Array.from({ length: 20 }).reduce((it) => ({ a: it }), callback),
    "its .a.a.a.a.a … .a.a.a.a.a is a function",
  ],
];

test("encode() tells where the part is that nothing can carry", () => {
  for (const [value, what] of REFUSED) {
    const error = errorOf([0, value]);
    assert.ok(error instanceof LaybyError);
    assert.equal(error.name, "UncloneableError");
    assert.equal(error.code, "uncloneable");
    const start = `Cannot send argument 2 as ${what}: `;
    assert.ok(error.message.startsWith(start), error.message);
    assert.equal(error.byPort, false);
    assert.equal(error.cause, undefined);
    assert.throws(() => structuredClone(value));
    assert.ok(!carries([value], serializer));
    const { path } = pathOf(value)!;
    assert.ok(start.includes(path === "" ? "it is" : `its ${path} is`));
  }
});

test("encode() knows where it is after a part that it described", () => {
  const error = Object.assign(new Error("x"), { deep: [{ a: [callback] }] });
  assert.match(
    errorOf([{ error, list: [callback] }]).message,
    / \.list\[0\] is/,
  );
});

test("encode() says what to do instead", () => {
  assert.equal(
    errorOf([{ options: { callback } }]).message,
    "Cannot send argument 1 as its .options.callback is a function: " +
      "send what it needs, and define it where it is called",
  );
  assert.equal(
    errorOf([Promise.resolve()], "result").message,
    "Cannot send the result as it is a Promise: await it first",
  );
});

test("encode() leaves to a message port what that may carry", () => {
  const { port1, port2 } = new MessageChannel();
  const module = new WebAssembly.Module(
    Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]),
  );
  const resizable = new ArrayBuffer(8, { maxByteLength: 16 });
  const platform: Record<string, unknown> = {
    SharedArrayBuffer: new SharedArrayBuffer(4),
    view: new Uint8Array(new SharedArrayBuffer(4)),
    port: port1,
    blob: new Blob(["x"]),
    module,
    memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    url: new URL("https://example.com"),
    key: generateKeyPairSync("ed25519").publicKey,
    named: new (class {
      get [Symbol.toStringTag]() {
        return "Named";
      }
    })(),
    "no Map": { [Symbol.toStringTag]: "Map" },
    "no Array": { [Symbol.toStringTag]: "Array" },
    "no Error": { [Symbol.toStringTag]: "Error" },
    follower: { view: new Uint8Array(resizable) },
  };
  for (const [name, value] of Object.entries(platform)) {
    assert.ok(!carries([value], serializer), name);
    assert.ok(errorOf([{ value }]).byPort, name);
    assert.equal(pathOf({ value }), undefined, name);
  }
  port1.close();
  port2.close();
});

test("encode() leaves to a message port what is very deep", () => {
  let value: unknown = 1;
  for (let i = 0; i < 100_000; i++) value = [value];
  const error = errorOf([value]);
  assert.match(error.message, /is more than 500 levels deep/);
  assert.ok(error.byPort);
  assert.equal(pathOf(value), undefined);
});

test("encode() refuses a buffer that was detached", () => {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  for (const value of [bytes, bytes.buffer]) {
    assert.match(errorOf([{ value }]).message, /\.value is a detached buffer/);
  }
});

test("encode() tells which part threw, and gives the error as the cause", () => {
  const cause = new Error("not now");
  const value = {
    list: [{
      get broken() {
        throw cause;
      },
    }],
  };
  const error = errorOf([value]);
  assert.equal(
    error.message,
    "Cannot send argument 1 as reading its .list[0].broken threw: " +
      "see the cause",
  );
  assert.equal(error.cause, cause);
  assert.equal(error.byPort, false);
});

test("encode() can be used after it threw", () => {
  assert.throws(() => encode([{ callback }], serializer, () => assert.fail()));
  const full = new Error("no room");
  assert.throws(() =>
    encode([{ a: "x".repeat(99) }], serializer, () => {
      throw full;
    }), full);
  assert.deepEqual(copyOf({ a: [1, { b: 2 }] }), { a: [1, { b: 2 }] });
});

test("pathOf() runs no getters, and finds what is behind none", () => {
  const value = {
    get first(): unknown {
      throw new Error("was run");
    },
    second: [new URL("https://example.com"), callback],
  };
  assert.equal(pathOf(value)?.path, ".second[1]");
  assert.equal(
    pathOf({
      get a() {
        throw new Error("was run");
      },
    }),
    undefined,
  );
  assert.equal(pathOf({ a: [1, "x", new Map([[{}, new Set()]])] }), undefined);
});

test("refusal() tells what a message port has refused", () => {
  const cause = new DOMException("x", "DataCloneError");
  const port = new SharedArrayBuffer(4);
  const found = refusal([port, { port, callback }], cause);
  assert.equal(
    found.message.split(":")[0],
    "Cannot send argument 2 as its .callback is a function",
  );
  assert.equal(found.cause, cause);
  assert.equal(found.byPort, false);
  const unknown = refusal([port], cause, "result");
  assert.match(unknown.message, /^Cannot send the result as structured clone/);
  assert.equal(unknown.cause, cause);
});
