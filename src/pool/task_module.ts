// The module of tasks that a worker imports: what it exports, and its hooks.

import { TaskModuleError } from "../errors.ts";
import type { CheckedSource } from "./source.ts";

/** A task as its module exports it. */
export type TaskFunction = (...args: never[]) => unknown;

/** How the source of a class begins; not that of a method of this name. */
const CLASS = /^class\b(?!\s*\()/;

/** A loaded module of tasks. */
export interface TaskModule {
  /** The functions that it exports, by name. Classes are none: nobody can call one. */
  readonly tasks: ReadonlyMap<string, TaskFunction>;
  /** Calls an export that is no task, if there is a name. */
  callHook(name: string | undefined, data: unknown): Promise<void>;
}

/**
 * Imports a module of tasks.
 *
 * @param names The tasks that others have found in it; all, in the order of
 * their names, if there are none yet.
 * @throws {TaskModuleError} If it fails to load, or lacks what it should have.
 */
export async function tasksOf(
  url: string,
  setup: string | undefined,
  teardown: string | undefined,
  names?: readonly string[],
): Promise<TaskModule> {
  return tasksIn(await importModule(url), url, setup, teardown, names);
}

/**
 * A module of tasks that the caller may have imported already.
 *
 * @throws {TaskModuleError} As `tasksOf()`.
 */
export async function loadTasks(
  { url = "that was given", exports }: CheckedSource,
  setup: string | undefined,
  teardown: string | undefined,
): Promise<TaskModule> {
  const module = exports ?? await importModule(url);
  return tasksIn(module, url, setup, teardown);
}

function tasksIn(
  module: Readonly<Record<string, unknown>>,
  url: string,
  setup: string | undefined,
  teardown: string | undefined,
  names?: readonly string[],
): TaskModule {
  const hooks = [setup, teardown].filter((name) => name !== undefined);
  for (const name of hooks) {
    if (typeof module[name] === "function") continue;
    throw new TaskModuleError(url, `it exports no function ${name}`);
  }
  const found = names ??
    Object.keys(module).filter((name) =>
      name !== "default" && !hooks.includes(name) && isTask(module[name])
    ).sort();
  const tasks = found.map((name) => {
    const it = module[name];
    if (isTask(it)) return [name, it] as const;
    throw new TaskModuleError(
      url,
      `it exported the function ${name} to other workers, and not to this one`,
    );
  });
  return {
    tasks: new Map(tasks),
    async callHook(name, data) {
      if (name !== undefined) {
        await (module[name] as (data: unknown) => unknown)(data);
      }
    },
  };
}

function isTask(it: unknown): it is TaskFunction {
  return typeof it === "function" &&
    !CLASS.test(Function.prototype.toString.call(it));
}

async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (cause) {
    throw new TaskModuleError(url, "it fails to load: see the cause", {
      cause,
    });
  }
}
