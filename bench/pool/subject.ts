// What a pool must do to be measured.

import { Unavailable } from "../unavailable.ts";
import type { TaskName } from "./tasks.ts";

/** A pool whose workers are there, or on their way. */
export interface RunningPool {
  /** Runs a task of tasks.ts in a worker. */
  run(task: TaskName, argument: unknown): Promise<unknown>;
  /**
   * Counts the nodes of a tree in which each node is a task that spawns its
   * children, and joins them, in the workers. Missing where a task cannot spawn
   * tasks.
   */
  tree?(nodes: number): Promise<number>;
}

/** Starts a pool of so many workers, with its own defaults for all else. */
export type Start = (workers: number) => RunningPool | Promise<RunningPool>;

/** Loads what is needed to start pools. */
export type Load = () => Promise<Start>;

/** Loads a package of `bench/pool/package.json`. */
export function loadPeer<Module>(name: string): Promise<Module> {
  return loadModule(name, name);
}

/**
 * Loads a module which nobody is to look for before it is asked for.
 *
 * @throws {Unavailable} If it cannot be loaded.
 */
export async function loadModule<Module>(
  subject: string,
  specifier: string,
): Promise<Module> {
  try {
    return await import(specifier) as Module;
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`;
    throw new Unavailable(`cannot load ${subject}: ${reason.split("\n")[0]}`);
  }
}
