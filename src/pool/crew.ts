// The threads of a pool: who is there, who comes, who has gone, and why.

import type { WorkerCrashedError } from "../errors.ts";
import type { Host, HostThread } from "../host.ts";
import { bury, type Local } from "../core/local.ts";
import { driveForOthers } from "../io/drive.ts";
import { unpack } from "./marshal.ts";
import { dataError } from "./data_error.ts";
import { Epitaphs, notReady } from "./epitaphs.ts";
import type { CheckedPoolOptions } from "./options.ts";
import { Pulse } from "./pulse.ts";
import {
  BEGUN,
  COMMAND,
  controlOf,
  DIE,
  END,
  ENDS,
  FLUSHES,
  KERNEL,
  MAIL,
  RETIRE,
  SHRINKING,
  THREAD,
  WAITS,
  type WorkerMessage,
  type WorkerStart,
} from "./start.ts";
import { runPoolWorker } from "./worker_main.ts";

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
  state: State;
  /** The pool has ended it, wherever it was. */
  isKilled: boolean;
  /** What the host has said of its end, and when. */
  exit: { readonly code: number; readonly at: number } | undefined;
  readonly ready: PromiseWithResolvers<readonly string[]>;
  readonly gone: PromiseWithResolvers<void>;
}

/** Only those that are starting or working count as being there. */
type State = "starting" | "working" | "retiring" | "ending" | "closed" | "gone";

/** What a crew tells its pool. */
export interface CrewEvents {
  /** A worker is being started. */
  joined(member: Member): void;
  /** It has loaded the module, and takes tasks. */
  isReady(member: Member): void;
  /** A worker died without being told to. Its records are repaired. */
  crashed(member: Member, error: WorkerCrashedError): void;
  /** A worker has ended, for whatever reason. Its port is still open. */
  left(member: Member): void;
  /** A worker has written what it had printed, as it was told. */
  flushed(member: Member): void;
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
  readonly #epitaphs = new Epitaphs();
  readonly #capacity: number;
  readonly #pulse: Pulse;
  #tasks: readonly string[] | undefined;
  #size = 0;
  /** Workers that have told that they die. */
  #ends = 0;

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
    this.#pulse = new Pulse(local.host, controls);
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
    return this.#epitaphs.of(thread);
  }

  /** The member that runs as this thread of the core. */
  memberOf(thread: number): Member | undefined {
    // Those that are starting are no thread of the core yet.
    if (thread === 0) return undefined;
    return this.#members.find((it) => it && this.#idOf(it) === thread);
  }

  /** The member at this index, if there is one. */
  memberAt(index: number): Member | undefined {
    return this.#members[index];
  }

  /** Who blocks does not hear that it is ready. */
  #idOf(member: Member): number {
    // Relaxed: it stays what it is once it is there.
    return member.id ||= Atomics.load(
      this.#controls,
      controlOf(member.index, THREAD),
    );
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
    const member = this.#spawn(index, `${this.#options.name}-${index}`);
    this.#size++;
    return member;
  }

  #spawn(index: number, name: string): Member {
    const { port1, port2 } = new MessageChannel();
    const { idle, idleTimeout, setup, teardown, data } = this.#options;
    for (const which of [MAIL, COMMAND, END, THREAD, BEGUN, KERNEL, WAITS]) {
      // Relaxed: the thread that uses them is not there yet.
      Atomics.store(this.#controls, controlOf(index, which), 0);
    }
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
      idleTimeout,
      isSpinning: index < Math.max(this.#host.parallelism - 1, 1),
      controls: this.#controls,
      port: port2,
    };
    const thread = this.#startThread(start);
    const member: Member = {
      index,
      name,
      port: port1,
      thread,
      id: 0,
      parker: 0,
      error: undefined,
      state: "starting",
      isKilled: false,
      exit: undefined,
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
    thread.onExit((code) => {
      member.exit = { code, at: performance.now() };
      this.#look(member);
    });
    return member;
  }

  #startThread(start: WorkerStart): HostThread {
    const { entry, resourceLimits, data } = this.#options;
    const { name, port } = start;
    try {
      return this.#host.spawn(
        // The name as exported: a minifier may have changed the function's.
        { module: entry ?? import.meta.url, name: "runPoolWorker" },
        start,
        { name, transfer: [port], limits: resourceLimits },
      );
    } catch (cause) {
      throw dataError(data, cause);
    }
  }

  #heard(member: Member, message: WorkerMessage): void {
    // It told that it dies, and has been seen to.
    if (member.state === "gone") return;
    switch (message.kind) {
      case "ready":
        member.parker = message.parker;
        this.#tasks ??= message.names;
        if (member.state === "starting") member.state = "working";
        // It keeps nothing alive that has nothing to do.
        member.thread.setAlive(false);
        member.ready.resolve(message.names);
        this.#events.isReady(member);
        return;
      case "failed":
        [member.error] = unpack(
          message.thrown,
          this.#host.serializer,
          this.#options.errors,
        );
        member.ready.reject(member.error);
        void member.thread.terminate();
        return;
      case "idle":
        this.#events.idled(member);
        return;
      case "drive":
        driveForOthers(this.#local);
        return;
      case "flushed":
        this.#events.flushed(member);
        return;
      case "ending":
        this.#leave(member, "ending");
        return;
      case "closed":
        this.#leave(member, "closed");
        void member.thread.terminate();
    }
  }

  /** Sees to a member that the host says has ended, as soon as it has. */
  #look(member: Member): void {
    if (this.#pulse.hasEnded(member)) this.#ended(member, member.exit!.code);
    else setTimeout(() => this.#look(member), 1);
  }

  #ended(member: Member, code: number): void {
    // It has told so before it did.
    if (member.state === "gone") return;
    const isExpected = this.#pulse.isClosed(member);
    this.#leave(member, "gone");
    const id = this.#idOf(member);
    this.#settleReady(member, id, code);
    // Whatever it held or had queued, at whatever instruction it died.
    const isLast = this.#local.core.workerRecover(member.index, 0);
    bury(this.#local, id, isLast);
    this.#members[member.index] = undefined;
    if (!isExpected) {
      const error = this.#epitaphs.write(member, id, code);
      this.#events.crashed(member, error);
    }
    this.#events.left(member);
    member.port.close();
    member.gone.resolve();
  }

  /** Tells who waits for it to be ready, and may not have heard that it was. */
  #settleReady(member: Member, id: number, code: number): void {
    if (id !== 0 && this.#tasks) member.ready.resolve(this.#tasks);
    else member.ready.reject(notReady(this.#module, member, code));
  }

  #leave(member: Member, state: State): void {
    if (member.state === "starting" || member.state === "working") this.#size--;
    member.state = state;
  }

  /** Tells a worker to end when it has nothing at hand. */
  retire(member: Member): void {
    const { index, state } = member;
    if (state !== "starting" && state !== "working") return;
    this.#leave(member, "retiring");
    // Release. Pairs with the load in `PoolWorker.#isToEnd()` [W1].
    Atomics.store(this.#controls, controlOf(index, COMMAND), RETIRE);
    this.#wake(member);
  }

  #wake({ index }: Member): void {
    this.#local.core.callerWake(0, index + 1);
  }

  /** Whether workers are to tell that they are idle, from now on. */
  shrink(isShrinking: boolean): void {
    // Another number than before: those that have told so tell again.
    // Relaxed: nobody else writes it.
    const before = Atomics.load(this.#controls, SHRINKING);
    const next = isShrinking ? Math.abs(before) + 1 : -Math.abs(before);
    // Relaxed: the token that follows has them look.
    Atomics.store(this.#controls, SHRINKING, next);
    for (const member of this.members) this.#wake(member);
  }

  /** Has workers write what they have printed. Returns which are to tell so. */
  flush(): readonly Member[] {
    // Relaxed: the token that follows has them look.
    Atomics.add(this.#controls, FLUSHES, 1);
    const told = this.members.filter(({ state }) => state === "working");
    for (const member of told) this.#wake(member);
    return told;
  }

  /** Ends a worker wherever it is. Resolves when it is gone, if it ends. */
  async kill(member: Member): Promise<void> {
    if (member.state === "gone") return;
    member.isKilled = true;
    // Relaxed: whoever does not see it ends all the same, or soon does.
    Atomics.store(this.#controls, controlOf(member.index, COMMAND), DIE);
    const ended = member.thread.terminate();
    // A thread that is blocked ends when it is woken, on some hosts.
    this.#wake(member);
    await ended;
    if (member.exit) await member.gone.promise;
  }

  /** Whether `lookForDead()` finds any. */
  get seesDead(): boolean {
    return this.#pulse.isFelt;
  }

  /** Sees to those that just ended, for one who gets no events. */
  lookForDead(): void {
    for (const member of this.remaining) {
      if (this.#pulse.hasEnded(member)) {
        this.#ended(member, member.exit?.code ?? 1);
      }
    }
  }

  /** Sees to those who have told that they die, for one who gets no events. */
  lookForEnds(): void {
    // Acquire. Pairs with the addition in `tellEnd()` [W3].
    const ends = Atomics.load(this.#controls, ENDS);
    if (ends === this.#ends) return;
    this.#ends = ends;
    for (const member of this.remaining) {
      // Relaxed: the addition that was seen above comes after it.
      const end = Atomics.load(this.#controls, controlOf(member.index, END));
      if (end !== 0) this.#ended(member, end >> 1);
    }
  }
}

// The thread imports this very module, which has one URL wherever it lies.
export { runPoolWorker };
