// The least of a test runner, for places that have none.

import type { LaybyError } from "../../mod.ts";

/** What came of one check. */
export interface Outcome {
  readonly name: string;
  /** What it threw; undefined if it has passed. */
  readonly error: string | undefined;
}

/** Milliseconds that one check may take. */
const LIMIT = 20_000;

/** A check: what it is called, and what it does. */
export type Check = readonly [name: string, body: () => unknown];

const checks: Check[] = [];

/** Names a check. They run one after the other. */
export function check(name: string, body: () => unknown): void {
  checks.push([name, body]);
}

/** The checks that were named, for another runner. */
export function takeChecks(): Check[] {
  return checks.splice(0);
}

/** Runs the checks. */
export async function runChecks(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [name, body] of takeChecks()) {
    outcomes.push({ name, error: await outcomeOf(body) });
  }
  return outcomes;
}

async function outcomeOf(body: () => unknown): Promise<string | undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("It hangs")), LIMIT);
  try {
    await Promise.race([body(), promise]);
    return undefined;
  } catch (error) {
    const { stack, message } = error as Error;
    return stack?.includes(message) ? stack : `${message}\n${stack}`;
  } finally {
    clearTimeout(timer);
  }
}

/** Checks that two values look the same. */
export function same(found: unknown, wanted: unknown): void {
  const [left, right] = [show(found), show(wanted)];
  if (left !== right) throw new Error(`Found ${left} in place of ${right}`);
}

/** Checks that a text matches. */
export function match(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${text} does not match ${pattern}`);
}

/** What a call throws, or its promise rejects with. */
export async function errorOf(call: () => unknown): Promise<LaybyError> {
  try {
    await call();
  } catch (error) {
    return error as LaybyError;
  }
  throw new Error("Nothing was thrown");
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, it) => {
    if (it instanceof Map || it instanceof Set) return [`${it}`, ...it];
    if (it instanceof Error) return [it.name, it.message, { ...it }];
    if (ArrayBuffer.isView(it)) return [`${it}`];
    if (typeof it === "bigint") return `${it}n`;
    return it === undefined ? "undefined" : it;
  });
}
