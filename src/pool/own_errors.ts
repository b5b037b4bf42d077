// The errors of layby itself, which tasks throw too, or have thrown at them.

import { UncloneableError } from "../codec/mod.ts";
import type { ErrorClasses } from "../codec/mod.ts";
import * as own from "../errors.ts";

/** The classes that errors of tasks become instances of, by name. */
export function withOwnErrors(errors: ErrorClasses | undefined): ErrorClasses {
  return { ...own, UncloneableError, ...errors };
}
