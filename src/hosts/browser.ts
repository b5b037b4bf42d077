// Browsers: threads by web workers, on pages that are cross-origin isolated.
// https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated

import { UnsupportedError } from "../errors.ts";
import type {
  Host,
  HostSelf,
  HostThread,
  ThreadEntry,
  ThreadOptions,
} from "../host.ts";
import { keepAlive, mayBlock, now, parallelism } from "./web.ts";

/** Where a thread finds what it was started with. */
const START: unique symbol = Symbol.for("layby.start");

/** The first message to a thread. */
interface Start {
  readonly data: unknown;
  /** The lock that the thread holds while it lives. */
  readonly lock: string;
}

/** A message of a thread to the one that spawned it. */
type Report =
  /** It holds its lock. */
  | { readonly kind: "alive" }
  | { readonly kind: "posted"; readonly value: unknown }
  /** Nobody has caught this. */
  | {
    readonly kind: "failed";
    readonly error: unknown;
    /** Structured clone leaves it out of errors. */
    readonly name?: string | undefined;
  };

/** The parts that we use of the globals, which some contexts lack. */
interface Scope {
  readonly Worker?: typeof Worker;
  readonly document?: unknown;
  readonly WorkerGlobalScope?: unknown;
  readonly isSecureContext?: boolean;
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly locks?: LockManager };
  [START]?: Start;
  postMessage(report: Report): void;
  addEventListener(
    type: "error" | "unhandledrejection",
    listener: (event: ErrorEvent & PromiseRejectionEvent) => void,
  ): void;
}

const scope = globalThis as unknown as Scope;

/** Whether this is a page of a browser, or a worker of one. */
export function isBrowser(): boolean {
  return scope.document !== undefined || scope.WorkerGlobalScope !== undefined;
}

/** What threads need that is not there. */
function missing(): string {
  if (scope.isSecureContext === false) {
    return "serve the page over https: or from localhost";
  }
  if (!scope.crossOriginIsolated) {
    return "serve the page with the headers " +
      '"Cross-Origin-Opener-Policy: same-origin" and ' +
      '"Cross-Origin-Embedder-Policy: require-corp"';
  }
  if (!scope.Worker) return "this context has no Worker";
  if (!Atomics.waitAsync) return "this browser has no Atomics.waitAsync";
  if (!scope.navigator?.locks) return "this browser has no navigator.locks";
  return "";
}

/**
 * The code of a worker. Its message is kept for it until the import is done. The
 * worker holds a lock from before it runs until it is no more, however it ends:
 * no event tells of that.
 */
function bootstrap({ module, name }: ThreadEntry): string {
  return `import { ${name} as run } from ${JSON.stringify(module)};
addEventListener("message", ({ data }) => {
  navigator.locks.request(data.lock, () => {
    globalThis[Symbol.for("layby.start")] = data;
    postMessage({ kind: "alive" });
    run();
    return new Promise(() => {});
  });
}, { once: true });`;
}

/** The URLs of bootstraps, by what they are. */
const bootstraps = new Map<string, string>();

/** A `blob:` is of the page's origin and isolation; a `data:` is of neither. */
function urlOf(entry: ThreadEntry): string {
  const code = bootstrap(entry);
  let url = bootstraps.get(code);
  if (url === undefined) {
    url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    bootstraps.set(code, url);
  }
  return url;
}

function loadError(module: string, options?: ErrorOptions): UnsupportedError {
  return new UnsupportedError(
    "start a worker",
    `to load ${module} from a blob: URL. The page's policy has to allow ` +
      "worker-src blob:, and that has to be the URL of layby alone, not of a " +
      'bundle that it is part of: see "entry" of the options',
    options,
  );
}

class WebWorkerThread implements HostThread {
  readonly #worker: Worker;
  readonly #module: string;
  readonly #lock = `layby-${crypto.randomUUID()}`;
  readonly #exited = Promise.withResolvers<number>();
  #code = 0;
  #isAlive = false;
  #isWatched = false;
  #onMessage: (value: unknown) => void = () => {};
  #onError: (error: unknown) => void = () => {};

  constructor(
    entry: ThreadEntry,
    data: unknown,
    { name, transfer = [] }: ThreadOptions = {},
  ) {
    this.#module = entry.module;
    const options: WorkerOptions = { type: "module" };
    if (name !== undefined) options.name = name;
    try {
      this.#worker = new Worker(urlOf(entry), options);
    } catch (cause) {
      throw loadError(entry.module, { cause });
    }
    this.#worker.onmessage = ({ data }) => this.#heard(data as Report);
    this.#worker.onmessageerror = () => {
      this.#fail(new Error("Message of a worker could not be read"));
    };
    this.#worker.onerror = (event) => this.#failedToLoad(event);
    const start: Start = { data, lock: this.#lock };
    this.#worker.postMessage(start, [...transfer]);
  }

  #heard(report: Report): void {
    switch (report.kind) {
      case "alive":
        this.#isAlive = true;
        this.#watch();
        return;
      case "posted":
        this.#onMessage(report.value);
        return;
      case "failed":
        this.#fail(withName(report.error, report.name));
    }
  }

  #failedToLoad(event: ErrorEvent): void {
    // Whoever spawned the thread is told, so that the page need not be.
    event.preventDefault();
    // One that is alive tells more of its errors by a report.
    if (this.#isAlive) return;
    const { message } = event;
    const options = message ? { cause: new Error(message) } : {};
    this.#fail(loadError(this.#module, options));
  }

  /** What nobody catches ends a thread on other hosts, and so it does here. */
  #fail(error: unknown): void {
    if (this.#code !== 0) return;
    this.#onError(error);
    void this.terminate();
  }

  /** Waits for the lock, which is free when the thread is no more. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const end = () => this.#exited.resolve(this.#code);
    navigator.locks.request(this.#lock, end).catch(end);
  }

  onMessage(listener: (value: unknown) => void): void {
    this.#onMessage = listener;
  }

  onError(listener: (error: unknown) => void): void {
    this.#onError = listener;
  }

  onExit(listener: (code: number) => void): void {
    void this.#exited.promise.then(listener);
  }

  async terminate(): Promise<void> {
    this.#code = 1;
    this.#worker.terminate();
    this.#watch();
    await this.#exited.promise;
  }

  setAlive(): void {}
}

function spawn(
  entry: ThreadEntry,
  data: unknown,
  options?: ThreadOptions,
): HostThread {
  const needs = missing();
  if (needs === "") return new WebWorkerThread(entry, data, options);
  throw new UnsupportedError(
    "spawn a thread",
    `threads that share memory: ${needs}`,
  );
}

function withName(error: unknown, name: string | undefined): unknown {
  if (error instanceof Error && name !== undefined && error.name !== name) {
    const attributes = { configurable: true, writable: true };
    Object.defineProperty(error, "name", { value: name, ...attributes });
  }
  return error;
}

let started: HostSelf | undefined;

function self(): HostSelf | undefined {
  const start = scope[START];
  if (start === undefined || started !== undefined) return started;
  const post = (report: Report) => scope.postMessage(report);
  const fail = (error: unknown) => {
    try {
      const { name } = Object(error) as { name?: string };
      post({ kind: "failed", error, name });
    } catch {
      post({ kind: "failed", error: new Error(String(error)) });
    }
  };
  scope.addEventListener("error", ({ error, message }) => {
    fail(error ?? new Error(message));
  });
  scope.addEventListener("unhandledrejection", ({ reason }) => fail(reason));
  return started = {
    data: start.data,
    post: (value) => post({ kind: "posted", value }),
  };
}

/** Messages that were brought and not taken. */
const queues = new WeakMap<MessagePort, unknown[]>();

function listen(port: MessagePort, arrived: () => void): void {
  const queue: unknown[] = [];
  queues.set(port, queue);
  port.onmessage = ({ data }) => {
    queue.push(data);
    arrived();
  };
}

function receive(port: MessagePort): { readonly message: unknown } | undefined {
  const queue = queues.get(port);
  if (!queue || queue.length === 0) return undefined;
  return { message: queue.shift() };
}

let turns: MessagePort | undefined;
const turned: (() => void)[] = [];

/** A message to itself: timers come late if there are many in a row. */
function turn(): Promise<void> {
  if (!turns) {
    const { port1, port2 } = new MessageChannel();
    turns = port1;
    port2.onmessage = () => turned.shift()!();
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  turned.push(resolve);
  turns.postMessage(undefined);
  return promise;
}

/** A page, or a worker of one. */
export const browserHost: Host = {
  name: "browser",
  get hasThreads() {
    return missing() === "";
  },
  get missing() {
    return missing();
  },
  get parallelism() {
    return parallelism();
  },
  get mayBlock() {
    return mayBlock();
  },
  keepAlive,
  now,
  turn,
  spawn,
  self,
  receive,
  isPrompt: false,
  listen,
  serializer: undefined,
  loopWork: () => undefined,
  kernelThreads: () => undefined,
  asyncContext: () => undefined,
  ffi: () => "Deno, Bun or Node: a browser calls no C functions",
  futex: () => "Bun on Linux",
};
