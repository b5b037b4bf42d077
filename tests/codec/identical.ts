// Whether two values are the same in everything that a program can see, but
// for their identity: prototypes, keys, holes, sharing, cycles.

import assert from "node:assert/strict";

const { getPrototypeOf, getOwnPropertyDescriptor } = Object;

/** Asserts that a copy is what was expected. */
export function assertIdentical(actual: unknown, expected: unknown): void {
  compare(actual, expected, "value", new Map());
}

function compare(
  actual: unknown,
  expected: unknown,
  path: string,
  pairs: Map<object, object>,
): void {
  if (
    typeof expected !== "object" || expected === null ||
    typeof actual !== "object" || actual === null
  ) {
    assert.ok(
      Object.is(actual, expected),
      `${path}: ${show(actual)} is not ${show(expected)}`,
    );
    return;
  }
  const partner = pairs.get(expected);
  assert.ok(!partner || partner === actual, `${path}: is shared differently`);
  if (partner) return;
  pairs.set(expected, actual);

  const same = (name: string, read: (object: never) => unknown) =>
    compare(
      read(actual as never),
      read(expected as never),
      path + name,
      pairs,
    );
  assert.equal(getPrototypeOf(actual), getPrototypeOf(expected), path);
  assert.equal(tagOf(actual), tagOf(expected), path);
  switch (tagOf(expected)) {
    case "Map":
      same(".entries()", (it: Map<unknown, unknown>) => [...it].flat());
      break;
    case "Set":
      same(".values()", (it: Set<unknown>) => [...it]);
      break;
    case "Date":
      same(".getTime()", (it: Date) => it.getTime());
      break;
    case "RegExp":
      same(".parts", (it: RegExp) => [it.source, it.flags, it.lastIndex]);
      break;
    case "Boolean":
    case "Number":
    case "String":
    case "BigInt":
      same(".valueOf()", (it: object) => it.valueOf());
      break;
    case "ArrayBuffer":
      same(".resizable", (it: ArrayBuffer) => it.resizable);
      same(".maxByteLength", (it: ArrayBuffer) => it.maxByteLength);
      same(".bytes", (it: ArrayBuffer) => [...new Uint8Array(it)].join());
      break;
  }
  if (ArrayBuffer.isView(expected)) {
    same(".byteOffset", (it: ArrayBufferView) => it.byteOffset);
    same(".byteLength", (it: ArrayBufferView) => it.byteLength);
    same(".buffer", (it: ArrayBufferView) => it.buffer);
    return;
  }
  const keys = Reflect.ownKeys(expected);
  assert.deepEqual(Reflect.ownKeys(actual), keys, path);
  for (const key of keys) {
    const { value, ...found } = getOwnPropertyDescriptor(actual, key)!;
    const { value: other, ...wanted } = getOwnPropertyDescriptor(
      expected,
      key,
    )!;
    assert.deepEqual(found, wanted, `${path}.${String(key)}`);
    compare(value, other, `${path}.${String(key)}`, pairs);
  }
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
