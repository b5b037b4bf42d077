// Tasks that spawn tasks, and join them.

import process from "node:process";
import { spawn, type TaskHandle } from "../../../task.ts";
import type { exitAfter } from "./ends.ts";
import type { fail, failLater } from "./errors.ts";
import type { wait } from "./event_loop.ts";
import type { count, hold } from "./meetings.ts";
import type { add, bytes, echo } from "./values.ts";
import { pause, waitFor } from "./words.ts";

/** As many bytes as are told, by a child. */
export async function sizeOfBytes(length: number): Promise<number> {
  const { length: found } = await spawn<typeof bytes>("bytes", [length])
    .joinAsync();
  return found;
}

/** Joins, in the event loop, children that begin elsewhere: one has to. */
export async function joinInLoop(at: number): Promise<number> {
  await pause(2);
  const child = spawn<typeof hold>("hold", [at]);
  // Nobody runs it here.
  waitFor(at);
  return child.join();
}

/** Joins, in the event loop, and meanwhile runs a task that joins, too. */
export async function joinsInLoop(at: number): Promise<number> {
  await pause(2);
  const child = spawn<typeof hold>("hold", [at]);
  waitFor(at);
  const other = spawn<typeof joinHeld>("joinHeld", [at + 2]);
  return child.join() + other.join();
}

export function fib(n: number): number {
  if (n < 2) return n;
  const other = spawn<typeof fib>("fib", [n - 1]);
  return fib(n - 2) + other.join();
}

export function descend(depth: number): number {
  if (depth === 0) return 0;
  return spawn<typeof descend>("descend", [depth - 1]).join() + 1;
}

export function fan(children: number): number {
  const all = Array.from(
    { length: children },
    (_, child) => spawn<typeof echo>("echo", [child]) as TaskHandle<number>,
  );
  return all.reduce((sum, child) => sum + child.join(), 0);
}

export async function fanLater(children: number): Promise<number> {
  const all = Array.from(
    { length: children },
    (_, child) => spawn<typeof echo>("echo", [child]) as TaskHandle<number>,
  );
  const values = await Promise.all(all.map((child) => child.joinAsync()));
  return values.reduce((sum, value) => sum + value, 0);
}

export function joinFailing(kind: string): unknown {
  spawn<typeof fail>("fail", [kind]).join();
  return "no error";
}

export async function joinFailingLater(kind: string): Promise<unknown> {
  await spawn<typeof fail>("fail", [kind]).joinAsync();
  return "no error";
}

export function joinAsyncTask(ms: number): number {
  return spawn<typeof wait>("wait", [ms]).join();
}

export async function joinAsyncTaskLater(ms: number): Promise<number> {
  return await spawn<typeof wait>("wait", [ms]).joinAsync();
}

export function spawnAndLeave(at: number, children: number): void {
  for (let child = 0; child < children; child++) {
    spawn<typeof count>("count", [at]);
  }
}

export function spawnUnknown(name: string): void {
  spawn(name, []);
}

export function spawnUnsendable(): void {
  spawn("echo", [() => {}]);
}

/** Joins tasks of both kinds, in an order in which some have begun elsewhere. */
export function joinMixed(ms: number, depth: number): number {
  const later = spawn<typeof wait>("wait", [ms]);
  const children = Array.from(
    { length: 4 },
    () => spawn<typeof fib>("fib", [depth + 4]),
  );
  const inner = depth > 0
    ? spawn<typeof joinMixed>("joinMixed", [ms, depth - 1])
    : undefined;
  for (const child of children) child.join();
  inner?.join();
  return later.join();
}

export function tree(depth: number): number {
  if (depth === 0) return 1;
  const [left, right] = [depth - 1, depth - 1].map((it) =>
    spawn<typeof tree>("tree", [it])
  );
  return left!.join() + right!.join();
}

export function spawnFailing(): void {
  spawn<typeof fail>("fail", ["type"]);
  spawn<typeof failLater>("failLater", ["type"]);
}

/** Joins a child that another worker has. */
export function joinHeld(at: number): number {
  const child = spawn<typeof hold>("hold", [at]);
  waitFor(at);
  return child.join();
}

/** Joins a child that another worker has and dies with. */
export function joinExiting(at: number): string {
  const child = spawn<typeof exitAfter>("exitAfter", [at, 5]);
  waitFor(at);
  try {
    child.join();
    return "no error";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Spawns children, and dies before they are done. */
export function spawnAndExit(at: number, children: number): void {
  for (let child = 0; child < children; child++) {
    spawn<typeof count>("count", [at]);
  }
  process.exit(6);
}

export function joinTwice(): unknown[] {
  const child = spawn<typeof add>("add", [1, 2]);
  const before = child.isDone;
  return [before, child.join(), child.isDone, child.join()];
}
