// Buffers and views of them. Structured clone carries the whole buffer, once,
// and the views as views of it.

import { objectObstacle, Obstacle } from "./obstacle.ts";
import type { Sink } from "./sink.ts";
import { BUFFER, kindOf, lengthOf, UINT8, VIEW, VIEW_CLASSES } from "./tags.ts";

/** Room for a tag and two numbers. */
const SLACK = 32;

/**
 * Writes a view, and the buffer under it.
 *
 * A view of a part of its buffer takes only that part along if it is a value of
 * its own. So does a Node Buffer anywhere: under it lies a pool that it shares
 * with others, and whose other bytes are nobody's business.
 */
export function writeView(sink: Sink, value: ArrayBufferView): void {
  const { buffer, byteOffset, byteLength } = value;
  if (!(buffer instanceof ArrayBuffer)) {
    return sink.refuse(objectObstacle("SharedArrayBuffer"));
  }
  if (buffer.detached) return sink.refuse(detachedObstacle());
  const kind = kindOf(value);
  const { resizable } = buffer;
  const isWhole = byteLength === buffer.byteLength && !resizable;
  const isPart = !isWhole && (sink.depth === 0 || !isOfItsClass(value, kind));
  if (resizable && !isPart) return sink.refuse(resizableObstacle());

  const { writer } = sink;
  writer.reserve(SLACK);
  writer.byte(VIEW);
  writer.byte(kind);
  writer.count(isPart ? 0 : byteOffset);
  writer.count(lengthOf(value, kind));
  const bytes = isWhole && kind === UINT8
    ? value as Uint8Array
    : isPart
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : undefined;
  // The buffer is numbered, as it is where it is read. A part of one is not
  // what others refer to.
  if (sink.reference(isPart ? bytes! : buffer)) return;
  writeBytes(sink, bytes ?? new Uint8Array(buffer), 0);
}

/** Writes a buffer. */
export function writeBuffer(sink: Sink, value: ArrayBuffer): void {
  if (value.detached) return sink.refuse(detachedObstacle());
  const { resizable } = value;
  // Of a fixed length: nothing but what is there now.
  const bytes = new Uint8Array(value, 0, value.byteLength);
  writeBytes(sink, bytes, resizable ? value.maxByteLength + 1 : 0);
}

function writeBytes(sink: Sink, bytes: Uint8Array, limit: number): void {
  const { writer } = sink;
  writer.reserve(SLACK);
  writer.byte(BUFFER);
  writer.count(bytes.length);
  writer.count(limit);
  writer.bytes(bytes);
}

/** Whether it is no instance of a subclass, such as Node's Buffer. */
function isOfItsClass(value: ArrayBufferView, kind: number): boolean {
  return Object.getPrototypeOf(value) === VIEW_CLASSES[kind]!.prototype;
}

function detachedObstacle(): Obstacle {
  return new Obstacle(
    "a detached buffer",
    "its bytes went elsewhere: send them from there, or a copy",
  );
}

/** Nobody can tell whether the view is to follow the buffer's length. */
function resizableObstacle(): Obstacle {
  return new Obstacle(
    "a view of a resizable buffer",
    "send a slice() of it",
    true,
  );
}
