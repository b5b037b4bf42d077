// The threads of this process as Linux tells of them:
// https://man7.org/linux/man-pages/man5/proc.5.html

import type { KernelThreads } from "../host.ts";

/** The parts that we use of https://nodejs.org/api/fs.html */
interface Files {
  readlinkSync(path: string): string;
  existsSync(path: string): boolean;
}

const CURRENT = "/proc/thread-self";

/** The kernel's threads; undefined where its files cannot be read. */
export function procfsThreads(): KernelThreads | undefined {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(id: "node:fs"): Files };
  };
  const { readlinkSync, existsSync } = process.getBuiltinModule("node:fs");
  try {
    // Such as `4711/task/4712`.
    const current = Number(readlinkSync(CURRENT).split("/").at(-1));
    if (!Number.isInteger(current)) return undefined;
    return {
      current,
      isAlive: (id) => existsSync(`/proc/self/task/${id}`),
    };
  } catch {
    return undefined;
  }
}
