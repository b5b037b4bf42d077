// A program of its own, for exit_test.ts: what it prints is looked at, and how
// it ends. None of these shuts its runtime down, but for those that say so.
//
//   exit_script.ts blocked|exit|error|... epoll|kqueue

import process from "node:process";
import { setTimeout } from "node:timers";
import { Runtime } from "../../mod.ts";
import { outcome, run, settled, untilParked } from "../threads.ts";
import { fill, pipe } from "./fds.ts";
import type { SelectorName } from "./selectors.ts";

const BODIES = new URL("./exit_bodies.ts", import.meta.url);

const [command, driver] = process.argv.slice(2);
const DRIVER = driver as SelectorName;

/** Milliseconds: a process that is not kept alive has long ended. */
const LATER = 150;

function create(): Runtime {
  return Runtime.create({ driver: DRIVER });
}

/** A thread that is blocked in the driver, and keeps no process alive. */
async function block(runtime: Runtime) {
  const handle = runtime.parker().detach();
  const thread = run(runtime, BODIES, "park", { handle });
  await untilParked(runtime, handle);
  thread.unref();
  return { thread, handle };
}

/** Waits in vain: the thread that drives for the event loop stays. */
async function drive(runtime: Runtime): Promise<void> {
  const { near } = pipe();
  const watch = runtime.register(near, { read: true });
  const signal = AbortSignal.timeout(20);
  await watch.readable({ signal }).catch(() => {});
}

const COMMANDS: Record<string, () => unknown> = {
  /** Has a thread that is blocked in the driver. */
  blocked: async () => void await block(create()),

  /** Has threads that are blocked, and one that drives, in many runtimes. */
  many: async () => {
    for (let count = 0; count < 4; count++) {
      const runtime = create();
      await block(runtime);
      await block(runtime);
      if (count % 2 === 0) await drive(runtime);
    }
  },

  /** Has a thread that drives. */
  driven: async () => await drive(create()),

  exit: async () => {
    await block(create());
    process.exit(3);
  },

  error: async () => {
    await block(create());
    throw new Error("uncaught");
  },

  rejection: async () => {
    await block(create());
    void Promise.reject(new Error("uncaught"));
  },

  /** A wait keeps the process alive. */
  pending: async () => {
    const { near, far } = pipe();
    const watch = create().register(near, { read: true });
    const timer: unknown = setTimeout(() => fill(far), LATER);
    (timer as { unref(): void }).unref();
    return (await watch.readable()).isReadable;
  },

  /** A registration that nobody waits for does not. */
  dropped: async () => {
    const runtime = create();
    await drive(runtime);
    runtime.register(pipe().near, { read: true });
  },

  /** Shuts down, and has threads that are over. */
  shutdown: async () => {
    const runtime = create();
    const { thread } = await block(runtime);
    await drive(runtime);
    runtime.shutdown();
    return (await outcome(thread));
  },

  /** Shuts down on another thread. */
  remote: async () => {
    const runtime = create();
    const { thread } = await block(runtime);
    await outcome(run(runtime, BODIES, "shutdown"));
    return await outcome(thread);
  },

  /** Ends a thread that is blocked in the driver. */
  terminate: async () => {
    const { thread } = await block(create());
    thread.ref();
    await settled(thread.terminate());
    await settled(thread.exited);
    return "terminated";
  },

  /** A thread ends that has started the one that drives. */
  starter: async () => await endStarter("wait"),

  /** The same, by an exit of its own. */
  starterExit: async () => await endStarter("waitAndExit"),

  /** Attaches to what a thread has made. */
  attached: async () => {
    const runtime = create();
    const thread = run(runtime, BODIES, "create", { driver: DRIVER });
    const { runtime: handle, parker } = await settled(thread.result) as {
      runtime: Runtime["handle"];
      parker: Parameters<Runtime["counters"]>[0];
    };
    const other = Runtime.attach(handle);
    await untilParked(other, parker);
    thread.unref();
  },

  /** Says how many listeners there are, before, while and after. */
  listeners: () => {
    const counts = [process.listenerCount("exit")];
    const make = () => {
      const runtime = create();
      void runtime.handle;
      return runtime;
    };
    const runtimes = Array.from({ length: 20 }, make);
    counts.push(process.listenerCount("exit"));
    for (const runtime of runtimes) runtime.shutdown();
    for (let count = 0; count < 20; count++) make().shutdown();
    counts.push(process.listenerCount("exit"));
    return counts.map((count) => count - counts[0]!);
  },
};

/** Others who wait are served when a thread has ended that served them. */
async function endStarter(how: string): Promise<unknown> {
  const runtime = create();
  const [first, second] = [pipe(), pipe()];
  const thread = run(runtime, BODIES, how, { fd: first.near });
  const watch = runtime.register(second.near, { read: true });
  await settled(thread.result.catch(() => {}));
  const wait = watch.readable();
  fill(first.far);
  const code = await settled(thread.exited);
  fill(second.far);
  return [code, (await settled(wait)).isReadable];
}

const result = await COMMANDS[command!]!();
console.log(JSON.stringify(result) ?? "nothing");
