// Wakes whom the core has noted, where waking is the host's.

import { CALLER_BYTES } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import { type Local, wakeAll } from "../core/local.ts";
import { readPoolMap } from "./map.ts";

// Words of a caller, as the core has them.
const PENDING = 5;
const OUTBOX = 16;
/** Words of the outbox. */
const ENTRIES = 8;

/** The calls of the core after which there may be somebody to wake. */
const WAKING = [
  "taskSubmit",
  "callerNotify",
  "callerWake",
  "callerDiscard",
  "workerNext",
  "workerFinish",
  "workerSpawn",
  "workerTakeBack",
  "workerGiveBack",
  "workerEndSearch",
  "workerPark",
  "workerClose",
  "workerRecover",
] as const satisfies readonly (keyof CoreExports)[];

type Call = (first: number, second: number, third: number) => number;

/**
 * A thread's part of a pool's runtime, whose core wakes by itself whom a call
 * has it wake: what it was, where WebAssembly does.
 *
 * @param caller Which caller of the core's the thread is.
 */
export function withWakes(local: Local, caller: number): Local {
  if (!local.futex && !local.io) return local;
  const { core, words } = local;
  const { callersAt } = readPoolMap(words);
  const pendingAt = (callersAt + caller * CALLER_BYTES >> 2) + PENDING;
  const then = (call: Call): Call => (first, second, third) => {
    const result = call(first, second, third);
    if (words[pendingAt] !== 0) wakeNoted(local, pendingAt);
    return result;
  };
  const waking = WAKING.map((name) => [name, then(core[name] as Call)]);
  return {
    ...local,
    core: { ...core, ...Object.fromEntries(waking) },
    staysInDriver: true,
  };
}

function wakeNoted(local: Local, pendingAt: number): void {
  const { words, core } = local;
  const count = words[pendingAt]!;
  // The thread's own words: nobody else reads or writes them.
  words[pendingAt] = 0;
  // More than there is room for: whoever was meant is among all.
  if (count > ENTRIES) return wakeAll(local);
  const outboxAt = pendingAt - PENDING + OUTBOX;
  const bell = core.bellAddress();
  for (let place = 0; place < count; place++) {
    const address = words[outboxAt + place]!;
    if (address === bell && local.io) local.io.wakeOwner();
    else local.futex!.wake(address);
  }
}
