// A pool's tasks on threads of their own.

import type { CoreExports } from "../core/core.generated.ts";
import { type Local, shutdown } from "../core/local.ts";
import {
  CannotBlockError,
  type CrashLoopError,
  ShutdownError,
} from "../errors.ts";
import { Io } from "../io/io.ts";
import { watchOnThread } from "../io/thread_watch.ts";
import { claimParker } from "../park/claim.ts";
import type { Parker } from "../park/parker.ts";
import { stayAlive } from "./alive.ts";
import { Call, type Callers } from "./call.ts";
import { Calls } from "./calls.ts";
import { Closing } from "./closing.ts";
import { Crew, type Member } from "./crew.ts";
import { Dispatch } from "./dispatch.ts";
import type { Engine } from "./engine.ts";
import { Heap } from "./heap.ts";
import { LastWords } from "./last_words.ts";
import { readPoolMap } from "./map.ts";
import { CAPACITY, createPoolMemory } from "./memory.ts";
import { Marshal } from "./marshal.ts";
import { type PoolMetrics, readWorker, Tallies } from "./metrics.ts";
import type {
  CheckedPoolOptions,
  CheckedRunOptions,
  Limits,
} from "./options.ts";
import { Post } from "./post.ts";
import { Pump } from "./pump.ts";
import { Records } from "./record.ts";
import { Staff } from "./staff.ts";
import { controlsFor } from "./start.ts";
import { SyncCall } from "./sync_call.ts";
import { Vacancy } from "./vacancy.ts";

/** Of records and memory; the rest is for what tasks spawn and return. */
const CALLERS_SHARE = 3 / 4;
/** Of all records, what is kept for the next calls. */
const KEPT_SHARE = CALLERS_SHARE / 2;
/** Milliseconds after which one who blocks looks for workers that died. */
const LOOK_MS = 100;

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
  readonly #staff: Staff;
  readonly #lastWords: LastWords;
  readonly #tallies = new Tallies();
  readonly #callers: Callers;
  #io: Io | undefined;
  readonly #closing = new Closing();
  #broken: CrashLoopError | undefined;
  readonly #vacancy = new Vacancy(this.#tallies, () => this.isFull);

  private constructor(
    local: Local,
    module: string,
    options: CheckedPoolOptions,
  ) {
    const map = readPoolMap(local.words);
    this.#local = local;
    this.#core = local.core;
    this.#options = options;
    this.#parker = claimParker(local);
    this.#blockingParker = claimParker(local);
    const records = new Records(local, map);
    const heap = new Heap(
      local,
      map.heapAt,
      Math.floor(map.chunks * CALLERS_SHARE),
    );
    const { serializer } = local.host;
    const marshal = new Marshal(records, heap, serializer, options.errors);
    this.#calls = new Calls(local, records, marshal, {
      caller: 0,
      callersAt: map.callersAt,
      // Tasks have to find some, too.
      most: Math.ceil(map.tasks * CALLERS_SHARE),
      kept: Math.floor(map.tasks * KEPT_SHARE),
    });
    this.#sleepOn(this.#parker);
    const controls = new Int32Array(
      new SharedArrayBuffer(4 * controlsFor(CAPACITY)),
    );
    this.#post = new Post(local, marshal, controls);
    this.#calls.expectLetter = (letter, waiter, thread) =>
      this.#post.expect(letter, waiter, thread);
    this.#crew = new Crew(local, module, options, controls, CAPACITY, {
      joined: (member) => this.#post.open(member),
      isReady: () => this.#staff.isReady(),
      crashed: (member, error) => this.#staff.crashed(member, error),
      left: (member) => this.#left(member),
      idled: (member) => {
        // What nobody waits for any more may be done.
        this.settle();
        this.#staff.idled(member);
      },
      flushed: (member) => this.#lastWords.heard(member),
    });
    const calls = () => this.#tallies.submitted;
    this.#lastWords = new LastWords(local.host, this.#crew, calls);
    this.#staff = new Staff({
      crew: this.#crew,
      options,
      tallies: this.#tallies,
      pending: () => this.#tasks,
      gaveUp: (error) => this.#giveUp(error),
    });
    this.#dispatch = new Dispatch({
      local,
      records,
      marshal,
      calls: this.#calls,
      post: this.#post,
      tallies: this.#tallies,
      addresses: () => {
        if (this.#crew.size === 0) this.#staff.grow();
        return this.#crew.members;
      },
      alert: (thread) => this.#alert(thread),
      indexOf: (thread) => this.#crew.memberOf(thread)?.index,
      grace: options.grace,
      overrun: (index) => this.#overrun(index),
      cancelled: () => this.#cancelled(),
      settle: () => this.settle(),
    });
    this.#pump = new Pump(local, this.#parker, this);
    this.#callers = {
      tallies: this.#tallies,
      crashError: (thread) => this.#crew.epitaph(thread),
    };
  }

  /** Starts the workers, and resolves when they are ready. */
  static async start(
    module: string,
    options: CheckedPoolOptions,
  ): Promise<ThreadEngine> {
    const engine = new ThreadEngine(createPoolMemory(options), module, options);
    try {
      engine.names = await engine.#staff.start();
    } catch (error) {
      await engine.shutdown(0);
      throw error;
    }
    return engine;
  }

  /** Which of the two parkers of this thread workers are to wake. */
  #sleepOn({ handle }: Parker): void {
    this.#core.callerOpen(0, handle.address, handle.claim);
  }

  get io(): Io {
    return this.#io ??= new Io(watchOnThread(this.#local));
  }

  get workers(): number {
    return this.#crew.size;
  }

  /** Tasks that are not done, whoever wants them. */
  get #tasks(): number {
    return this.#dispatch.pending;
  }

  /** What somebody waits for: a task that was cancelled counts no more. */
  get pending(): number {
    return this.#tallies.unsettled + (this.#vacancy.isAwaited ? 1 : 0);
  }

  get isFull(): boolean {
    return !this.#broken && !this.#closing.hasBegun &&
      this.#tasks - this.#staff.most >= this.#options.maxQueue;
  }

  get ready(): Promise<void> {
    return this.#vacancy.forRoom();
  }

  run(
    callee: number,
    args: readonly unknown[],
    options: CheckedRunOptions | undefined,
  ): Promise<unknown> {
    const call = new Call(this.#callers);
    try {
      this.#checkOpen("run a task");
      if (options) {
        const name = this.names[callee]!;
        this.#dispatch.sendWith(callee, name, args, options, call);
      } else {
        this.#dispatch.send(callee, args, call);
      }
      if (this.#tasks > this.#crew.size) this.#staff.grow();
      this.#pump.start();
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
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
    const call = new SyncCall(this.#callers);
    const name = this.names[callee]!;
    this.#dispatch.sendWith(callee, name, args, options, call);
    if (this.#tasks > this.#crew.size) this.#staff.grow();
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
      // No event tells a thread that blocks that a worker died.
      this.#crew.lookForEnds();
      this.settle();
      if (call.isDone) return;
      const left = until - performance.now();
      if (left <= 0) this.#dispatch.expire();
      else this.#block(left);
    }
  }

  /** Blocks for so many milliseconds, or until something comes. */
  #block(ms: number): void {
    const parker = this.#blockingParker;
    const crew = this.#crew;
    const time = crew.seesDead ? Math.min(ms, LOOK_MS) : ms;
    if (time === Infinity) parker.park();
    else if (parker.parkTimeout(time) === "timed-out") crew.lookForDead();
  }

  #checkOpen(action: string): void {
    if (this.#broken) throw this.#broken;
    if (this.#closing.hasBegun) throw new ShutdownError(action, "pool");
  }

  /** Settles what has come: for the pump. */
  settle(): number {
    const count = this.#dispatch.settle();
    if (count > 0) this.#tellWaiting();
    return count;
  }

  #tellWaiting(): void {
    this.#staff.settled();
    this.#vacancy.look();
  }

  #giveUp(error: CrashLoopError): void {
    this.#broken = error;
    // Whoever has lost a task is told so.
    this.settle();
    this.#rejectAll(error);
  }

  #rejectAll(error: unknown): void {
    this.#dispatch.rejectAll(error);
    this.#vacancy.look();
  }

  #left(member: Member): void {
    // Results that came by message, too.
    this.settle();
    this.#lastWords.heard(member);
    this.#post.bury(member.index, member.id);
    this.#tellWaiting();
    this.#staff.left();
  }

  #alert(thread: number): void {
    const member = this.#crew.memberOf(thread);
    if (member) this.#core.callerWake(0, member.index + 1);
  }

  #overrun(index: number): void {
    const member = this.#crew.memberAt(index);
    if (member) void this.#crew.kill(member);
  }

  #cancelled(): void {
    this.#tellWaiting();
    // So that the pump sees that nobody waits any more.
    if (this.pending === 0) this.#core.callerWake(0, 0);
  }

  async resize(limits: Limits): Promise<void> {
    this.#checkOpen("resize the pool");
    await this.#alive(() => this.#staff.resize(limits));
  }

  async recycle(): Promise<void> {
    this.#checkOpen("recycle the workers");
    await this.#alive(() => this.#staff.recycle());
  }

  /** Does something that waits for workers, which keep no process alive. */
  #alive(action: () => Promise<void>): Promise<void> {
    return stayAlive(this.#local.host.keepAlive, action);
  }

  drain(): Promise<void> {
    return this.#vacancy.forNone();
  }

  shutdown(timeout: number): Promise<void> {
    return this.#closing.close(
      timeout,
      (hurry) => this.#alive(() => this.#close(hurry)),
    );
  }

  async #close(hurry: Promise<void>): Promise<void> {
    if (!this.#broken) await Promise.race([this.drain(), hurry]);
    shutdown(this.#local);
    this.#rejectAll(
      this.#broken ?? new ShutdownError("finish the task", "pool"),
    );
    await this.#staff.end(hurry);
    this.#lastWords.stop();
  }

  metrics(): PoolMetrics {
    const { latency, ...counts } = this.#tallies;
    return {
      ...counts,
      pending: this.#tallies.unsettled,
      latency: latency.copy(),
      workers: this.#crew.members.filter(({ parker }) => parker !== 0)
        .map((member) => readWorker(this.#core, member)),
    };
  }
}
