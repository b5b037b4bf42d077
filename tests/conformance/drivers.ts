// The drivers to test, as one thread makes them and another finds them.

import { Runtime, type WaitName } from "../../mod.ts";
import { currentHost, openSelector } from "../../src/compose.ts";
import { EventLoopDriver } from "../../src/drivers/event_loop.ts";
import { TimeDriver } from "../../src/drivers/time.ts";
import type { SelectorDriver } from "../../src/drivers/selector.ts";
import { bunHost } from "../../src/hosts/bun.ts";
import { coreOf, doorbellOf } from "../cores.ts";
import { sharedWords } from "../threads.ts";
import type { SelectorName } from "../io/selectors.ts";
import { PATIENCE, type Subject } from "./driver.ts";
import { WordDriver } from "./word_driver.ts";

/** The time driver of a runtime, which the runtime does not use. */
export function openTime(runtime: Runtime, wait: WaitName): TimeDriver {
  const { exports, words } = coreOf(runtime);
  const futex = wait === "futex" ? bunHost.futex(words.buffer) : undefined;
  if (typeof futex === "string") throw new Error(`No futex: ${futex}`);
  return new TimeDriver(exports, futex);
}

/** The driver of an event loop, by its doorbell. */
export function openEventLoop(
  runtime: Runtime,
  doorbell: number,
): EventLoopDriver {
  return new EventLoopDriver(coreOf(runtime).words, doorbell);
}

export function makeTime(wait: WaitName): Subject {
  const runtime = Runtime.create({ wait });
  const remote = {
    module: import.meta.url,
    name: openTime.name,
    args: wait,
  };
  const driver = openTime(runtime, wait);
  return { driver, runtime, remote, patience: PATIENCE };
}

export function makeEventLoop(): Subject {
  const runtime = Runtime.create();
  const doorbell = doorbellOf(coreOf(runtime), runtime.parker().handle);
  const remote = {
    module: import.meta.url,
    name: openEventLoop.name,
    args: doorbell,
  };
  const driver = openEventLoop(runtime, doorbell);
  return { driver, runtime, remote, patience: PATIENCE };
}

/** One more object for the selector that the runtime sleeps in. */
export function openIo(runtime: Runtime): SelectorDriver {
  return openSelector(coreOf(runtime), currentHost(), undefined);
}

export function makeSelector(name: SelectorName): Subject {
  const runtime = Runtime.create({ driver: name });
  const remote = {
    module: import.meta.url,
    name: openIo.name,
    args: undefined,
  };
  return { driver: openIo(runtime), runtime, remote, patience: PATIENCE };
}

/** The driver that docs/drivers.md has for an example. */
export function openWord(
  _: Runtime,
  word: Int32Array<SharedArrayBuffer>,
): WordDriver {
  return new WordDriver(word);
}

export function makeWord(): Subject {
  const runtime = Runtime.create();
  const word = sharedWords(1);
  const remote = { module: import.meta.url, name: openWord.name, args: word };
  const driver = openWord(runtime, word);
  return { driver, runtime, remote, patience: PATIENCE };
}
