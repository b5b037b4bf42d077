// What an operation does until it would block, and what it then waits for:
// written once, and run in the event loop or blocking.

import { checkObject, checkTimeout } from "../arguments.ts";
import type { RegistrationPlace } from "../driver.ts";
import {
  ArgumentTypeError,
  CannotBlockError,
  TimedOutError,
} from "../errors.ts";
import type { ReadyOptions, ReadySyncOptions } from "../io/registration.ts";
import type { Watch } from "../io/watch.ts";

/** What an operation waits for. */
export interface Need {
  readonly place: RegistrationPlace;
  readonly way: number;
}

/** An operation. It is resumed when what it needs may be there. */
export type Steps<T> = Generator<Need, T, void>;

/** An operation's name in messages, and its twin that does not block. */
export interface Operation {
  /** As in `Cannot read`. */
  readonly action: string;
  /** As in `use read()`. */
  readonly twin: string;
}

/** What has a way to wait: a source of descriptors, or a descriptor. */
interface Waiter {
  readonly watch: Watch;
}

/** As many as Tokio's tasks do before they let others run. */
const BUDGET = 128;

/** Operations of this thread that were done since it let others run. */
let done = 0;

/** Runs the steps, and waits in the event loop. */
export async function run<T>(
  { watch }: Waiter,
  { action }: Operation,
  steps: Steps<T>,
  options: ReadyOptions = {},
): Promise<T> {
  checkObject(action, "options", options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ArgumentTypeError(
      `Cannot ${action} as signal must be an AbortSignal`,
    );
  }
  // What is always ready would keep timers and messages from this thread.
  if (++done >= BUDGET) {
    done = 0;
    await watch.local.host.turn();
  }
  signal?.throwIfAborted();
  let step = steps.next();
  while (!step.done) {
    const { place, way } = step.value;
    try {
      await watch.wait(place, way, signal);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/** Runs the steps, and blocks. */
export function runSync<T>(
  { watch }: Waiter,
  { action, twin }: Operation,
  steps: Steps<T>,
  options: ReadySyncOptions = {},
): T {
  checkObject(action, "options", options);
  const { timeout = Infinity } = options;
  checkTimeout(action, timeout);
  const { host, mayBlock } = watch.local;
  const deadline = timeout === Infinity ? Infinity : host.now() + timeout;
  let step = steps.next();
  while (!step.done) {
    const { place, way } = step.value;
    try {
      if (!mayBlock) throw new CannotBlockError(action, twin);
      const left = deadline === Infinity ? Infinity : deadline - host.now();
      watch.block(place, way, Math.max(left, 0));
    } catch (error) {
      step = steps.throw(
        error instanceof TimedOutError ? timedOut(action, timeout) : error,
      );
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

function timedOut(action: string, timeout: number): TimedOutError {
  const what = `The attempt to ${action}`;
  return new TimedOutError(what, timeout, "give it more time");
}
