// The threads of a pool: who is there, who comes, who has gone, and why.

import { WorkerCrashedError } from "../errors.ts";
import type { Host, HostThread } from "../host.ts";
import type { Local } from "../core/local.ts";
import { restoreThrown } from "../thread.ts";
import type { CheckedPoolOptions } from "./options.ts";
import {
  COMMAND,
  CONTROLS,
  GO_ON,
  MAIL,
  RETIRE,
  type WorkerMessage,
  type WorkerStart,
} from "./start.ts";
import { runPoolWorker } from "./worker_main.ts";

/** Ends that are remembered. */
const MAX_EPITAPHS = 64;

/** A worker, from its start to its end. */
export interface Member {
  readonly index: number;
  readonly name: string;
  readonly port: MessagePort;
  readonly thread: HostThread;
  /** Its thread as the core knows it, once it is ready. */
  id: number;
  /** The address of its parker, once it is ready. */
  parker: number;
  /** What ended it, if it has told. */
  error: unknown;
  state: "starting" | "working" | "retiring" | "closed" | "gone";
  readonly ready: PromiseWithResolvers<readonly string[]>;
  readonly gone: PromiseWithResolvers<void>;
}

/** What a crew tells its pool. */
export interface CrewEvents {
  /** A worker is being started. */
  joined(member: Member): void;
  /** A worker died without being told to. Its records are repaired. */
  crashed(member: Member, error: WorkerCrashedError): void;
  /** A worker has ended, for whatever reason. Its port is still open. */
  left(member: Member): void;
  /** A worker had nothing to do for the time it was told. */
  idled(member: Member): void;
}

/** The workers of one pool. */
export class Crew {
  readonly #local: Local;
  readonly #module: string;
  readonly #options: CheckedPoolOptions;
  readonly #events: CrewEvents;
  readonly #controls: Int32Array<SharedArrayBuffer>;
  /** By index. */
  readonly #members: (Member | undefined)[] = [];
  /** Of the dead, by the thread as the core knew it. */
  readonly #epitaphs = new Map<number, WorkerCrashedError>();
  readonly #capacity: number;
  #tasks: readonly string[] | undefined;
  #size = 0;
  /** Whether workers tell that they are idle. For those that are started next. */
  isShrinking = false;

  constructor(
    local: Local,
    module: string,
    options: CheckedPoolOptions,
    controls: Int32Array<SharedArrayBuffer>,
    capacity: number,
    events: CrewEvents,
  ) {
    this.#capacity = capacity;
    this.#local = local;
    this.#module = module;
    this.#options = options;
    this.#controls = controls;
    this.#events = events;
  }

  get #host(): Host {
    return this.#local.host;
  }

  /** Those that are starting or there. */
  get members(): readonly Member[] {
    return this.#members.filter((it): it is Member =>
      it !== undefined && (it.state === "starting" || it.state === "working")
    );
  }

  /** Those that have not ended yet, whatever they were told. */
  get remaining(): readonly Member[] {
    return this.#members.filter((it): it is Member => it !== undefined);
  }

  /** How the worker ended that was this thread of the core. */
  epitaph(thread: number): WorkerCrashedError {
    return this.#epitaphs.get(thread) ??
      new WorkerCrashedError(`thread ${thread}`, "ended");
  }

  /** The member that runs as this thread of the core. */
  memberOf(thread: number): Member | undefined {
    return this.#members.find((it) => it?.id === thread);
  }

  /** How many are starting or there. */
  get size(): number {
    return this.#size;
  }

  /** Starts a worker where there is none. Undefined if all are there. */
  add(): Member | undefined {
    let index = 0;
    while (this.#members[index] !== undefined) index++;
    if (index >= this.#capacity) return undefined;
    this.#size++;
    return this.#spawn(index, `${this.#options.name}-${index}`);
  }

  #spawn(index: number, name: string): Member {
    const { port1, port2 } = new MessageChannel();
    const { idle, idleTimeout, setup, teardown, data } = this.#options;
    // Relaxed: the thread that reads them is not there yet.
    Atomics.store(this.#controls, index * CONTROLS + MAIL, 0);
    // Relaxed: as above.
    Atomics.store(this.#controls, index * CONTROLS + COMMAND, GO_ON);
    const start: WorkerStart = {
      handle: this.#local.handle,
      index,
      name,
      module: this.#module,
      names: this.#tasks,
      data,
      setup,
      teardown,
      idle,
      idleTimeout: this.isShrinking ? idleTimeout : Infinity,
      isSpinning: index < this.#host.parallelism - 1,
      controls: this.#controls,
      port: port2,
    };
    const thread = this.#host.spawn(
      // The name as it is exported: a minifier may have changed the function's.
      { module: this.#options.entry ?? import.meta.url, name: "runPoolWorker" },
      start,
      { name, transfer: [port2], limits: this.#options.resourceLimits },
    );
    const member: Member = {
      index,
      name,
      port: port1,
      thread,
      id: 0,
      parker: 0,
      error: undefined,
      state: "starting",
      ready: Promise.withResolvers(),
      gone: Promise.withResolvers(),
    };
    member.ready.promise.catch(() => {});
    this.#members[index] = member;
    this.#events.joined(member);
    thread.onMessage((message) =>
      this.#heard(member, message as WorkerMessage)
    );
    thread.onError((error) => member.error = error);
    thread.onExit((code) => this.#ended(member, code));
    return member;
  }

  #heard(member: Member, message: WorkerMessage): void {
    switch (message.kind) {
      case "ready":
        member.id = message.thread;
        member.parker = message.parker;
        this.#tasks ??= message.names;
        if (member.state === "starting") member.state = "working";
        // It keeps nothing alive that has nothing to do.
        member.thread.setAlive(false);
        member.ready.resolve(message.names);
        return;
      case "failed":
        member.error = restoreThrown(message.thrown);
        this.#leave(member, "closed");
        member.ready.reject(member.error);
        void member.thread.terminate();
        return;
      case "idle":
        this.#events.idled(member);
        return;
      case "closed":
        this.#leave(member, "closed");
        void member.thread.terminate();
    }
  }

  #ended(member: Member, code: number): void {
    const isExpected = member.state === "closed";
    this.#leave(member, "gone");
    if (!isExpected) this.#write(member, code);
    // Whatever it held or had queued, at whatever instruction it died.
    this.#local.core.workerRecover(member.index, 0);
    this.#members[member.index] = undefined;
    if (!isExpected) {
      this.#events.crashed(member, this.epitaph(member.id));
    }
    this.#events.left(member);
    member.port.close();
    member.gone.resolve();
  }

  #leave(member: Member, state: "retiring" | "closed" | "gone"): void {
    if (member.state === "starting" || member.state === "working") this.#size--;
    member.state = state;
  }

  /** Says how a worker ended, for those whose tasks it took along. */
  #write(member: Member, code: number): void {
    const { name, error: cause } = member;
    const error = cause === undefined
      ? new WorkerCrashedError(name, `exited with code ${code}`)
      : new WorkerCrashedError(name, `ended with ${describe(cause)}`, {
        cause,
      });
    this.#epitaphs.set(member.id, error);
    member.ready.reject(error);
    // Whoever asks does so soon.
    if (this.#epitaphs.size > MAX_EPITAPHS) {
      this.#epitaphs.delete(this.#epitaphs.keys().next().value!);
    }
  }

  /** Tells a worker to end when it has nothing at hand. */
  retire(member: Member): void {
    if (member.state !== "working") return;
    this.#leave(member, "retiring");
    // Release. Pairs with the load in `PoolWorker.#isEnding()` [W1].
    Atomics.store(this.#controls, member.index * CONTROLS + COMMAND, RETIRE);
    this.#local.core.callerWake(0, member.index + 1);
  }

  /** Ends a worker wherever it is. */
  kill(member: Member): Promise<void> {
    const ended = member.thread.terminate();
    // A thread that is blocked ends when it is woken, on some hosts.
    this.#local.core.callerWake(0, member.index + 1);
    return ended;
  }

  /** Whether a worker died since, for a thread that gets no events. */
  lookForDead(): boolean {
    return false;
  }
}

// The thread imports this very module, which has one URL wherever it lies.
export { runPoolWorker };

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : `${error}`;
}
