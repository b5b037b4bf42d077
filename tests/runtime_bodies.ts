// Thread bodies for runtime_test.ts. Each runs on a thread of its own.

import { LaybyError, Runtime } from "../mod.ts";
import type {
  Parker,
  ParkerHandle,
  ParkResult,
  RuntimeHandle,
} from "../mod.ts";
import { bodies } from "./threads.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** The ways to park until something ends it. */
export const WAYS = [
  "park",
  "parkTimeout",
  "parkDeadline",
  "parkAsync",
  "parkAsync, timed",
] as const;

export type Way = typeof WAYS[number];

const HOUR = 3_600_000;

/** Parks in one of the ways, for an hour at least. */
export function parkIn(
  way: Way,
  runtime: Runtime,
  parker: Parker,
): ParkResult | Promise<ParkResult> {
  switch (way) {
    case "park":
      return parker.park();
    case "parkTimeout":
      return parker.parkTimeout(HOUR);
    case "parkDeadline":
      return parker.parkDeadline(runtime.now() + HOUR);
    case "parkAsync":
      return parker.parkAsync();
    case "parkAsync, timed":
      return parker.parkAsync({ timeout: HOUR });
  }
}

function isShutdownError(error: unknown): boolean {
  return error instanceof LaybyError && error.code === "shutdown";
}

/** Parks in a runtime that is being shut down. */
async function parkInShutdown(
  runtime: Runtime,
  way: Way,
  arrive: () => void,
  claimsLate: boolean,
): Promise<ParkResult> {
  const early = claimsLate ? undefined : runtime.parker();
  arrive();
  try {
    return await parkIn(way, runtime, early ?? runtime.parker());
  } catch (error) {
    if (isShutdownError(error)) return "shutdown";
    throw error;
  }
}

export default bodies({
  describe: (runtime) => ({
    host: runtime.host,
    mayBlock: runtime.mayBlock,
    isShutdown: runtime.isShutdown,
    now: runtime.now(),
  }),

  park: (runtime, { handle, way }: { handle: ParkerHandle; way: Way }) =>
    parkIn(way, runtime, runtime.adopt(handle)),

  /** Parks until there is a token, whosever timers it fires. */
  parkOn: async (
    runtime,
    { handle, way }: { handle: ParkerHandle; way: Way },
  ) => {
    const parker = runtime.adopt(handle);
    let result = await parkIn(way, runtime, parker);
    while (result === "driver") result = await parkIn(way, runtime, parker);
    return result;
  },

  /** Attaches to a runtime that it was not spawned by. */
  parkElsewhere: (
    _runtime,
    { there, handle }: { there: RuntimeHandle; handle: ParkerHandle },
  ) => Runtime.attach(there).adopt(handle).park(),

  shutdown: (runtime) => {
    runtime.shutdown();
    return runtime.isShutdown;
  },

  /** Leaves a block that disposes of the runtime. */
  dispose: (runtime) => {
    {
      using _attached = runtime;
    }
    return runtime.isShutdown;
  },

  /** Unparks until the runtime is shut down, and then some more. */
  unparkOn: (runtime, handle: ParkerHandle) => {
    const unparker = runtime.unparker(handle);
    while (!runtime.isShutdown) unparker.unpark();
    for (let unparks = 0; unparks < 1000; unparks++) unparker.unpark();
    return unparker.unpark();
  },

  /** Parks in one runtime after another. Returns the results it had. */
  raceShutdowns: async (
    _runtime,
    { handles, arrivals, way }: {
      handles: RuntimeHandle[];
      arrivals: Words;
      way: Way;
    },
  ): Promise<ParkResult[]> => {
    const results = new Set<ParkResult>();
    for (const [round, handle] of handles.entries()) {
      const arrive = () => {
        Atomics.add(arrivals, round, 1);
        Atomics.notify(arrivals, round);
      };
      const runtime = Runtime.attach(handle);
      results.add(
        await parkInShutdown(runtime, way, arrive, round % 2 === 1),
      );
      results.add(runtime.isShutdown ? "shutdown" : "timed-out");
    }
    return [...results];
  },
});
