// What `node:worker_threads` and the clock of the web platform give Deno, Bun
// and Node alike.

import type {
  AsyncContext,
  Host,
  HostName,
  HostSelf,
  HostThread,
  KeepAlive,
  Output,
  Serializer,
  ThreadEntry,
  ThreadOptions,
} from "../host.ts";
import { procfsThreads } from "./procfs.ts";

/** The parts that we use of https://nodejs.org/api/worker_threads.html */
interface WorkerThreads {
  readonly Worker: new (
    url: URL,
    options: NodeWorkerOptions,
  ) => NodeWorker;
  receiveMessageOnPort(
    port: MessagePort,
  ): { readonly message: unknown } | undefined;
  readonly parentPort: { postMessage(value: unknown): void } | null;
  readonly workerData: unknown;
  readonly isMainThread: boolean;
}

interface NodeWorkerOptions {
  workerData: unknown;
  name?: string;
  transferList?: readonly MessagePort[];
  resourceLimits?: Readonly<Record<string, number>>;
}

interface NodeWorker {
  on(event: string, listener: (value: never) => void): void;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

interface NodeTimer {
  ref(): void;
  unref(): void;
}

interface Builtins {
  "node:worker_threads": WorkerThreads;
  "node:timers": {
    setInterval(callback: () => void, ms: number): NodeTimer;
    setImmediate(callback: () => void): unknown;
  };
  "node:os": {
    availableParallelism(): number;
    readonly constants: { readonly signals: Readonly<Record<string, number>> };
  };
  "node:v8": Serializer;
  "node:async_hooks": AsyncHooks;
}

/** The parts that we use of https://nodejs.org/api/async_context.html */
export interface AsyncHooks {
  readonly AsyncLocalStorage: new () => {
    run<T>(value: unknown, callee: () => T): T;
    getStore(): unknown;
  };
}

/** The parts that we use of https://nodejs.org/api/process.html */
interface NodeProcess {
  getActiveResourcesInfo?(): readonly string[];
  on(event: "exit", listener: (code: number) => void): void;
  on(event: "beforeExit" | "exit", listener: () => void): void;
  on(signal: string, listener: () => void): void;
  off(signal: string, listener: () => void): void;
  readonly stdout: NodeStream;
  readonly stderr: NodeStream;
}

interface NodeStream {
  readonly writableLength: number;
  write(text: string, written: () => void): void;
}

/**
 * A built-in module, loaded when it is first asked for: importing layby costs
 * nothing that is not used, and works where there are no such modules.
 * https://nodejs.org/api/process.html#processgetbuiltinmoduleid
 */
export function builtin<Id extends keyof Builtins>(id: Id): Builtins[Id] {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(id: Id): Builtins[Id] };
  };
  return process.getBuiltinModule(id);
}

/** Read once: the getter takes V8 four times as long as the clock itself. */
const origin = performance.timeOrigin;

/**
 * The one clock that all threads read alike, to about a microsecond:
 * `performance.now()` alone counts from the start of its own thread on Deno and
 * Bun. It is monotonic within a thread; a thread that starts after the system's
 * clock was set is off by as much.
 */
export function now(): number {
  return origin + performance.now();
}

/** Longest delay of a timer that is no overflow: 2^31 - 1 ms. */
const LONGEST_MS = 0x7fffffff;

/** A timer that never fires, referenced while somebody holds it. */
class TimerKeepAlive implements KeepAlive {
  #timer: NodeTimer | undefined;
  #holds = 0;

  hold(): void {
    if (this.#holds++ > 0) return;
    if (this.#timer) this.#timer.ref();
    else this.#timer = builtin("node:timers").setInterval(() => {}, LONGEST_MS);
  }

  drop(): void {
    if (--this.#holds === 0) this.#timer?.unref();
  }
}

class WorkerThread implements HostThread {
  readonly #worker: NodeWorker;

  constructor(
    { module, name }: ThreadEntry,
    data: unknown,
    { name: title, transfer, limits }: ThreadOptions = {},
  ) {
    // A module behind a URL that Deno's worker_threads do not take, such as
    // https:, can still be imported by one that they do.
    // https://github.com/denoland/deno/issues/31612
    const code = `import { ${name} } from ${JSON.stringify(module)};${name}()`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    this.#worker = new (builtin("node:worker_threads").Worker)(url, {
      workerData: data,
      ...(title === undefined ? {} : { name: title }),
      ...(transfer === undefined ? {} : { transferList: transfer }),
      ...(limits === undefined ? {} : { resourceLimits: limits }),
    });
  }

  onMessage(listener: (value: unknown) => void): void {
    this.#worker.on("message", listener);
  }

  onError(listener: (error: unknown) => void): void {
    this.#worker.on("error", listener);
  }

  onExit(listener: (code: number) => void): void {
    this.#worker.on("exit", listener);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  setAlive(alive: boolean): void {
    if (alive) this.#worker.ref();
    else this.#worker.unref();
  }
}

function self(): HostSelf | undefined {
  const { parentPort, workerData } = builtin("node:worker_threads");
  if (!parentPort) return undefined;
  const { process } = globalThis as unknown as { process: NodeProcess };
  return {
    data: workerData,
    post: (value) => parentPort.postMessage(value),
    onExit: (listener) => process.on("exit", listener),
  };
}

function loopWork(): number {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const resources = process.getActiveResourcesInfo?.().length ?? 0;
  return output.isPending ? resources + 1 : resources;
}

function streams(): readonly NodeStream[] {
  const { process } = globalThis as unknown as { process: NodeProcess };
  return [process.stdout, process.stderr];
}

/**
 * A worker's output is written by the main thread, which asks for more of it by
 * a message. https://github.com/nodejs/node/issues/40548
 */
const output: Output = {
  get isPending() {
    return streams().some(({ writableLength }) => writableLength > 0);
  },
  async written() {
    await Promise.all(
      streams().map((stream) =>
        new Promise<void>((resolve) => stream.write("", resolve))
      ),
    );
  },
};

/** An event of the process, heard by one listener for all: Node warns of many. */
function listenersOf(
  event: "beforeExit" | "exit",
): (listener: () => void) => () => void {
  let listeners: Set<() => void> | undefined;
  return (listener) => {
    if (!listeners) {
      const { process } = globalThis as unknown as { process: NodeProcess };
      const all = listeners = new Set<() => void>();
      process.on(event, () => all.forEach((tell) => tell()));
    }
    const all = listeners;
    all.add(listener);
    return () => all.delete(listener);
  };
}

/** Those that no process can catch. */
const UNCAUGHT = ["SIGKILL", "SIGSTOP"];

function onSignal(
  name: string,
  listener: () => void,
): (() => void) | undefined {
  const { signals } = builtin("node:os").constants;
  if (!Object.hasOwn(signals, name) || UNCAUGHT.includes(name)) {
    return undefined;
  }
  const { process } = globalThis as unknown as { process: NodeProcess };
  // Each has a listener of its own, though it be the same function.
  const own = () => listener();
  process.on(name, own);
  return () => process.off(name, own);
}

/** A context of its own for whoever asks. */
export function contextOf({ AsyncLocalStorage }: AsyncHooks): AsyncContext {
  const storage = new AsyncLocalStorage();
  return {
    run: (value, callee) => storage.run(value, callee),
    get: () => storage.getStore(),
  };
}

/** The host that the three runtimes share, under a runtime's name. */
export function workerThreadsHost(
  name: HostName,
  ffi: Host["ffi"],
  futex: Host["futex"],
  serializer: () => Serializer | undefined = () => builtin("node:v8"),
  kernelThreads: Host["kernelThreads"] = procfsThreads,
): Host {
  return {
    name,
    get parallelism() {
      return builtin("node:os").availableParallelism();
    },
    hasThreads: true,
    missing: "",
    mayBlock: true,
    keepAlive: new TimerKeepAlive(),
    now,
    turn: () =>
      new Promise((resolve) => builtin("node:timers").setImmediate(resolve)),
    spawn: (entry, data, options) => new WorkerThread(entry, data, options),
    receive: (port) =>
      builtin("node:worker_threads").receiveMessageOnPort(port),
    isPrompt: true,
    listen: () => {},
    get serializer() {
      return serializer();
    },
    loopWork,
    output,
    onLastTurn: listenersOf("beforeExit"),
    onExit: listenersOf("exit"),
    get onSignal() {
      // Workers are not told.
      const { isMainThread } = builtin("node:worker_threads");
      return isMainThread ? onSignal : undefined;
    },
    kernelThreads,
    asyncContext: () => contextOf(builtin("node:async_hooks")),
    self,
    ffi,
    futex,
  };
}
