// How a thread comes to a parker of its own.

import type { ParkerHandle } from "../core/handle.ts";
import type { Local } from "../core/local.ts";
import { ExhaustedError, ShutdownError } from "../errors.ts";
import { checkHooks, Parker, type ParkerOptions } from "./parker.ts";

/** Claims a parker for the calling thread: see `Runtime.parker()`. */
export function claimParker(
  local: Local,
  options: ParkerOptions = {},
): Parker {
  checkHooks(options);
  const { core, thread, regions } = local;
  if (core.shutdownBegun()) throw new ShutdownError("claim a parker");
  const address = core.parkerClaim(thread);
  if (address === 0) {
    throw new ExhaustedError("parker", regions.parkers.count);
  }
  const handle: ParkerHandle = {
    kind: "parker",
    runtime: local.id,
    address,
    claim: core.parkerBase(address),
  };
  return new Parker(local, handle, options);
}
