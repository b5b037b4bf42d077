// A program that has nothing to do but its parkAsync(), and ends when that has.
//
//   alive_script.ts [token | timeout | abort | shutdown | poll]
//
// async_park_test.ts runs it. Prints how the park ended.

import process from "node:process";
import { Runtime } from "../../mod.ts";

/** Milliseconds: a process that is not kept alive has long ended. */
const LATER = 150;

const runtime = Runtime.create({ parkers: 1 });
const parker = runtime.parker();
const controller = new AbortController();

/** Does it later, without keeping the process alive. */
function later(action: () => void): void {
  const timer: unknown = setTimeout(action, LATER);
  // Deno's own timers are numbers.
  const { Deno } = globalThis as unknown as {
    Deno?: { unrefTimer(id: unknown): void };
  };
  if (typeof timer === "number") Deno?.unrefTimer(timer);
  else (timer as { unref(): void }).unref();
}

const EVENTS: Record<string, () => Promise<unknown>> = {
  token: () => {
    later(() => runtime.unparker(parker.handle).unpark());
    return parker.parkAsync();
  },
  timeout: () => parker.parkAsync({ timeout: LATER }),
  abort: () => {
    later(() => controller.abort(new Error("aborted")));
    return parker.parkAsync({ signal: controller.signal });
  },
  shutdown: () => {
    later(() => runtime.shutdown());
    return parker.parkAsync();
  },
  poll: () => parker.parkAsync({ timeout: 0 }),
};

const park = EVENTS[process.argv[2]!]!();
park.then(
  (result) => console.log(result),
  (error: Error) => console.log(error.message),
);
