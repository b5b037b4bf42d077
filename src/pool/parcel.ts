// What a message carries: values, of which some are moved. A view goes as the
// buffer under it and what it shows of that: Deno's `receiveMessageOnPort()` looks
// at each element of a view, which takes 100 ms a mebibyte.

import { kindOf, lengthOf, VIEW_CLASSES } from "../codec/mod.ts";

/**
 * Bytes from which on a copy that is moved costs less than one into shared memory
 * and one out of it: `bench payload`. Of a mebibyte, the kernel's part alone was
 * 0.7 ms on Node, and is 0.05: glibc gave the pages back at each turn.
 */
const LARGE = 64 << 10;

/** A value, and what of it is moved. */
export interface Moved {
  readonly value: unknown;
  readonly transfer: readonly Transferable[];
}

/** Values as a message carries them. */
export interface Parcel {
  /** Buffers stand for their views. */
  readonly values: readonly unknown[];
  readonly views: readonly ViewOf[];
}

/** A view of the buffer at a place. */
interface ViewOf {
  readonly place: number;
  /** See `kindOf()`. */
  readonly kind: number;
  readonly offset: number;
  readonly length: number;
}

/** Makes values ready for a message that moves these. */
export function wrap(
  values: readonly unknown[],
  transfer: readonly Transferable[],
): Parcel {
  const views: ViewOf[] = [];
  if (!values.some(isFixedView) || !areApart(values, transfer)) {
    return { values, views };
  }
  const wrapped = values.map((value, place) => {
    if (!isFixedView(value)) return value;
    const { buffer, byteOffset: offset } = value;
    const kind = kindOf(value);
    views.push({ place, kind, offset, length: lengthOf(value, kind) });
    return buffer;
  });
  return { values: wrapped, views };
}

/** The values of a message that has come. */
export function unwrap({ values, views }: Parcel): readonly unknown[] {
  if (values.some((it) => it instanceof ArrayBuffer)) collectBuffers();
  if (views.length === 0) return values;
  const unwrapped = [...values];
  for (const { place, kind, offset, length } of views) {
    const buffer = values[place] as ArrayBuffer;
    unwrapped[place] = new VIEW_CLASSES[kind]!(buffer, offset, length);
  }
  return unwrapped;
}

/**
 * Has V8 look how much the young buffers hold, and collect those that nobody
 * needs. It looks when it makes one, and not when one comes: without this, half a
 * gigabyte was garbage on Deno, and a tenth of that is.
 */
function collectBuffers(): void {
  new ArrayBuffer(1);
}

/** A copy of a large buffer, or of what a view shows of one, to be moved. */
export function copyOfLarge(value: unknown): Moved | undefined {
  // One that is gone has no bytes, and is refused like any other.
  if (value instanceof ArrayBuffer) {
    if (value.resizable || value.byteLength < LARGE) return undefined;
    const copy = value.slice();
    return { value: copy, transfer: [copy] };
  }
  if (!isFixedView(value) || !(value.buffer instanceof ArrayBuffer)) {
    return undefined;
  }
  const { buffer, byteOffset, byteLength } = value;
  if (byteLength < LARGE) return undefined;
  const copy = buffer.slice(byteOffset, byteOffset + byteLength);
  const kind = kindOf(value);
  return {
    value: new VIEW_CLASSES[kind]!(copy, 0, lengthOf(value, kind)),
    transfer: [copy],
  };
}

/** A view of a buffer that stays as long as it is. */
function isFixedView(value: unknown): value is ArrayBufferView {
  if (!ArrayBuffer.isView(value)) return false;
  const { buffer } = value;
  return !(buffer instanceof ArrayBuffer ? buffer.resizable : buffer.growable);
}

/** Whether no value refers to another: what is moved refers to nothing. */
function areApart(
  values: readonly unknown[],
  transfer: readonly Transferable[],
): boolean {
  const objects = values.filter((it) => typeof it === "object" && it !== null);
  return new Set(objects).size === objects.length &&
    objects.every((it) =>
      ArrayBuffer.isView(it) || transfer.includes(it as Transferable)
    );
}
