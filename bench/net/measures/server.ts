// A server in a process of its own: its port, and the CPU that it uses.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { UNAVAILABLE, Unavailable } from "../../unavailable.ts";
import { newRoom, openLibc } from "../libc.ts";

// https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html, which makes
// the number of the clock of a process like this.
const CPUCLOCK_SCHED = 2;
const TIMESPEC_BYTES = 16;

/** A server that listens on 127.0.0.1. */
export interface Server {
  readonly port: number;
  /** The CPU that it has used so far, in ms. */
  cpu(): number;
}

/** Starts a server for as long as `use` takes. */
export async function withServer<Result>(
  command: readonly string[],
  use: (server: Server) => Promise<Result>,
): Promise<Result> {
  const [name, ...args] = command as [string, ...string[]];
  const child = spawn(name, args, { stdio: "pipe" });
  const end = once(child, "close");
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text) => complaint += text);
  const early = async (): Promise<never> => {
    const [code] = await end;
    const message = complaint.trim() || `the server has ended with ${code}`;
    throw code === UNAVAILABLE ? new Unavailable(message) : new Error(message);
  };
  try {
    const port = await Promise.race([portOf(child.stdout), early()]);
    return await use({ port, cpu: cpuClock(child.pid!) });
  } finally {
    child.kill("SIGKILL");
    await end;
  }
}

/** The first line that is printed. */
async function portOf(stdout: Readable): Promise<number> {
  const [line] = await once(createInterface({ input: stdout }), "line");
  if (!/^\d+$/.test(line)) throw new Error(`the server has printed ${line}`);
  return Number(line);
}

/**
 * The clock of the CPU that a process uses. What /proc says of a process is in
 * steps of 10 ms, and what it says of the threads is gone when they are.
 */
function cpuClock(pid: number): () => number {
  const libc = openLibc();
  const time = newRoom(libc, TIMESPEC_BYTES);
  const fields = new BigInt64Array(time.bytes.buffer);
  const clock = (~pid << 3) | CPUCLOCK_SCHED;
  return () => {
    if (libc.clock_gettime(clock, time.address) !== 0) {
      throw new Error("the server has ended");
    }
    const [seconds, ns] = fields;
    return Number(seconds) * 1e3 + Number(ns) / 1e6;
  };
}
