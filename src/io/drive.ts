// A thread that does nothing but drive, when all others are in their event loops
// or busy: those cannot sleep in the operating system's selector.

import { compose, currentHost } from "../compose.ts";
import type { Local } from "../core/local.ts";
import { attachCore, type RuntimeHandle } from "../core/module.ts";
import { standBy } from "../park/blocking_park.ts";
import { claimParker } from "../park/claim.ts";

/** Starts that thread, if nobody has. It ends with the runtime. */
export function driveForOthers(local: Local): void {
  if (!local.io || !local.core.pollDrive()) return;
  local.isShared = true;
  const thread = local.host.spawn(
    // The name as it is exported: a minifier may have changed the function's.
    { module: import.meta.url, name: "runDriver" },
    local.handle,
    { name: "layby-driver" },
  );
  // Whoever waits keeps the process alive.
  thread.setAlive(false);
}

/**
 * What that thread runs. Not for users.
 */
export function runDriver(): void {
  const host = currentHost();
  const handle = host.self()!.data as RuntimeHandle;
  const local = compose(attachCore(handle), host, true, true);
  if (local.core.shutdownBegun()) return;
  const parker = claimParker(local);
  while (standBy(local, parker.handle) !== "shutdown");
}
