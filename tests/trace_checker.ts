// Asserts that parkers went through the transitions T1 to T14 and no others.
//
// The traced core counts each change of a state word in a matrix of the parker:
// see assembly/trace.ts. Read it when the threads have ended.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime } from "../mod.ts";
import {
  EMPTY,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
} from "../src/core/core.generated.ts";
import { type Core, coreOf, stateOf, transitionsOf } from "./cores.ts";

const NAMES: Record<number, string> = {
  [EMPTY]: "EMPTY",
  [PARKED_CONDVAR]: "PARKED_CONDVAR",
  [PARKED_DRIVER]: "PARKED_DRIVER",
  [NOTIFIED]: "NOTIFIED",
};

const STATES: readonly number[] = Object.keys(NAMES).map(Number);

/** Which of T1 to T14 is a change from one state to another. */
const LEGAL: Record<string, string> = {
  [arrow(NOTIFIED, EMPTY)]: "T1, T3, T4, T6, T8, T10",
  [arrow(EMPTY, PARKED_CONDVAR)]: "T2",
  [arrow(PARKED_CONDVAR, EMPTY)]: "T5",
  [arrow(EMPTY, PARKED_DRIVER)]: "T7",
  [arrow(PARKED_DRIVER, EMPTY)]: "T9",
  [arrow(EMPTY, NOTIFIED)]: "T11",
  [arrow(NOTIFIED, NOTIFIED)]: "T12",
  [arrow(PARKED_CONDVAR, NOTIFIED)]: "T13",
  [arrow(PARKED_DRIVER, NOTIFIED)]: "T14",
};

/** The generation lies above the three bits of state and summons. */
const GENERATION_SHIFT = 3;

function arrow(from: number, to: number): string {
  return `${NAMES[from]} -> ${NAMES[to]}`;
}

/** The name of the state in a parker's word. */
export function stateName(word: number): string {
  return NAMES[word & 3]!;
}

/** How often the record was released: its generation is odd while claimed. */
function releasesOf({ words }: Core, { address }: ParkerHandle): number {
  return Atomics.load(words, address >> 2) >>> GENERATION_SHIFT >> 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The unparks of a traced parker: all that wrote NOTIFIED. */
export function unparksOf(core: Core, handle: ParkerHandle): number {
  return sum(transitionsOf(core, handle).map((row) => row[NOTIFIED]!));
}

/** The changes of a matrix that are none of T1 to T14. */
function illegal(matrix: readonly (readonly number[])[]): string[] {
  return STATES.flatMap((from) =>
    STATES
      .filter((to) => matrix[from]![to] !== 0 && !LEGAL[arrow(from, to)])
      .map((to) => `${arrow(from, to)} happened ${matrix[from]![to]} times`)
  );
}

/** Where the matrix does not lead from EMPTY to what the word says. */
function leaks(
  matrix: readonly (readonly number[])[],
  now: number,
  releases: number,
): string[] {
  const entered = (state: number) => sum(matrix.map((row) => row[state]!));
  const left = (state: number) => sum(matrix[state]!);
  const missing = STATES.map((state) =>
    entered(state) + Number(state === EMPTY) - left(state) -
    Number(state === now)
  );
  // A release takes the token with it, NOTIFIED -> EMPTY, and is not traced.
  const dropped = Math.min(Math.max(missing[NOTIFIED]!, 0), releases);
  missing[NOTIFIED]! -= dropped;
  missing[EMPTY]! += dropped;
  return STATES
    .filter((state) => missing[state] !== 0)
    .map((state) =>
      `${NAMES[state]} was entered ${entered(state)} times and left ` +
      `${left(state)} times, and the parker is ${NAMES[now]}` +
      (releases > 0 ? ` after ${releases} releases` : "")
    );
}

/**
 * Asserts that these parkers, of a runtime with the traced core, have done
 * nothing but T1 to T14, and that what they did led to the state they are in.
 * The handles may be stale: all claims of a record are counted together.
 */
export function checkTrace(
  runtime: Runtime,
  handles: readonly ParkerHandle[],
): void {
  const core = coreOf(runtime);
  const problems = handles.flatMap((handle) => {
    const matrix = transitionsOf(core, handle);
    const found = [
      ...illegal(matrix),
      ...leaks(matrix, stateOf(core, handle), releasesOf(core, handle)),
    ];
    return found.map((problem) => `parker at ${handle.address}: ${problem}`);
  });
  assert.equal(problems.join("\n"), "");
}
