// Errors arrive as errors: of their class, with what they carry.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { carries, type ErrorClasses } from "../../src/codec/mod.ts";
import { assertIdentical } from "./identical.ts";
import { copyOf, roundTrip, serializer } from "./round_trip.ts";

class ParseError extends SyntaxError {
  override readonly name = "ParseError";
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    if (!Number.isInteger(line)) throw new Error("Was constructed anew");
    this.line = line;
  }

  get place(): string {
    return `line ${this.line}`;
  }
}

class DeepParseError extends ParseError {}

class SecretError extends Error {
  #name = "secret";
  override get name(): string {
    return this.#name;
  }
}

const BUILT_IN = [
  ...[Error, EvalError, RangeError, ReferenceError],
  ...[SyntaxError, TypeError, URIError],
];

test("encode() carries built-in errors as what they are", () => {
  for (const Class of BUILT_IN) {
    const error = new Class("what it says");
    const copy = copyOf(error);
    assert.equal(Object.getPrototypeOf(copy), Class.prototype);
    assert.ok(Object.prototype.toString.call(copy) === "[object Error]");
    assert.equal(copy.name, error.name);
    assert.equal(copy.message, "what it says");
    assert.equal(copy.stack, error.stack);
    assert.equal(String(copy), String(error));
    assert.deepEqual(Object.keys(copy), []);
    assert.ok(!Object.hasOwn(copy, "cause"));
  }
});

test("encode() carries an error's own properties", () => {
  const error = Object.assign(new Error("no such file"), {
    code: "ENOENT",
    errno: -2,
    details: { path: "/tmp", tries: [1, 2] },
    __proto__: Error.prototype,
  });
  const copy = copyOf(error);
  assert.deepEqual(Object.keys(copy), Object.keys(error));
  assertIdentical({ ...copy }, { ...error });
});

test("encode() carries a name that was given", () => {
  const error = new TypeError("x");
  error.name = "OddError";
  const copy = copyOf(error);
  assert.ok(copy instanceof TypeError);
  assert.equal(copy.name, "OddError");

  const hidden = new Error("x");
  Object.defineProperty(hidden, "name", { value: "Hidden" });
  assert.equal(copyOf(hidden).name, "Hidden");
  assert.deepEqual(Object.keys(copyOf(hidden)), []);
});

test("encode() carries causes, of whatever kind", () => {
  const inner = new RangeError("inner", { cause: { code: 7 } });
  const outer = new Error("outer", { cause: inner });
  const copy = copyOf(outer);
  assert.ok(copy.cause instanceof RangeError);
  assert.equal(copy.cause.message, "inner");
  assertIdentical(copy.cause.cause, { code: 7 });
  assert.ok(!Object.keys(copy).includes("cause"));

  assert.equal(copyOf(new Error("x", { cause: "text" })).cause, "text");
  const empty = copyOf(new Error("x", { cause: undefined }));
  assert.ok(Object.hasOwn(empty, "cause") && empty.cause === undefined);
});

test("encode() carries errors in a circle", () => {
  const error: Error & { self?: unknown } = new Error("a");
  error.cause = new Error("b", { cause: error });
  error.self = error;
  const copy = copyOf(error);
  assert.equal((copy.cause as Error).cause, copy);
  assert.equal(copy.self, copy);
});

test("encode() carries a long chain of causes as far as it can", () => {
  let error = new Error("first");
  for (let i = 0; i < 2000; i++) error = new Error(`${i}`, { cause: error });
  let depth = 0;
  let copy: unknown = copyOf(error);
  for (; copy instanceof Error; copy = copy.cause) depth++;
  assert.ok(depth > 400);
  assert.match(String(copy), /^\[Error: \d+\]$/);
});

test("encode() carries an AggregateError's errors", () => {
  const shared = new RangeError("b");
  const error = new AggregateError([new TypeError("a"), shared, 3], "all", {
    cause: shared,
  });
  const copy = copyOf(error);
  assert.ok(copy instanceof AggregateError);
  assert.equal(copy.message, "all");
  assert.ok(copy.errors[0] instanceof TypeError);
  assert.equal(copy.errors[1], copy.cause);
  assert.equal(copy.errors[2], 3);
  assert.equal(copy.errors.length, 3);
  assert.deepEqual(Object.keys(copy), []);
});

test("encode() carries a SuppressedError's errors", () => {
  if (!("SuppressedError" in globalThis)) return;
  const copy = copyOf(new SuppressedError(new TypeError("a"), "b", "both"));
  assert.ok(copy instanceof SuppressedError);
  assert.ok(copy.error instanceof TypeError);
  assert.equal(copy.suppressed, "b");
  assert.equal(copy.message, "both");
});

test("encode() carries a DOMException's name and code", () => {
  const error = new DOMException("gone", "AbortError");
  const copy = copyOf(error);
  assert.ok(copy instanceof DOMException);
  assert.equal(copy.name, "AbortError");
  assert.equal(copy.message, "gone");
  assert.equal(copy.code, DOMException.ABORT_ERR);
  assert.equal(copy.stack, error.stack);
  const custom = copyOf(new DOMException("x", "OwnError"));
  assert.deepEqual([custom.name, custom.code], ["OwnError", 0]);
});

test("encode() carries errors within values", () => {
  const value = { list: [new ParseError("x", 3)], map: new Map([[1, 2]]) };
  const copy = copyOf(value, { ParseError });
  assert.ok(copy.list[0] instanceof ParseError);
  assert.equal(copy.list[0].place, "line 3");
});

test("encode() describes parts of an error that cannot cross", () => {
  const late = { ok: true };
  const error = new AggregateError([() => {}, new Error("e")], "x", {
    cause: Symbol("why"),
  });
  const parts = Object.defineProperty(
    {
      callback: function retry() {},
      memory: new SharedArrayBuffer(4),
      nested: { late, deep: [{ fn() {} }] },
      late,
      again: late,
    },
    "broken",
    {
      enumerable: true,
      get() {
        throw new Error("on reading");
      },
    },
  );
  Object.defineProperties(error, Object.getOwnPropertyDescriptors(parts));
  const copy = copyOf(error) as AggregateError & Record<string, unknown>;
  assert.equal(copy.cause, "[Symbol(why)]");
  assert.equal(copy.errors[0], "[function]");
  assert.equal(copy.errors[1].message, "e");
  assert.equal(copy["callback"], "[function retry]");
  assert.equal(copy["memory"], "[object SharedArrayBuffer]");
  assert.equal(copy["nested"], "[object Object]");
  assert.equal(copy["broken"], "[threw Error: on reading]");
  assertIdentical(copy["late"], late);
  assert.equal(copy["again"], copy["late"]);
  assert.ok(carries([error], serializer));
});

test("encode() forgets objects of a part that it describes", () => {
  const objects = Array.from({ length: 20 }, (_, i) => ({ i }));
  const error = Object.assign(new Error("x"), {
    objects,
    failed: [{ new: objects.map(() => ({})) }, Symbol("s")],
    after: [{ a: 1 }, objects[3]],
  });
  const values = [error.failed[0], error.after, error.objects];
  const [copy, ...others] = roundTrip([error, ...values]);
  assertIdentical(others, values);
  assert.equal((copy as typeof error).after, others[1]);
  assert.equal((copy as typeof error).objects, others[2]);
});

test("encode() carries an error that fails at everything", () => {
  const error = new Error("x");
  for (const key of ["name", "message", "stack", "cause"]) {
    Object.defineProperty(error, key, {
      get() {
        throw new Error(key);
      },
    });
  }
  const copy = copyOf(error);
  assert.ok(copy instanceof Error);
  assert.equal(copy.stack, undefined);
  assert.equal(copy.cause, "[threw Error: cause]");
});

test("decode() makes an unknown class what it extends", () => {
  const copy = copyOf(new ParseError("x", 3));
  assert.equal(Object.getPrototypeOf(copy), SyntaxError.prototype);
  assert.equal(copy.name, "ParseError");
  assert.equal(copy.line, 3);
  assert.equal(copy.place, undefined);
});

test("decode() restores a class without its constructor", () => {
  const copy = copyOf(new ParseError("x", 3), { ParseError });
  assert.ok(copy instanceof ParseError && copy instanceof SyntaxError);
  assert.equal(Object.getPrototypeOf(copy), ParseError.prototype);
  assert.equal(copy.name, "ParseError");
  assert.equal(copy.message, "x");
  assert.equal(copy.place, "line 3");
  assert.deepEqual(Object.keys(copy), ["name", "line"]);
});

test("decode() leaves the length of stacks as it is", () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 7;
  try {
    const error = new Error("x");
    assert.equal(copyOf(error).stack, error.stack);
    assert.equal(Error.stackTraceLimit, 7);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test("decode() restores the nearest class that it knows", () => {
  const error = new DeepParseError("x", 3);
  const restored = (classes: ErrorClasses) =>
    Object.getPrototypeOf(copyOf(error, classes));
  assert.equal(restored({ ParseError }), ParseError.prototype);
  assert.equal(
    restored({ ParseError, DeepParseError }),
    DeepParseError.prototype,
  );
  assert.equal(restored({}), SyntaxError.prototype);
});

test("decode() restores a class by the name that its error gives itself", () => {
  const error = new (class extends Error {
    override readonly name = "Custom";
  })("x");
  class Custom extends Error {}
  assert.ok(copyOf(error, { Custom }) instanceof Custom);
});

test("decode() restores a class whose name needs its constructor", () => {
  const copy = copyOf(new SecretError("x"), { SecretError });
  assert.ok(copy instanceof SecretError);
  assert.equal(copy.name, "secret");
});

test("decode() takes no class from an object's prototype", () => {
  class toString extends Error {}
  const copy = copyOf(new toString("x"), {});
  assert.equal(Object.getPrototypeOf(copy), Error.prototype);
});

test("encode() carries errors of another realm", () => {
  const foreign = runInNewContext(
    "Object.assign(new RangeError('far', { cause: [1] }), { code: 7 })",
  );
  assert.ok(!(foreign instanceof Error));
  const copy = copyOf(foreign);
  assert.ok(copy instanceof RangeError);
  assert.equal(copy.message, "far");
  assertIdentical(copy.cause, [1]);
  assertIdentical({ ...copy }, { code: 7 });
});

test("encode() carries errors of another time: functions", () => {
  // deno-lint-ignore no-explicit-any
  function OldError(this: any, message: string) {
    this.message = message;
  }
  OldError.prototype = Object.create(RangeError.prototype, {
    constructor: { value: OldError },
    name: { value: "OldError" },
  });
  // deno-lint-ignore no-explicit-any
  const copy = copyOf(new (OldError as any)("x"));
  assert.ok(copy instanceof RangeError);
  assert.deepEqual([copy.name, copy.message], ["OldError", "x"]);
});

test("encode() carries what is thrown and no error", () => {
  const thrown = ["text", 7, undefined, null, { code: 1 }];
  assertIdentical(roundTrip(thrown), thrown);
});
