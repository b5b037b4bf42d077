// Threads that ring a driver which another thread sleeps in.

import type { Runtime } from "../../mod.ts";
import type { Driver } from "../../src/driver.ts";
import { bodies, waitWhile } from "../threads.ts";
import type { Remote } from "./driver.ts";

/** What a ringer is told. */
export interface RingArgs {
  readonly remote: Remote;
  /** What it is asked for, or -1 to end; and how many rings there have been. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** What a rescuer is told. */
export interface RescueArgs {
  readonly remote: Remote;
  /** How many sleeps have ended, or -1 to end; how often it had to ring. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Milliseconds that a sleep may take. */
  readonly patience: number;
}

async function open(runtime: Runtime, remote: Remote): Promise<Driver> {
  const exports = await import(remote.module);
  return exports[remote.name](runtime, remote.args);
}

/** Does something each time it is asked. */
function answer(words: RingArgs["words"], ring: () => void): void {
  for (let seen = 0;;) {
    seen = waitWhile(words, 0, seen);
    if (seen < 0) return;
    Atomics.add(words, 1, 1);
    ring();
  }
}

async function ringWhenAsked(runtime: Runtime, args: RingArgs): Promise<void> {
  const driver = await open(runtime, args.remote);
  answer(args.words, () => driver.unpark());
}

async function shutdownWhenAsked(
  runtime: Runtime,
  args: RingArgs,
): Promise<void> {
  const driver = await open(runtime, args.remote);
  answer(args.words, () => driver.shutdown());
}

/** Rings as many times as it is asked to. */
async function ringAway(
  runtime: Runtime,
  { remote, words }: RingArgs,
): Promise<void> {
  const driver = await open(runtime, remote);
  for (let left = waitWhile(words, 0, 0); left > 0; left--) {
    Atomics.add(words, 1, 1);
    driver.unpark();
  }
}

/** Ends sleeps that do not end. */
async function rescue(runtime: Runtime, args: RescueArgs): Promise<void> {
  const { words, patience } = args;
  const driver = await open(runtime, args.remote);
  for (;;) {
    const seen = Atomics.load(words, 0);
    if (seen < 0) return;
    if (Atomics.wait(words, 0, seen, patience) !== "timed-out") continue;
    Atomics.add(words, 1, 1);
    driver.unpark();
  }
}

export default bodies({ ringWhenAsked, shutdownWhenAsked, ringAway, rescue });
