// Objects of the language that are more than their properties.

import { entryStep, keyStep, valueStep } from "./obstacle.ts";
import type { Sink } from "./sink.ts";
import { BOX, DATE, MAP, REGEXP, SET } from "./tags.ts";
import { writeBuffer } from "./write_binary.ts";

/** What is in one of them. Each throws if it is no such object. */
const CONTENTS: Readonly<Record<string, (this: unknown) => unknown>> = {
  "Map": listMap,
  "Set": listSet,
  "Date": Date.prototype.getTime,
  "RegExp": getter(RegExp.prototype, "source"),
  "ArrayBuffer": getter(ArrayBuffer.prototype, "byteLength"),
  "Boolean": Boolean.prototype.valueOf,
  "Number": Number.prototype.valueOf,
  "String": String.prototype.valueOf,
  "BigInt": BigInt.prototype.valueOf,
};

function getter(prototype: object, name: string): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

const { forEach: forEachEntry } = Map.prototype;
const { forEach: forEachMember } = Set.prototype;

// Listed first: a getter in it may change it.

function listMap(this: unknown): unknown[] {
  const list: unknown[] = [];
  forEachEntry.call(
    this as Map<unknown, unknown>,
    (value, key) => list.push(key, value),
  );
  return list;
}

function listSet(this: unknown): unknown[] {
  const list: unknown[] = [];
  forEachMember.call(this as Set<unknown>, (value) => list.push(value));
  return list;
}

/**
 * Writes an object of which `Object.prototype.toString` says `tag`. Returns
 * whether it is what that says, and can be written.
 */
export function writeSpecial(sink: Sink, value: object, tag: string): boolean {
  if (!Object.hasOwn(CONTENTS, tag)) return false;
  let content: unknown;
  try {
    content = CONTENTS[tag]!.call(value);
  } catch {
    return false;
  }
  switch (tag) {
    case "Map":
      writeMap(sink, content as unknown[]);
      break;
    case "Set":
      writeSet(sink, content as unknown[]);
      break;
    case "Date":
      sink.writer.byte(DATE);
      sink.writer.float(content as number);
      break;
    case "RegExp":
      sink.writer.byte(REGEXP);
      sink.value(content);
      sink.value((value as RegExp).flags);
      break;
    case "ArrayBuffer":
      writeBuffer(sink, value as ArrayBuffer);
      break;
    default:
      sink.writer.byte(BOX);
      sink.value(content);
  }
  return true;
}

function writeMap(sink: Sink, list: readonly unknown[]): void {
  sink.writer.byte(MAP);
  sink.writer.count(list.length / 2);
  sink.enter();
  for (let i = 0; i < list.length; i += 2) {
    sink.step(keyStep(i / 2));
    sink.value(list[i]);
    sink.step(entryStep(list[i], i / 2));
    sink.value(list[i + 1]);
  }
  sink.leave();
}

function writeSet(sink: Sink, list: readonly unknown[]): void {
  sink.writer.byte(SET);
  sink.writer.count(list.length);
  sink.enter();
  for (let i = 0; i < list.length; i++) {
    sink.step(valueStep(i));
    sink.value(list[i]);
  }
  sink.leave();
}
