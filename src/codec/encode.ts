// Values to bytes: the way in.

import type { Serializer } from "../host.ts";
import { Encoder } from "./encoder.ts";
import { UncloneableError } from "./errors.ts";
import { Obstacle } from "./obstacle.ts";
import type { Room } from "./writer.ts";

/** What the values are for whoever sends them. */
export type Subject = "argument" | "result";

/** What nothing can carry, and where it is. */
export interface Refusal {
  /** The way to it, such as `.options.callback`; empty for the value itself. */
  readonly path: string;
  /** What it is: `a function`. */
  readonly what: string;
  /** What to do instead. */
  readonly advice: string;
}

/** An encoder that nobody uses: while it writes, a getter may encode too. */
let spare: Encoder | undefined;

function lend(serializer?: Serializer, looksOnly = false): Encoder {
  const encoder = spare ?? new Encoder();
  spare = undefined;
  encoder.begin(serializer, looksOnly);
  return encoder;
}

function takeBack(encoder: Encoder): void {
  encoder.clear();
  spare = encoder;
}

/**
 * Encodes values one after the other, as structured clone would copy a list of
 * them. Returns how many bytes were written.
 *
 * Getters run, and run once. If anything throws, whoever gave room takes it
 * back.
 *
 * @param serializer For long arrays of primitives, if the platform's copies
 * them faster than it lists their properties: JavaScriptCore's does.
 * @param room Called once at most, with an upper bound of the bytes needed.
 * @param subject What an error calls them.
 * @throws {UncloneableError} If a value cannot cross as bytes.
 */
export function encode(
  values: readonly unknown[],
  serializer: Serializer | undefined,
  room: (size: number) => Room,
  subject: Subject = "argument",
): number {
  const encoder = lend(serializer);
  try {
    write(encoder, values, subject);
    return encoder.writer.flush(room);
  } finally {
    takeBack(encoder);
  }
}

function write(
  encoder: Encoder,
  values: readonly unknown[],
  subject: Subject,
): void {
  let index = 0;
  try {
    for (; index < values.length; index++) encoder.value(values[index]);
  } catch (thrown) {
    throw explain(nameOf(subject, index), encoder.path, thrown);
  }
}

/**
 * Tells whether `encode()` would write the values. It costs as much, and runs
 * getters as well. If not, a message port may still carry them.
 */
export function carries(
  values: readonly unknown[],
  serializer: Serializer | undefined,
): boolean {
  const encoder = lend(serializer);
  try {
    for (const value of values) encoder.value(value);
    return true;
  } catch {
    return false;
  } finally {
    takeBack(encoder);
  }
}

/**
 * Finds the first part of a value that nothing can carry, neither bytes nor a
 * message port; undefined if it finds none. Runs no getters.
 */
export function pathOf(value: unknown): Refusal | undefined {
  const encoder = lend(undefined, true);
  try {
    encoder.value(value);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Obstacle) || thrown.byPort) return undefined;
    const { what, advice } = thrown;
    return { path: encoder.path, what, advice };
  } finally {
    takeBack(encoder);
  }
}

/** Makes an error of a message port's refusal to carry values. */
export function refusal(
  values: readonly unknown[],
  cause: unknown,
  subject: Subject = "argument",
): UncloneableError {
  for (const [index, value] of values.entries()) {
    const found = pathOf(value);
    if (found) return refuse(nameOf(subject, index), found, false, { cause });
  }
  const name = subject === "result" ? "the result" : "the arguments";
  return new UncloneableError(
    `Cannot send ${name} as structured clone refuses a part: see the cause`,
    false,
    { cause },
  );
}

/** Makes an error of what was thrown while a value was written. */
function explain(name: string, path: string, thrown: unknown): Error {
  if (thrown instanceof Obstacle) {
    const { what, advice, byPort } = thrown;
    return refuse(name, { path, what, advice }, byPort);
  }
  return new UncloneableError(
    `Cannot send ${name} as reading ${partText(path)} threw: see the cause`,
    false,
    { cause: thrown },
  );
}

function refuse(
  name: string,
  { path, what, advice }: Refusal,
  byPort: boolean,
  options?: ErrorOptions,
): UncloneableError {
  return new UncloneableError(
    `Cannot send ${name} as ${partText(path)} is ${what}: ${advice}`,
    byPort,
    options,
  );
}

function nameOf(subject: Subject, index: number): string {
  return subject === "result" ? "the result" : `argument ${index + 1}`;
}

function partText(path: string): string {
  return path === "" ? "it" : `its ${path}`;
}
