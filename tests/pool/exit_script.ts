// A program of its own, for exit_test.ts: what it prints is looked at, and how
// it ends. None of these shuts its pool down, but for those that say so.
//
//   exit_script.ts import | idle | pending | ...

import process from "node:process";
import { setTimeout } from "node:timers";
import { Pool, type PoolOptions } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

const TASKS = new URL("./tasks.ts", import.meta.url);

function start(options: PoolOptions = {}): Promise<Pool<typeof tasks>> {
  const words = new Int32Array(new SharedArrayBuffer(4 * 256));
  return Pool.start(TASKS, { workers: 2, data: { words }, ...options });
}

/** Threads of this process. */
async function threads(): Promise<number> {
  const { readdirSync } = await import("node:fs");
  return readdirSync("/proc/self/task").length;
}

const COMMANDS: Record<string, () => unknown> = {
  /** Loads the module. */
  import: () => typeof Pool,

  /** Has idle workers, of each kind of sleep. */
  idle: async () => {
    await start({ idle: "event-loop" });
    await start({ idle: "block" });
    const pool = await start({
      minWorkers: 1,
      maxWorkers: 3,
      idleTimeout: 1e6,
    });
    await Promise.all([pool.tasks.add(1, 2), pool.tasks.add(3, 4)]);
    return pool.runSync("add", [1, 2]);
  },

  /** Has a call that takes longer than everything else. */
  pending: async () => {
    const pool = await start();
    void pool.run("wait", [200]).then((index) => {
      console.log(`answered by ${index}`);
    });
    void pool.run("sizeOf", ["abc"], { transfer: [] }).then((size) => {
      console.log(`size ${size}`);
    });
    return "waiting";
  },

  /** Ends a call that would take longer than anybody waits. */
  aborted: async () => {
    const pool = await start();
    const controller = new AbortController();
    const { signal } = controller;
    const call = pool.run("wait", [1e9], { signal, timeout: 1e8 });
    controller.abort();
    const wait = pool.run("wait", [1e9], { timeout: 10 });
    return Promise.all(
      [call, wait].map((it) => it.catch((error) => error.name)),
    );
  },

  /** Has workers with timers of their own. */
  ticking: async () => {
    const pool = await start({ idle: "event-loop" });
    await pool.run("tick", [0, 1]);
    await pool.run("stayAwake", []);
    return pool.run("add", [1, 2]);
  },

  /** Leaves a task of which nobody wants to know, in a loop. */
  stuck: async () => {
    const pool = await start({ grace: 100 });
    const stuck = pool.run("spin", [0], { timeout: 20 });
    return stuck.catch((error) => error.name);
  },

  /** Exits by itself with work under way. */
  exit: async () => {
    const pool = await start();
    void pool.run("wait", [1e9]).catch(() => {});
    void pool.run("spin", [0]).catch(() => {});
    await pool.run("add", [1, 2]);
    setTimeout(() => process.exit(0), 20);
  },

  /** Shuts down, with tasks that do not end. */
  shutdown: async () => {
    const pool = await start();
    const ends = Promise.allSettled([
      pool.run("spin", [0]),
      pool.run("sleepForever", [0]),
    ]);
    await pool.shutdown({ timeout: 100 });
    await ends;
    return "over";
  },

  /** Throws with a pool under way. */
  throw: async () => {
    const pool = await start();
    await pool.run("fail", ["uncaught in the task"]);
  },

  /** Prints from workers that go idle at once. */
  print: async () => {
    for (const idle of ["auto", "block", "event-loop"] as const) {
      const pool = await start({ workers: 1, idle });
      for (let n = 0; n < 20; n++) await pool.run("print", [`${idle} ${n}`]);
      pool.runSync("print", [`${idle} blocked`]);
      pool.runSync("print", [`${idle} blocked again`]);
    }
  },

  /** Prints from a worker, and ends. */
  printLast: async () => {
    const pool = await start({ workers: 1 });
    await pool.run("print", ["the last words"]);
    await pool.shutdown();
  },

  /** Starts and ends pools. Prints how many threads are left. */
  cycles: async () => {
    const cycles = 40;
    const cycle = async () => {
      const pool = await start({ workers: 1 });
      await pool.run("add", [1, 2]);
      await pool.shutdown();
    };
    for (let n = 0; n < 5; n++) await cycle();
    const before = await threads();
    for (let n = 0; n < cycles; n++) await cycle();
    // The last ones may not be gone yet.
    for (let looks = 0; looks < 100 && await threads() > before; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return await threads() - before;
  },

  /** Crashes workers, one after the other. Prints how many threads are left. */
  crashes: async () => {
    const pool = await start({ workers: 1, maxCrashes: 1000 });
    const crash = () => pool.run("exit", [1]).catch(() => {});
    for (let n = 0; n < 5; n++) await crash();
    await pool.run("add", [1, 2]);
    const before = await threads();
    for (let n = 0; n < 30; n++) await crash();
    await pool.run("add", [1, 2]);
    for (let looks = 0; looks < 100 && await threads() > before; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return await threads() - before;
  },
};

const result = await COMMANDS[process.argv[2]!]!();
console.log(JSON.stringify(result));
