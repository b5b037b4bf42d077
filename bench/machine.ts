// Says what the figures are from.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** The processor, its cores, the kernel, and how busy all that is. */
export function describeMachine(): string {
  const cpu = /^model name\s*: (.*)$/m.exec(read("/proc/cpuinfo"))?.[1];
  const kernel = read("/proc/version").split(" ").slice(0, 3).join(" ");
  const load = read("/proc/loadavg").split(" ").slice(0, 3).join(" ");
  const cores = `${availableParallelism()} cores`;
  return [cpu ?? "unknown CPU", cores, kernel, `load ${load}`].join(", ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
