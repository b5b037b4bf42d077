// A pool's tasks on threads of their own.

import { create } from "../compose.ts";
import { CHUNK_BYTES, MAX_WORKERS } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import { type Local, shutdown } from "../core/local.ts";
import {
  CannotBlockError,
  CrashLoopError,
  ShutdownError,
  WorkerCrashedError,
} from "../errors.ts";
import { checkOptions } from "../options.ts";
import { claimParker } from "../park/claim.ts";
import { readCounters } from "../park/counters.ts";
import type { Parker } from "../park/parker.ts";
import { Call } from "./call.ts";
import { Calls } from "./calls.ts";
import { Crew, type Member } from "./crew.ts";
import { Dispatch } from "./dispatch.ts";
import type { Engine } from "./engine.ts";
import { Heap } from "./heap.ts";
import { readPoolMap } from "./map.ts";
import { Marshal } from "./marshal.ts";
import { type PoolMetrics, Tallies, type WorkerMetrics } from "./metrics.ts";
import type { CheckedPoolOptions, CheckedRunOptions } from "./options.ts";
import { Post } from "./post.ts";
import { Pump } from "./pump.ts";
import { Records } from "./record.ts";
import { CONTROLS } from "./start.ts";
import { SyncCall } from "./sync_call.ts";
import { within } from "./within.ts";

/** Workers for each idle word of the core: as many as it has bits. */
const PER_WORD = 32;
/** Entries of a run queue. Source: tokio, multi_thread/queue.rs. */
const RING = 256;
const MEBIBYTE = 1 << 20;
/** Of all records; the rest is for tasks that tasks spawn. */
const CALLERS_SHARE = 3 / 4;
/** One call in so many is measured; a power of two. */
const SAMPLE = 16;
/** A worker that was told to end and does not is terminated after so long. */
const STUBBORN_MS = 1000;

/** The engine of a pool that has threads. */
export class ThreadEngine implements Engine {
  names: readonly string[] = [];
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #options: CheckedPoolOptions;
  readonly #parker: Parker;
  readonly #blockingParker: Parker;
  readonly #calls: Calls;
  readonly #post: Post;
  readonly #dispatch: Dispatch;
  readonly #pump: Pump;
  readonly #crew: Crew;
  readonly #tallies = new Tallies();
  readonly #crashError: (thread: number) => unknown;
  #minWorkers: number;
  #maxWorkers: number;
  #closing: Promise<void> | undefined;
  #broken: CrashLoopError | undefined;
  /** Workers that died since a task was last done. */
  #crashesInRow = 0;
  #settledAtCrash = -1;
  #room: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  private constructor(
    local: Local,
    capacity: number,
    module: string,
    options: CheckedPoolOptions,
  ) {
    const map = readPoolMap(local.words);
    this.#local = local;
    this.#core = local.core;
    this.#options = options;
    this.#minWorkers = options.minWorkers;
    this.#maxWorkers = options.maxWorkers;
    this.#parker = claimParker(local);
    this.#blockingParker = claimParker(local);
    const records = new Records(local, map.tasksAt);
    const heap = new Heap(local, map.heapAt, map.chunks);
    const { serializer } = local.host;
    const marshal = new Marshal(records, heap, serializer, options.errors);
    this.#calls = new Calls(
      local,
      records,
      marshal,
      0,
      map.callersAt,
      // Tasks have to find some, too.
      Math.ceil(map.tasks * CALLERS_SHARE),
    );
    this.#sleepOn(this.#parker);
    const controls = new Int32Array(
      new SharedArrayBuffer(4 * (capacity * CONTROLS + 1)),
    );
    this.#post = new Post(local, marshal, controls);
    this.#calls.expectLetter = (letter, waiter, thread) =>
      this.#post.expect(letter, waiter, thread);
    this.#crew = new Crew(local, module, options, controls, capacity, {
      joined: (member) => this.#post.open(member),
      crashed: (_, error) => this.#crashed(error),
      left: (member) => this.#left(member),
      idled: (member) => this.#idled(member),
    });
    this.#dispatch = new Dispatch({
      local,
      records,
      marshal,
      calls: this.#calls,
      post: this.#post,
      tallies: this.#tallies,
      addresses: () => {
        if (this.#crew.size === 0) this.#grow();
        return this.#crew.members;
      },
      alert: (thread) => this.#alert(thread),
      overrun: (thread, isOver) => this.#overrun(thread, isOver),
    });
    this.#pump = new Pump(local, this.#parker, this);
    this.#crashError = (thread) =>
      this.#closing
        ? new ShutdownError("finish the task")
        : this.#crew.epitaph(thread);
  }

  /** Starts the workers, and resolves when they are ready. */
  static async start(
    module: string,
    options: CheckedPoolOptions,
  ): Promise<ThreadEngine> {
    // As many as there can ever be: memory that is not used costs nothing.
    const capacity = MAX_WORKERS;
    const chunks = options.memory * MEBIBYTE / CHUNK_BYTES;
    const { tasks } = options;
    const local = create(
      checkOptions({ parkers: 4 * capacity + 64, locks: 0, timers: 0 }),
      { workers: capacity, tasks, chunks },
    );
    local.core.poolCreate(capacity, PER_WORD, RING, tasks, chunks);
    local.isShared = true;
    const engine = new ThreadEngine(local, capacity, module, options);
    try {
      await engine.#startCrew();
    } catch (error) {
      await engine.shutdown(0);
      throw error;
    }
    return engine;
  }

  async #startCrew(): Promise<void> {
    this.#crew.isShrinking = this.#maxWorkers > this.#minWorkers;
    const count = Math.max(this.#minWorkers, 1);
    const members = Array.from({ length: count }, () => this.#crew.add()!);
    const all = await Promise.all(members.map(({ ready }) => ready.promise));
    this.names = all[0]!;
  }

  /** Which of the two parkers of this thread workers are to wake. */
  #sleepOn({ handle }: Parker): void {
    this.#core.callerOpen(0, handle.address, handle.claim);
  }

  get workers(): number {
    return this.#crew.size;
  }

  /** Calls that are not settled. */
  get pending(): number {
    return this.#dispatch.pending;
  }

  get queued(): number {
    return Math.max(this.pending - this.#crew.size, 0);
  }

  get ready(): Promise<void> {
    if (this.queued < this.#options.maxQueue) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  run(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#checkOpen("run a task");
      const call = new Call(resolve, reject, this.#crashError, this.#tallies);
      if ((this.#tallies.submitted & (SAMPLE - 1)) === 0) call.measure();
      if (options) {
        const name = this.names[callee]!;
        this.#dispatch.sendWith(callee, name, args, options, call);
      } else {
        this.#dispatch.send(callee, args, call);
      }
      if (this.pending > this.#crew.size) this.#grow();
      this.#pump.start();
    });
  }

  runSync(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions,
  ): unknown {
    this.#checkOpen("run a task");
    if (!this.#local.mayBlock) {
      throw new CannotBlockError("run a task and wait for it", "run()");
    }
    const call = new SyncCall(this.#crashError, this.#tallies);
    const name = this.names[callee]!;
    this.#dispatch.sendWith(callee, name, args, options, call);
    if (this.pending > this.#crew.size) this.#grow();
    // The other parker may be asleep in the event loop.
    this.#sleepOn(this.#blockingParker);
    try {
      this.#waitFor(call, options.timeout);
    } finally {
      this.#sleepOn(this.#parker);
      // What came before this may have woken the other one.
      this.#core.callerWake(0, 0);
      this.#pump.start();
    }
    return call.take();
  }

  #waitFor(call: SyncCall, timeout: number): void {
    const until = performance.now() + timeout;
    for (;;) {
      this.#dispatch.settle();
      if (call.isDone) return;
      const left = until - performance.now();
      if (left <= 0) this.#dispatch.expire();
      else if (left === Infinity) this.#blockingParker.park();
      else this.#blockingParker.parkTimeout(left);
      // No event tells a thread that blocks that a worker died.
      if (this.#crew.lookForDead() && this.#crew.size === 0) {
        call.reject(this.#broken ?? new ShutdownError("finish the task"));
      }
    }
  }

  #checkOpen(action: string): void {
    if (this.#broken) throw this.#broken;
    if (this.#closing) throw new ShutdownError(action);
  }

  /** Settles what has come: for the pump. */
  settle(): number {
    const count = this.#dispatch.settle();
    if (count > 0) this.#tellWaiting();
    return count;
  }

  #tellWaiting(): void {
    if (this.#room && this.queued < this.#options.maxQueue) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#empty && this.pending === 0) {
      this.#empty.resolve();
      this.#empty = undefined;
    }
  }

  #grow(): void {
    if (this.#crew.size < this.#maxWorkers) this.#crew.add();
  }

  #crashed(error: WorkerCrashedError): void {
    this.#tallies.crashes++;
    const settled = this.#tallies.completed + this.#tallies.failed;
    this.#crashesInRow = settled === this.#settledAtCrash
      ? this.#crashesInRow + 1
      : 1;
    this.#settledAtCrash = settled;
    if (this.#crashesInRow < this.#options.maxCrashes || this.#broken) return;
    this.#broken = new CrashLoopError(this.#crashesInRow, { cause: error });
    this.settle();
    this.#dispatch.rejectAll(this.#broken);
  }

  #left(member: Member): void {
    // Results that came by message, too.
    this.settle();
    this.#post.bury(member.index, this.#crashError(member.id));
    this.#tellWaiting();
    if (this.#closing || this.#broken) return;
    const isNeeded = this.#crew.size < this.#minWorkers ||
      (this.#crew.size === 0 && this.pending > 0);
    if (isNeeded) this.#crew.add();
  }

  #idled(member: Member): void {
    if (this.#crew.size > this.#minWorkers) this.#crew.retire(member);
  }

  #alert(thread: number): void {
    const member = this.#crew.memberOf(thread);
    if (member) this.#core.callerWake(0, member.index + 1);
  }

  #overrun(thread: number, isOver: () => boolean): void {
    const { grace } = this.#options;
    const member = this.#crew.memberOf(thread);
    if (grace === Infinity || !member) return;
    setTimeout(() => {
      if (!isOver()) this.#crew.kill(member);
    }, grace);
  }

  async resize(minWorkers: number, maxWorkers: number): Promise<void> {
    this.#checkOpen("resize the pool");
    this.#minWorkers = minWorkers;
    this.#maxWorkers = maxWorkers;
    this.#crew.isShrinking = maxWorkers > minWorkers;
    const surplus = this.#crew.members.slice(maxWorkers);
    for (const member of surplus) this.#crew.retire(member);
    const added: Member[] = [];
    while (this.#crew.size < minWorkers) {
      const member = this.#crew.add();
      // Those that leave still have their places.
      if (!member) break;
      added.push(member);
    }
    await Promise.all(added.map(({ ready }) => ready.promise));
    await Promise.all(surplus.map(({ gone }) => gone.promise));
  }

  async recycle(): Promise<void> {
    for (const member of this.#crew.members) {
      this.#checkOpen("recycle the workers");
      await this.#crew.add()?.ready.promise;
      this.#crew.retire(member);
      await member.gone.promise;
    }
  }

  drain(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  shutdown(timeout: number): Promise<void> {
    return this.#closing ??= this.#close(timeout);
  }

  async #close(timeout: number): Promise<void> {
    const { host } = this.#local;
    host.keepAlive.hold();
    try {
      if (!this.#broken) await within(this.drain(), timeout);
      const error = this.#broken ?? new ShutdownError("finish the task");
      shutdown(this.#local);
      this.#dispatch.rejectAll(error);
      this.#room?.resolve();
      this.#empty?.resolve();
      const { remaining } = this.#crew;
      const gone = remaining.map((member) => member.gone.promise);
      await within(Promise.all(gone), Math.min(timeout, STUBBORN_MS));
      await Promise.all(this.#crew.remaining.map((it) => this.#crew.kill(it)));
    } finally {
      host.keepAlive.drop();
    }
  }

  metrics(): PoolMetrics {
    const { latency, ...counts } = this.#tallies;
    return {
      ...counts,
      pending: this.pending,
      latency: latency.copy(),
      workers: this.#crew.members.map((member) => this.#metricsOf(member)),
    };
  }

  #metricsOf({ index, name, parker }: Member): WorkerMetrics {
    const tally = (place: number) => this.#core.workerTally(index, place);
    return {
      ...readCounters(this.#core, parker),
      name,
      tasks: tally(0),
      stolen: tally(1),
      steals: tally(2),
      injected: tally(3),
      overflows: tally(4),
    };
  }
}
