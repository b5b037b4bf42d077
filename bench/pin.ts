// Binds threads to cores, with the `taskset` of Linux.

import { execFileSync } from "node:child_process";

/** Whether this machine can pin. */
export function canPin(): boolean {
  try {
    execFileSync("taskset", ["-c", "0,1", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Binds one thread to one core, by the kernel's number of the thread. */
export function pinThread(thread: number, core: number): void {
  execFileSync("taskset", ["-cp", `${core}`, `${thread}`], { stdio: "ignore" });
}
