// Values through bytes in shared memory, as they cross threads.

import assert from "node:assert/strict";
import v8 from "node:v8";
import {
  decode,
  encode,
  type ErrorClasses,
  type Serializer,
} from "../../src/codec/mod.ts";

/** What the hosts give. */
export const serializer = v8 as Serializer;

/** Fills what nobody may write to. */
const UNTOUCHED = 0xa5;

/** Encodes values somewhere in shared memory, and decodes them. */
export function roundTrip(
  values: readonly unknown[],
  options: { at?: number; restore?: ErrorClasses; serializer?: undefined } = {},
): unknown[] {
  const { at = 13, restore } = options;
  const via = "serializer" in options ? undefined : serializer;
  let bytes: Uint8Array = new Uint8Array(0);
  let limit = 0;
  let calls = 0;
  const length = encode(values, via, (size) => {
    bytes = new Uint8Array(new SharedArrayBuffer(at + size + 16));
    bytes.fill(UNTOUCHED);
    limit = size;
    calls++;
    return { bytes, at };
  });
  assert.equal(calls, 1);
  assert.ok(length <= limit, `${length} bytes in room for ${limit}`);
  const isUntouched = (byte: number) => byte === UNTOUCHED;
  assert.ok(bytes.slice(0, at).every(isUntouched), "wrote before its room");
  assert.ok(bytes.slice(at + limit).every(isUntouched), "wrote past its room");

  // The message may move: the pool packs those that have to wait.
  const moved = new Uint8Array(new SharedArrayBuffer(length + 3));
  moved.set(bytes.subarray(at, at + length), 3);
  bytes.fill(UNTOUCHED);
  const copies = decode(moved, 3, length, via, restore);
  moved.fill(UNTOUCHED);
  return copies;
}

/** The copy of one value. */
export function copyOf<T>(value: T, restore?: ErrorClasses): T {
  const copies = roundTrip([value], restore ? { restore } : {});
  assert.equal(copies.length, 1);
  return copies[0] as T;
}
