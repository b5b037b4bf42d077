// A program of its own, for strace_test.ts: does one thing between two marks,
// which are calls of the system that nobody else makes. They name the selector,
// the bell, and the threads that sleep.
//
//   strace_script.ts idle | wake | awake

import { openSync } from "node:fs";
import process from "node:process";
import { Runtime } from "../../mod.ts";
import { bellOf, coreOf } from "../cores.ts";
import { outcome, run, sharedWords, until, untilParked } from "../threads.ts";

const BODIES = new URL("./strace_bodies.ts", import.meta.url);
const THREADS = 3;
const ROUNDS = 50;

/** What the bell holds while the driver's owner sleeps, or is about to. */
const ASLEEP = 1;

/** A second: the idle threads have time to do what they should not. */
const WHILE = 1000;

const runtime = Runtime.create({ driver: "epoll" });
const sleepers: number[] = [];

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Shows in the trace, by a file that there is not. */
function mark(name: string): void {
  const { exports } = coreOf(runtime);
  const names = [exports.pollSelector(), exports.pollBell(), ...sleepers];
  try {
    openSync(`/layby-${name}-${names.join("-")}`, "r");
  } catch {
    // There is none.
  }
}

async function parked() {
  const handle = runtime.parker().detach();
  const words = sharedWords(1);
  const thread = run(runtime, BODIES, "park", { handle, words });
  await untilParked(runtime, handle);
  sleepers.push(Atomics.load(words, 0));
  return { handle, thread };
}

const COMMANDS: Record<string, () => Promise<void>> = {
  /** Has threads that sleep in the driver and on their words. */
  idle: async () => {
    const all = [];
    for (let count = 0; count < THREADS; count++) all.push(await parked());
    await sleep(200);
    mark("begin");
    await sleep(WHILE);
    mark("end");
    runtime.shutdown();
    for (const { thread } of all) await outcome(thread);
  },

  /** Wakes a thread from the driver, by three tokens each time. */
  wake: async () => {
    const { handle, thread } = await parked();
    const unparker = runtime.unparker(handle);
    const core = coreOf(runtime);
    // Parked is not yet asleep: a ring before that needs no write.
    const untilAsleep = async () => {
      await untilParked(runtime, handle);
      await until(() => Atomics.load(core.words, bellOf(core)) === ASLEEP);
    };
    await untilAsleep();
    mark("begin");
    for (let round = 1; round <= ROUNDS; round++) {
      for (let token = 0; token < 3; token++) unparker.unpark();
      await untilAsleep();
    }
    mark("end");
    runtime.shutdown();
    await outcome(thread);
  },

  /** Gives tokens to a thread that is awake: this one. */
  awake: () => {
    const parker = runtime.parker();
    const unparker = runtime.unparker(parker.handle);
    const rounds = 10_000;
    mark("begin");
    for (let round = 0; round < rounds; round++) {
      unparker.unpark();
      parker.park();
    }
    mark("end");
    return Promise.resolve();
  },
};

await COMMANDS[process.argv[2]!]!();
runtime.shutdown();
