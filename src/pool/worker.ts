// A worker of the pool: runs tasks in bursts, and sleeps where it is cheapest.

import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { Io } from "../io/io.ts";
import type { Parker } from "../park/parker.ts";
import type { ParkResult } from "../park/result.ts";
import { setContext, type WorkerContext } from "./context.ts";
import { Calls } from "./calls.ts";
import { Cancels } from "./cancels.ts";
import { Circles } from "./circles.ts";
import type { TaskHandle } from "./handle.ts";
import { Heap } from "./heap.ts";
import { Idleness } from "./idle.ts";
import { Joins } from "./joins.ts";
import { readPoolMap } from "./map.ts";
import { Mail } from "./mail.ts";
import { Marshal } from "./marshal.ts";
import { GO_ON, Records } from "./record.ts";
import { Orders } from "./orders.ts";
import { Runner } from "./runner.ts";
import { Sleep } from "./sleep.ts";
import { NO_LOOK, Spin } from "./spin.ts";
import {
  CLOSED,
  controlOf,
  END,
  ENDS,
  FLUSHES,
  type WorkerStart,
} from "./start.ts";
import type { TaskFunction } from "./task_module.ts";
import { Transfers } from "./transfers.ts";
import { WorkerWatch } from "./worker_watch.ts";

/** So many tasks between two looks at the clock, while the event loop waits. */
const BURST = 61;
/** And so long, in milliseconds, until the event loop gets a turn. */
const BURST_MS = 1;

/**
 * How long to look for work before a sleep, in milliseconds. Whoever was told of
 * a result in its sleep calls again, if it does, when it is awake.
 */
const LOOK_MS = { least: 0.03, most: 0.3 };

/** One thread of the pool. */
export class PoolWorker implements WorkerContext {
  readonly index: number;
  readonly name: string;
  readonly data: unknown;
  readonly transfer: WorkerContext["transfer"];
  readonly orders: Orders;
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #start: WorkerStart;
  readonly #calls: Calls;
  readonly #runner: Runner;
  readonly #joins: Joins;
  readonly #mail: Mail;
  readonly #spin: Spin;
  readonly #cancels: Cancels;
  readonly #transfers: Transfers;
  readonly #watch: WorkerWatch;
  #io: Io | undefined;
  /** Whether a promise was settled since the event loop's last turn. */
  #hasTold = false;
  readonly #sleep: Sleep;
  #awake = 0;
  /** What waits for the event loop of a thread without tasks. */
  readonly #loopWork: number;
  #burst = 0;
  /** What `FLUSHES` was when it last looked. */
  #flushes = 0;
  readonly #idleness: Idleness;

  /**
   * @param tasks The functions by number, and the names by which tasks spawn them.
   * @param loopWork What `host.loopWork()` was before the module was imported.
   */
  constructor(
    local: Local,
    parker: Parker,
    start: WorkerStart,
    tasks: ReadonlyMap<string, TaskFunction>,
    loopWork: number,
  ) {
    const { index, name, data } = start;
    const map = readPoolMap(local.words);
    this.index = index;
    this.name = name;
    this.data = data;
    const { thread } = local;
    this.orders = new Orders(start.controls, { index, name, thread });
    this.#local = local;
    this.#core = local.core;
    this.#sleep = new Sleep(local, index, parker);
    this.#start = start;
    const records = new Records(local, map);
    const heap = new Heap(local, map.heapAt, map.chunks);
    const marshal = new Marshal(records, heap, local.host.serializer);
    this.#calls = new Calls(local, records, marshal, {
      caller: index + 1,
      callersAt: map.callersAt,
      most: map.tasks,
      // Other workers are to find some, however many there are.
      kept: map.tasks >> 9,
    });
    this.#cancels = new Cancels(records);
    this.#transfers = new Transfers(local.host.isPrompt);
    this.transfer = this.#transfers.note.bind(this.#transfers);
    this.#runner = new Runner({
      core: local.core,
      index,
      functions: [...tasks.values()],
      records,
      marshal,
      cancels: this.#cancels,
      orders: this.orders,
      transfers: this.#transfers,
      asyncs: local.host.asyncContext(),
      rouse: () => this.rouse(),
    });
    this.#joins = new Joins(this.#runner, {
      local,
      index,
      names: [...tasks.keys()],
      calls: this.#calls,
      records,
      marshal,
      orders: this.orders,
      circles: new Circles(local.core, start.controls, { index, name, thread }),
      sleep: this.#sleep,
      wait: (mayRun) => this.#waitForJoin(mayRun),
    });
    this.#mail = new Mail(
      local,
      start,
      marshal,
      this.#cancels,
      this.#transfers,
      {
        callDirectly: (callee, args, task) =>
          this.#runner.callDirectly(callee, args, task),
        countAsync: (change) => this.#runner.countAsync(change),
        rouse: () => this.rouse(),
      },
    );
    this.#runner.mail = this.#mail;
    this.#watch = new WorkerWatch({
      local,
      index,
      sleep: this.#sleep,
      running: () => this.#runner.running,
      check: () => {
        this.orders.check();
        if (this.isCancelled) this.signal.throwIfAborted();
      },
    });
    this.#spin = new Spin(local.host, start.isSpinning ? LOOK_MS : NO_LOOK);
    this.#loopWork = loopWork;
    // Relaxed: who has asked before has not asked this worker.
    this.#flushes = Atomics.load(start.controls, FLUSHES);
    this.#idleness = new Idleness(start.controls, start.idleTimeout);
    setContext(this);
  }

  get io(): Io {
    return this.#io ??= new Io(this.#watch);
  }

  get signal(): AbortSignal {
    return this.#cancels.signal(this.#runner.running);
  }

  get isCancelled(): boolean {
    const task = this.#runner.running;
    // A message may say so.
    if (task < 0) this.#mail.collect();
    return task !== 0 && this.#cancels.reason(task) !== GO_ON;
  }

  spawn(name: string, args: readonly unknown[]): TaskHandle<unknown> {
    return this.#joins.spawn(name, args);
  }

  keepAwake(): Disposable {
    this.#awake++;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#awake--;
      },
    };
  }

  /** Makes the worker look for work again. */
  rouse(): void {
    this.#sleep.rouse();
  }

  /** Runs tasks until the pool is shut down, or the worker is to retire. */
  async run(): Promise<void> {
    const { host } = this.#local;
    while (!this.#isToEnd()) {
      this.orders.check();
      this.#runBurst();
      // What is done but for its promise is done after this.
      if (this.#runner.inFlight > 0) await undefined;
      this.#lookAround();
      if (this.#isToEnd()) break;
      if (this.#isLoopDue()) {
        this.#hasTold = false;
        await host.turn();
        continue;
      }
      if (this.#search()) continue;
      await this.#rest();
    }
    await this.#finish();
  }

  /** Does what does not come from the pool's queues. */
  #lookAround(): void {
    this.#calls.drain();
    this.#mail.read();
    this.#lookUp();
  }

  /** Does what others ask for while it sleeps. */
  #lookUp(): void {
    this.#cancels.look();
    if (this.#watch.waits.settle() > 0) this.#hasTold = true;
    // Relaxed: a token comes when it has changed.
    const flushes = Atomics.load(this.#start.controls, FLUSHES);
    if (flushes === this.#flushes) return;
    this.#flushes = flushes;
    void this.#flush();
  }

  /** Writes what it has printed, and tells. */
  async #flush(): Promise<void> {
    const { output, self } = this.#local.host;
    if (output?.isPending) {
      this.#awake++;
      await output.written();
      this.#awake--;
    }
    self()!.post({ kind: "flushed" });
  }

  #isToEnd(): boolean {
    return this.#core.shutdownBegun() !== 0 || this.orders.isToRetire;
  }

  /** Takes no more tasks, and waits for those that it has begun. */
  async #finish(): Promise<void> {
    this.close();
    while (!this.#core.shutdownBegun()) {
      this.orders.check();
      this.#lookAround();
      if (this.#runner.inFlight === 0 && !this.#mail.isPending) return;
      await this.#sleep.inLoop(Infinity);
    }
  }

  /** Runs what there is; with something in the event loop, for a while. */
  #runBurst(): void {
    const core = this.#core;
    const { index } = this;
    let began = 0;
    for (let count = 1;; count++) {
      const task = core.workerNext(index);
      if (task === 0) return;
      this.#runner.execute(task);
      if (count % BURST !== 0) continue;
      if (this.#mail.hasNew) return;
      const now = performance.now();
      began ||= now;
      if (now - began < BURST_MS) continue;
      // The event loop's turn is due, if anything waits for one.
      this.#burst = this.#needsLoop() ? 1 : 0;
      return;
    }
  }

  /** Whether a burst ended for the event loop's sake. */
  #isLoopDue(): boolean {
    // A thread that blocks while promises are to be told would never tell them.
    const isDue = this.#burst !== 0 || this.#hasTold;
    this.#burst = 0;
    return isDue;
  }

  /** Looks for work for a moment, while others leave it to this worker. */
  #search(): boolean {
    return this.#core.workerIsSearching(this.index) !== 0 &&
      this.#spin.search(this.#look, this.#runner.inFlight > 0);
  }

  readonly #look = (): boolean => {
    const task = this.#core.workerNext(this.index);
    if (task === 0) return false;
    this.#runner.execute(task);
    return true;
  };

  /** Whether something needs this thread's event loop. */
  #needsLoop(): boolean {
    const { idle } = this.#start;
    // A task that waits for a descriptor is told by whoever wakes this thread.
    if (this.#runner.inFlight > this.#watch.waits.tasks) return true;
    if (this.#awake > 0 || this.#mail.isComing) return true;
    if (idle === "event-loop") return true;
    if (idle === "block") return this.#local.host.output?.isPending ?? false;
    return (this.#local.host.loopWork() ?? Infinity) > this.#loopWork;
  }

  /** Whether there is something to do that the pool's queues do not know of. */
  #hasWork(): boolean {
    return this.#core.callerHasFinished(this.index + 1) !== 0 ||
      this.#mail.hasNew || this.#hasTold || this.#isToEnd();
  }

  async #rest(): Promise<void> {
    const core = this.#core;
    const { index } = this;
    if (!core.workerPark(index)) return;
    const began = performance.now();
    do {
      const timeout = this.#idleTime();
      const end = this.#needsLoop()
        ? await this.#sleepInLoop(timeout)
        : this.#sleep.block(timeout);
      this.orders.check();
      this.#lookUp();
      if (end === "timed-out") this.#tellIdle();
    } while (!core.workerUnpark(index, Number(this.#hasWork())));
    this.#spin.slept(began, performance.now());
  }

  async #sleepInLoop(timeout: number): Promise<ParkResult> {
    const back = this.#watch.leave();
    const end = await this.#sleep.inLoop(timeout);
    back();
    return end;
  }

  /** Milliseconds that it may sleep until it tells that it is idle. */
  #idleTime(): number {
    if (this.#runner.inFlight > 0 || this.#awake > 0) return Infinity;
    const tasks = this.#core.workerTally(this.index, 0) + this.#mail.seen;
    return this.#idleness.timeLeft(tasks);
  }

  #tellIdle(): void {
    this.#idleness.tell();
    this.#local.host.self()!.post({ kind: "idle" });
  }

  /** Says that the thread dies, to a creator that may be blocked. */
  tellEnd(code: number): void {
    const { controls } = this.#start;
    this.orders.end();
    // Relaxed: the addition that follows publishes it.
    Atomics.store(controls, controlOf(this.index, END), code * 2 + 1);
    // Release. Pairs with the load in `Crew.lookForEnds()` [W3].
    Atomics.add(controls, ENDS, 1);
    this.#core.callerWake(this.index + 1, 0);
  }

  /** Leaves what is at hand to others. */
  close(): void {
    this.#core.workerClose(this.index);
  }

  /** Ends as it was told, and for good. */
  end(): void {
    this.close();
    this.orders.end(CLOSED);
  }

  /** Waits, blocking, for something to come to this thread, in a join. */
  #waitForJoin(mayRun: boolean): void {
    const core = this.#core;
    const { index } = this;
    if (!mayRun) {
      this.#sleep.block(Infinity);
      return;
    }
    if (!core.workerPark(index)) return;
    do {
      if (this.#sleep.block(Infinity) === "shutdown") return;
    } while (!core.workerUnpark(index, core.callerHasFinished(index + 1)));
  }
}
