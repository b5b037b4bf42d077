// Two tasks of two workers, each of which would wait for the other one.

import { spawn, type TaskHandle, worker } from "../../../task.ts";
import type { hold } from "./meetings.ts";
import { pause, publish, waitFor, words } from "./words.ts";

/**
 * Returns a promise, without being asynchronous by its form, on the worker that
 * is wanted; any other one waits until the word at `end` is set.
 */
export function promiseOn(
  wanted: number,
  at: number,
  end: number,
): Promise<void> | void {
  const isHere = worker.index === wanted;
  publish(at, isHere ? 1 : 2);
  if (isHere) return pause(1);
  waitFor(end);
}

/**
 * One of two workers that close a circle; `mine` and `other` are five words
 * each. While it joins a child that a third worker holds, it takes the promise
 * of the other one, which then joins what goes on here; and so the other way.
 */
export function closeCircle(
  mine: number,
  other: number,
  isFirst: boolean,
): void {
  publish(mine + 4, worker.index + 1);
  const held = spawn<typeof hold>("hold", [mine]);
  // Nobody who joins is to take what is to be held.
  waitFor(mine);
  waitFor(other);
  const joinHeld = () => {
    publish(mine + 3, 1);
    held.join();
  };
  if (isFirst) joinHeld();
  waitFor(other + 3);
  const promise = spawnOn(words()[other + 4]! - 1, mine + 2);
  // What the other one joins is done.
  publish(other + 1, 1);
  if (!isFirst) joinHeld();
  promise.join();
}

/** Spawns one that begins on this worker. */
function spawnOn(wanted: number, at: number): TaskHandle<unknown> {
  for (;;) {
    publish(at, 0);
    const promise = spawn<typeof promiseOn>("promiseOn", [wanted, at, 10]);
    waitFor(at);
    if (words()[at] === 1) return promise;
  }
}
