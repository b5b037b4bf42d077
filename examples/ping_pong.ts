// Two threads take turns. Each unparks the other, and parks until it is its
// turn: asked again after every park, since a park may end for other reasons.

import assert from "node:assert/strict";
import { type ParkerHandle, Runtime } from "../mod.ts";

const TURNS = 20_000;

interface Side {
  /** How many turns were taken. */
  turns: Int32Array;
  first: number;
  mine: ParkerHandle;
  theirs: ParkerHandle;
}

export default function play(runtime: Runtime, side: Side): void {
  const { turns, first, mine, theirs } = side;
  using parker = runtime.adopt(mine);
  const other = runtime.unparker(theirs);
  for (let turn = first; turn < TURNS; turn += 2) {
    while (Atomics.load(turns, 0) !== turn) parker.park();
    Atomics.store(turns, 0, turn + 1);
    other.unpark();
  }
}

if (import.meta.main) {
  using runtime = Runtime.create();
  const [a, b] = [runtime.parker().detach(), runtime.parker().detach()];
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const side = { turns, first: 1, mine: b, theirs: a };
  const thread = runtime.spawn(new URL(import.meta.url), side);
  play(runtime, { turns, first: 0, mine: a, theirs: b });
  await thread.result;
  assert.equal(turns[0], TURNS);
  console.log(`${TURNS} turns taken, one after the other`);
}
