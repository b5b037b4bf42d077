// The tasks of pool_test.ts: they wait for descriptors in every way.

import process from "node:process";
import { setTimeout } from "node:timers";
import { UnixStream } from "../../mod.ts";
import { spawn, worker } from "../../task.ts";
import { readNow, writeNow } from "./sockets.ts";

/** What the pool is given as its `data`. */
export interface Shared {
  readonly words: Int32Array<SharedArrayBuffer>;
}

function words(): Int32Array<SharedArrayBuffer> {
  return (worker.data as Shared).words;
}

export function add(a: number, b: number): number {
  return a + b;
}

/** Sends back what it receives, until the end or a cancel. Returns how much. */
export async function echo(fd: number): Promise<number> {
  using watch = worker.io.register(fd, { read: true });
  const { signal } = worker;
  let count = 0;
  for (;;) {
    const ready = await watch.readable({ signal });
    for (;;) {
      const bytes = readNow(fd);
      if (bytes === null) return count;
      if (bytes === undefined) break;
      count += bytes.length;
      for (const value of bytes) writeNow(fd, value);
    }
    watch.clear(ready);
  }
}

/** The same, and blocks. */
export function echoSync(fd: number): number {
  using watch = worker.io.register(fd, { read: true });
  let count = 0;
  for (;;) {
    const ready = watch.readableSync();
    for (;;) {
      const bytes = readNow(fd);
      if (bytes === null) return count;
      if (bytes === undefined) break;
      count += bytes.length;
      for (const value of bytes) writeNow(fd, value);
    }
    watch.clear(ready);
  }
}

/** Waits, blocked, for a descriptor for which nothing comes. */
export function blockFor(fd: number, at: number): void {
  using watch = worker.io.register(fd, { read: true });
  Atomics.store(words(), at, 1);
  watch.readableSync();
}

/** Waits so and then does something in its event loop. */
export async function readThenWait(fd: number, ms: number): Promise<string> {
  using watch = worker.io.register(fd, { read: true });
  await watch.readable();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return `read and waited ${readNow(fd)!.length}`;
}

/** Two waits of one task at the same time, each with something to do after. */
export async function readBoth(first: number, second: number): Promise<number> {
  const one = async (fd: number) => {
    using watch = worker.io.register(fd, { read: true });
    await watch.readable();
    for (let turn = 0; turn < 50; turn++) await undefined;
    return readNow(fd)!.length;
  };
  const [a, b] = await Promise.all([one(first), one(second)]);
  return a + b;
}

/** Reads what there is, and adds it to a word. */
export function take(fd: number, at: number): void {
  for (;;) {
    const bytes = readNow(fd);
    if (!bytes) return;
    Atomics.add(words(), at, bytes.length);
  }
}

/** Ends its worker while it waits, and others do. */
export async function exitOnRead(fd: number): Promise<void> {
  using watch = worker.io.register(fd, { read: true });
  await watch.readable();
  process.exit(3);
}

/** Joins a child that waits for a descriptor on another worker. */
export function joinReader(fd: number): number {
  return spawn<typeof echoSync>("echoSync", [fd]).join();
}

/** Blocks on one descriptor while the event loop waits for another. */
export async function bothSleeps(
  first: number,
  second: number,
): Promise<number> {
  const one = worker.io.register(first, { read: true });
  const other = worker.io.register(second, { read: true });
  const later = one.readable();
  const twice = other.readable();
  await new Promise((resolve) => setTimeout(resolve, 2));
  other.readableSync({ timeout: 10_000 });
  await twice;
  await later;
  one.deregister();
  other.deregister();
  return readNow(first)!.length + readNow(second)!.length;
}

/** Has a stream, and ends its worker when there is something to read. */
export async function exitWithStream(fd: number): Promise<void> {
  const stream = UnixStream.from(worker.io, fd);
  await stream.read(new Uint8Array(8));
  process.exit(4);
}

/** Sends back what a stream receives, until its end. */
export async function echoStream(fd: number): Promise<number> {
  using stream = UnixStream.from(worker.io, fd);
  const bytes = new Uint8Array(4096);
  let total = 0;
  for (;;) {
    const count = await stream.read(bytes);
    if (count === null) return total;
    await stream.writeAll(bytes.subarray(0, count));
    total += count;
  }
}

/** Writes a byte when these milliseconds are over. */
export async function writeLater(fd: number, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  writeNow(fd, 1);
}

/** Waits for a descriptor in the event loop, where the worker has to stay. */
export async function readInLoop(fd: number): Promise<number> {
  using _awake = worker.keepAwake();
  using watch = worker.io.register(fd, { read: true });
  await watch.readable();
  return readNow(fd)!.length;
}
