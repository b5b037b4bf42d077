// What section 9.D of the checklist says of every driver that a thread blocks in.
// Each is given a runtime that sleeps in one.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime } from "../../mod.ts";
import {
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
} from "../../src/core/core.generated.ts";
import { coreOf, stateOf, transitionsOf } from "../cores.ts";
import { outcome, run, sharedWords, until, untilParked } from "../threads.ts";

const BODIES = new URL("./driver_bodies.ts", import.meta.url);
const PARKS = new URL("./park_bodies.ts", import.meta.url);

function newHandle(runtime: Runtime): ParkerHandle {
  return runtime.parker().detach();
}

/** 37: of a runtime with a traced core. */
export async function ringsSetNoToken(
  runtime: Runtime,
  ring: () => void,
): Promise<void> {
  const core = coreOf(runtime);
  const [first, second] = [newHandle(runtime), newHandle(runtime)];
  const handles = [first, second, runtime.parker().handle];
  const owners = [first, second].map((handle) =>
    run(runtime, PARKS, "park", { handle })
  );
  await untilParked(runtime, first);
  await untilParked(runtime, second);
  const inDriver = stateOf(core, first) === PARKED_DRIVER ? first : second;
  const before = handles.map((handle) => transitionsOf(core, handle));
  ring();
  await until(() => runtime.counters(inDriver).turns === 1);
  assert.deepEqual(
    handles.map((handle) => transitionsOf(core, handle)),
    before,
  );
  for (const handle of [first, second]) runtime.unparker(handle).unpark();
  for (const owner of owners) await outcome(owner);
}

/** 42. Some of the parks find the driver busy, and none needs it. */
export async function tokensComeBesidePolls(runtime: Runtime): Promise<void> {
  const core = coreOf(runtime);
  const [handle, polling] = [newHandle(runtime), newHandle(runtime)];
  const words = sharedWords(1);
  const poller = run(runtime, BODIES, "pollUntilSet", {
    handle: polling,
    words,
  });
  await until(() => runtime.counters(polling).turns > 100);
  const count = 100;
  const owner = run(runtime, PARKS, "park", { handle, count });
  for (let round = 0; round < count; round++) {
    await untilParked(runtime, handle);
    runtime.unparker(handle).unpark();
    await until(() => stateOf(core, handle) !== NOTIFIED);
  }
  const { results } = await outcome(owner);
  assert.ok(results.every((result: string) => result === "unparked"));
  Atomics.store(words, 0, 1);
  assert.ok(await outcome(poller) > 100);
}

/** 42 again, and now all of them find the driver busy. */
export async function tokensComeToWords(runtime: Runtime): Promise<void> {
  const core = coreOf(runtime);
  const [handle, holding] = [newHandle(runtime), newHandle(runtime)];
  const words = sharedWords(2);
  const holder = run(runtime, BODIES, "pollAndStay", {
    handle: holding,
    words,
  });
  await until(() => Atomics.load(words, 1) === 1);
  const owner = run(runtime, PARKS, "park", { handle });
  await untilParked(runtime, handle);
  assert.equal(stateOf(core, handle), PARKED_CONDVAR);
  runtime.unparker(handle).unpark();
  assert.deepEqual((await outcome(owner)).results, ["unparked"]);
  Atomics.store(words, 0, 1);
  assert.equal(await outcome(holder), "timed-out");
}
