// What awaits workers: they keep no process alive by themselves.

import type { KeepAlive } from "../host.ts";

/** Keeps the process alive until an action is done. */
export async function stayAlive(
  keepAlive: KeepAlive,
  action: () => Promise<void>,
): Promise<void> {
  keepAlive.hold();
  try {
    await action();
  } finally {
    keepAlive.drop();
  }
}
