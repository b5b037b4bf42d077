// Where a pool's tasks come from: a URL, a module that is loaded, or both.

import { checkObject } from "../arguments.ts";
import { ArgumentTypeError } from "../errors.ts";
import { checkUrl } from "./options.ts";

/**
 * A module of tasks that the caller has imported, and where it is.
 *
 * @typeParam Tasks The type of the module.
 */
export interface TaskSource<Tasks> {
  /**
   * Where the module is, for workers to import it. Without threads it may be
   * left out: `URL.parse("./tasks.js", import.meta.url)` is null in a bundle that
   * has no URL.
   */
  readonly url?: URL | string | null | undefined;
  /** The module: `import * as tasks`. Only a pool without threads uses it. */
  readonly exports: Tasks;
}

/** A module as it is looked for. */
export interface CheckedSource {
  readonly url: string | undefined;
  readonly exports: Readonly<Record<string, unknown>> | undefined;
}

/** Checks what was given as a module. */
export function checkSource(
  module: URL | string | TaskSource<unknown>,
): CheckedSource {
  const action = "start a pool";
  if (module instanceof URL || typeof module !== "object" || module === null) {
    return { url: checkUrl(action, "module", module), exports: undefined };
  }
  const { url, exports } = module;
  checkObject(action, "module.exports", exports as object);
  return {
    url: url === undefined || url === null
      ? undefined
      : checkUrl(action, "module.url", url),
    exports: exports as CheckedSource["exports"],
  };
}

/**
 * Where workers find the module.
 *
 * @throws {ArgumentTypeError} If nobody has told.
 */
export function urlForWorkers({ url }: CheckedSource): string {
  if (url !== undefined) return url;
  throw new ArgumentTypeError(
    "Cannot start a pool as module.url must be a URL where there are threads: " +
      "pass new URL(path, import.meta.url)",
  );
}
