// Errors, with more of them than structured clone carries: their class, their
// own properties, their causes. What of it cannot cross is described instead:
// an error always arrives.
//
// After the tag: the number of the platform's class that it is of; the names of
// the classes below that one, the error's own first; its name, message and
// stack, each a string or undefined; and its properties: whether enumerable,
// key, value. Both lists begin with their count.

import type { Sink } from "./sink.ts";
import { ARRAY, ERROR, ERROR_CLASSES, ERROR_KIND } from "./tags.ts";

/** Room for a tag and a number. */
const SLACK = 16;

/** Properties that all errors have, and that should be strings. */
const TEXTS = ["name", "message", "stack"];
/** Properties that some errors have, and that are not enumerable. */
const PARTS = ["cause", "errors", "error", "suppressed"];

const { hasOwn, getPrototypeOf } = Object;

/** What an error is, by its chain of prototypes. */
interface Descent {
  /** The number of the platform's class. */
  readonly kind: number;
  /** The names of the classes below it, the error's own first. */
  readonly names: readonly string[];
}

/** Writes an error. */
export function writeError(sink: Sink, error: Error): void {
  const { kind, names } = descentOf(error);
  const enumerable = attempt(() => Object.keys(error)) ?? [];
  const parts = PARTS.filter((key) =>
    !enumerable.includes(key) && hasOwn(error, key)
  );

  const { writer } = sink;
  writer.byte(ERROR);
  writer.byte(kind);
  writer.count(names.length);
  for (const name of names) sink.value(name);
  for (const key of TEXTS) sink.value(textOf(error, key));
  writer.reserve(SLACK);
  writer.count(parts.length + enumerable.length);
  sink.enter();
  for (const key of parts) writePart(sink, error, key, 0);
  for (const key of enumerable) writePart(sink, error, key, 1);
  sink.leave();
}

/** Writes a property, or describes it. */
function writePart(sink: Sink, error: Error, key: string, flag: 0 | 1): void {
  sink.step(key);
  sink.writer.reserve(SLACK);
  sink.writer.byte(flag);
  sink.value(key);
  let value: unknown;
  try {
    value = error[key as keyof Error];
  } catch (thrown) {
    return sink.value(`[threw ${describe(thrown)}]`);
  }
  if (key === "errors" && Array.isArray(value)) writeList(sink, value);
  else attemptValue(sink, value);
}

/** Writes the errors of an AggregateError: each for itself. */
function writeList(sink: Sink, values: readonly unknown[]): void {
  sink.writer.reserve(SLACK);
  if (sink.reference(values)) return;
  sink.writer.byte(ARRAY);
  sink.writer.count(values.length);
  for (let i = 0; i < values.length; i++) attemptValue(sink, values[i]);
}

function attemptValue(sink: Sink, value: unknown): void {
  sink.attempt(() => sink.value(value), () => `[${describe(value)}]`);
}

/** Says in a few words what cannot be sent. */
function describe(value: unknown): string {
  return attempt(() => {
    if (value instanceof Error) return String(value);
    if (typeof value === "function") return `function ${value.name}`.trimEnd();
    if (typeof value !== "object" || value === null) return String(value);
    return Object.prototype.toString.call(value).slice(1, -1);
  }) ?? typeof value;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What an error gives for a name, a message or a stack, if it is a string. */
function textOf(error: Error, key: string): string | undefined {
  const text = attempt<unknown>(() => error[key as keyof Error]);
  return typeof text === "string" ? text : undefined;
}

function descentOf(error: Error): Descent {
  const names: string[] = [];
  let prototype: object | null = getPrototypeOf(error);
  while (prototype !== null) {
    const kind = ERROR_CLASSES.findIndex((it) => it?.prototype === prototype);
    if (kind >= 0) return { kind, names };
    const name = attempt(() => prototype!.constructor.name);
    if (typeof name === "string" && name !== "") names.push(name);
    prototype = getPrototypeOf(prototype);
  }
  // Of another realm, and so of other classes by the same names.
  for (const [i, name] of names.entries()) {
    const kind = ERROR_CLASSES.findIndex((it) => it?.name === name);
    if (kind >= 0) return { kind, names: names.slice(0, i) };
  }
  return { kind: ERROR_KIND, names };
}
