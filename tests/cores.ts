// The core under the facade, for what the facade does not let a test do.

import assert from "node:assert/strict";
import { type ParkerHandle, Runtime, type RuntimeOptions } from "../mod.ts";
import { TIMERS_ONLY } from "../src/core/core.generated.ts";
import { attachCore, compileBytes, type Core } from "../src/core/module.ts";
import { TRACE_WASM_BASE64 } from "./core/trace.generated.ts";

export type { Core };

const STATE = 3;
const SUMMONED = 4;

/** An instance over the memory of a runtime, such as one more thread has. */
export function coreOf(runtime: Runtime): Core {
  return attachCore(runtime.handle);
}

/** The flags in the header of a memory, as an index of words. */
const FLAGS = 3;

/**
 * A runtime whose driver is slept in though no timer is armed, as one is that
 * has events of its own. The driver that serves timers only is left alone until
 * there are some.
 */
export function createDriven(options?: RuntimeOptions): Runtime {
  const runtime = Runtime.create(options);
  coreOf(runtime).words[FLAGS]! &= ~TIMERS_ONLY;
  return runtime;
}

/** `EMPTY`, `PARKED_CONDVAR`, `PARKED_DRIVER` or `NOTIFIED`. */
export function stateOf({ words }: Core, { address }: ParkerHandle): number {
  return Atomics.load(words, address >> 2) & STATE;
}

/** Whether a sleeper was asked to take the driver, and has not woken since. */
export function isSummoned(
  { words }: Core,
  { address }: ParkerHandle,
): boolean {
  return (Atomics.load(words, address >> 2) & SUMMONED) !== 0;
}

/** The bell of the shared driver, as an index of words. */
export function bellOf({ exports }: Core): number {
  return exports.bellAddress() >> 2;
}

/** The doorbell of an event loop, as an index of words. */
export function doorbellOf(
  { exports }: Core,
  { address }: ParkerHandle,
): number {
  return exports.parkerDoorbell(address) >> 2;
}

/** The core that counts transitions. Pass it to `Runtime.create()`. */
export const TRACED: WebAssembly.Module = compileBytes(TRACE_WASM_BASE64);

const TRACE_OFFSET = 192;

/** How often a traced parker went from a state to another: `[from][to]`. */
export function transitionsOf(
  { words }: Core,
  { address }: ParkerHandle,
): [number, number, number, number][] {
  const first = (address + TRACE_OFFSET) >> 2;
  const cell = (from: number, to: number) =>
    Atomics.load(words, first + 4 * from + to);
  return [0, 1, 2, 3].map((from) => [
    cell(from, 0),
    cell(from, 1),
    cell(from, 2),
    cell(from, 3),
  ]);
}

/** Takes the driver for nobody, so that every park is outside of it. */
export function occupyDriver(runtime: Runtime, { exports }: Core): void {
  assert.ok(exports.driverTake(runtime.parker().handle.address));
}
