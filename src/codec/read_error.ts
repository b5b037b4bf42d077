// Errors back from bytes. What follows the tag is in write_error.ts.

import {
  AGGREGATE_ERROR_KIND,
  DOM_EXCEPTION_KIND,
  ERROR_CLASSES,
  type ErrorClass,
  type ErrorClasses,
} from "./tags.ts";

/** What those who read one kind of object need of the decoder. */
export interface Source {
  /** Reads one byte. */
  byte(): number;
  /** Reads a whole number >= 0. */
  count(): number;
  /** Reads a value. */
  value(): unknown;
  /** Gives an object its number. */
  number<T>(object: T): T;
}

/**
 * Reads an error: an instance of the first of its classes that `restore` has,
 * or else of the platform's class.
 */
export function readError(source: Source, restore?: ErrorClasses): Error {
  const kind = source.byte();
  const names: string[] = [];
  for (let i = source.count(); i > 0; i--) names.push(source.value() as string);
  const name = source.value() as string | undefined;
  const message = source.value() as string | undefined;
  const stack = source.value() as string | undefined;

  const Class = restore && findClass([...names, name], restore);
  const error = source.number(construct(kind, Class, name, message));
  setText(error, "name", name);
  setText(error, "message", message);
  // What the constructor wrote tells of this thread.
  if (stack === undefined) delete error.stack;
  else define(error, "stack", stack, false);
  for (let i = source.count(); i > 0; i--) {
    const isEnumerable = source.byte() === 1;
    const key = source.value() as string;
    define(error, key, source.value(), isEnumerable);
  }
  return error;
}

function findClass(
  names: readonly (string | undefined)[],
  restore: ErrorClasses,
): ErrorClass | undefined {
  const known = names.find((name) =>
    name !== undefined && Object.hasOwn(restore, name)
  );
  return known === undefined ? undefined : restore[known];
}

/** Makes an error that is one for the platform too. Runs no `Class`. */
function construct(
  kind: number,
  Class: ErrorClass | undefined,
  name: string | undefined,
  message: string | undefined,
): Error {
  const Base = ERROR_CLASSES[kind] ?? Error;
  const given: unknown[] = kind === DOM_EXCEPTION_KIND
    ? [message, name]
    : kind === AGGREGATE_ERROR_KIND
    ? [[]]
    : [];
  return withoutStack(() => Reflect.construct(Base, given, Class ?? Base));
}

/** Spares the engine the stack of this thread, which takes it most of the time. */
function withoutStack<T>(make: () => T): T {
  const { stackTraceLimit } = Error as { stackTraceLimit?: number };
  if (!Reflect.set(Error, "stackTraceLimit", 0)) return make();
  try {
    return make();
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}

/** Sets the name or the message, if the class does not give the same. */
function setText(error: Error, key: "name" | "message", text?: string): void {
  if (text === undefined) return;
  try {
    if (error[key] === text) return;
  } catch {
    // A getter of its class, which needs what a constructor would have set.
  }
  define(error, key, text, false);
}

function define(
  error: Error,
  key: string,
  value: unknown,
  enumerable: boolean,
): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    enumerable,
    configurable: true,
  });
}
