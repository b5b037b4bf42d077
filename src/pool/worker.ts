// A worker of the pool: runs tasks in bursts, and sleeps where it is cheapest.

import { RETURNED, THREW } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import type { AsyncContext } from "../host.ts";
import type { Parker } from "../park/parker.ts";
import { setContext, type WorkerContext } from "./context.ts";
import { Calls } from "./calls.ts";
import { Cancels } from "./cancels.ts";
import type { TaskHandle } from "./handle.ts";
import { Heap } from "./heap.ts";
import { Idleness } from "./idle.ts";
import { Joins } from "./joins.ts";
import { readPoolMap } from "./map.ts";
import { Mail } from "./mail.ts";
import { isForMessage, Marshal } from "./marshal.ts";
import { GO_ON, Records } from "./record.ts";
import { Spin } from "./spin.ts";
import {
  COMMAND,
  controlOf,
  END,
  ENDS,
  RETIRE,
  THREAD,
  type WorkerStart,
} from "./start.ts";
import type { TaskFunction } from "./task_module.ts";
import { isThenable } from "./thenable.ts";

/** So many tasks between two looks at the clock, while the event loop waits. */
const BURST = 61;
/** And so long, in milliseconds, until the event loop gets a turn. */
const BURST_MS = 1;

/** How long to look for work before a sleep, in milliseconds. */
const LOOK_MS = 0.03;

/** Functions that are asynchronous by their form. */
const AsyncFunction = (async () => {}).constructor;

/** One thread of the pool. */
export class PoolWorker implements WorkerContext {
  readonly index: number;
  readonly name: string;
  readonly data: unknown;
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #parker: Parker;
  readonly #start: WorkerStart;
  readonly #functions: readonly TaskFunction[];
  readonly #isAsync: boolean[];
  readonly #records: Records;
  readonly #marshal: Marshal;
  readonly #calls: Calls;
  readonly #joins: Joins;
  readonly #mail: Mail;
  readonly #spin: Spin;
  readonly #cancels: Cancels;
  readonly #asyncs: AsyncContext | undefined;
  /** The task that runs now, synchronously; 0 if there is none. */
  #current = 0;
  /** Asynchronous tasks that have begun and not ended. */
  #inFlight = 0;
  #awake = 0;
  /** What waits for the event loop of a thread without tasks. */
  readonly #loopWork: number;
  #burst = 0;
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
    this.#local = local;
    this.#core = local.core;
    this.#parker = parker;
    this.#start = start;
    this.#functions = [...tasks.values()];
    this.#isAsync = this.#functions.map((it) => it instanceof AsyncFunction);
    this.#records = new Records(local, map);
    const heap = new Heap(local, map.heapAt, map.chunks);
    this.#marshal = new Marshal(this.#records, heap, local.host.serializer);
    const caller = index + 1;
    this.#calls = new Calls(
      local,
      this.#records,
      this.#marshal,
      caller,
      map.callersAt,
      map.tasks,
    );
    this.#joins = new Joins(this, {
      local,
      index,
      names: [...tasks.keys()],
      calls: this.#calls,
      records: this.#records,
      marshal: this.#marshal,
    });
    this.#cancels = new Cancels(this.#records);
    this.#mail = new Mail(local, start, this.#marshal, this.#cancels, this);
    this.#spin = new Spin(start.isSpinning ? LOOK_MS : 0);
    this.#asyncs = local.host.asyncContext();
    this.#loopWork = loopWork;
    this.#idleness = new Idleness(start.controls, start.idleTimeout);
    setContext(this);
  }

  /** The task that runs, or that went on after an `await`. */
  #running(): number {
    if (this.#current !== 0) return this.#current;
    return (this.#asyncs?.get() as number | undefined) ?? 0;
  }

  get signal(): AbortSignal {
    return this.#cancels.signal(this.#running());
  }

  get isCancelled(): boolean {
    const task = this.#running();
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

  /** Calls a task's function with what its record says. */
  call(task: number): unknown {
    const records = this.#records;
    const callee = records.callee(task);
    const it = this.#functions[callee] as (...args: unknown[]) => unknown;
    const before = this.#current;
    this.#current = task;
    try {
      switch (records.countNumbers(task)) {
        case 0:
          if (this.#isAsync[callee]) break;
          return it();
        case 1:
          if (this.#isAsync[callee]) break;
          return it(records.number(task, 0));
        case 2:
          if (this.#isAsync[callee]) break;
          return it(records.number(task, 0), records.number(task, 1));
      }
      const args = this.#marshal.readArguments(task);
      if (!this.#isAsync[callee] || !this.#asyncs) return it(...args);
      return this.#asyncs.run(task, () => it(...args));
    } finally {
      this.#current = before;
    }
  }

  /**
   * Calls a function with values that are this thread's already.
   *
   * @param task What it is known by, if it is a call by message: below 0.
   */
  callDirectly(
    callee: number,
    args: readonly unknown[],
    task: number = 0,
  ): unknown {
    const it = this.#functions[callee] as (...args: unknown[]) => unknown;
    const before = this.#current;
    this.#current = task;
    try {
      if (!this.#isAsync[callee] || !this.#asyncs) return it(...args);
      return this.#asyncs.run(task, () => it(...args));
    } finally {
      this.#current = before;
    }
  }

  /** An asynchronous call has begun, or has ended. */
  countAsync(change: 1 | -1): void {
    this.#inFlight += change;
    // The last one: the worker may sleep elsewhere now.
    if (this.#inFlight === 0) this.rouse();
  }

  /** Whether a task will go on in the event loop, as far as one can tell. */
  isAsync(task: number): boolean {
    return this.#isAsync[this.#records.callee(task)]!;
  }

  /** Runs a task that this worker has taken. */
  execute(task: number): void {
    let value: unknown;
    try {
      value = this.call(task);
    } catch (error) {
      this.#cancels.end(task);
      this.#throw(task, error);
      return;
    }
    if (isThenable(value)) return this.#await(task, value);
    this.#cancels.end(task);
    this.#return(task, value);
  }

  #await(task: number, value: PromiseLike<unknown>): void {
    // Known from now on, whatever its form is.
    this.#isAsync[this.#records.callee(task)] = true;
    this.countAsync(1);
    const end = (finish: () => void) => {
      // Its record is another's when it is finished.
      this.#cancels.forget(task);
      finish();
      this.countAsync(-1);
    };
    this.#cancels.watch(task);
    value.then(
      (result) => end(() => this.#return(task, result)),
      (error) => end(() => this.#throw(task, error)),
    );
  }

  #return(task: number, value: unknown): void {
    try {
      this.#marshal.writeResult(task, value);
    } catch (error) {
      if (!this.#sendResult(task, value, error)) return;
    }
    this.#core.workerFinish(this.index, task, RETURNED);
    this.#calls.flush();
  }

  /** Sends what bytes cannot carry by message. Returns whether it could. */
  #sendResult(task: number, value: unknown, reason: unknown): boolean {
    try {
      if (!isForMessage(reason) || !this.#records.isOfCreator(task)) {
        throw reason;
      }
      this.#records.returnLetter(task, this.#mail.sendResult(value));
      return true;
    } catch (error) {
      this.#throw(task, error);
      return false;
    }
  }

  #throw(task: number, error: unknown): void {
    try {
      this.#marshal.writeError(task, error);
    } catch {
      this.#sendError(task, error);
    }
    this.#core.workerFinish(this.index, task, THREW);
    this.#calls.flush();
  }

  /** There is no memory for what a task threw. */
  #sendError(task: number, error: unknown): void {
    if (!this.#records.isOfCreator(task)) this.#records.returnNothing(task);
    else this.#records.returnLetter(task, this.#mail.sendError(error));
  }

  /** Makes the worker look for work again. */
  rouse(): void {
    const { address, claim } = this.#parker.handle;
    this.#core.parkerUnpark(address, claim);
  }

  /** Runs tasks until the pool is shut down, or the worker is to retire. */
  async run(): Promise<void> {
    const { host } = this.#local;
    for (;;) {
      this.#runBurst();
      // What is done but for its promise is done after this.
      if (this.#inFlight > 0) await undefined;
      this.#calls.drain();
      this.#mail.read();
      this.#cancels.look();
      if (this.#isEnding()) return;
      if (this.#isLoopDue()) {
        await host.turn();
        continue;
      }
      if (this.#search()) continue;
      await this.#sleep();
    }
  }

  #isEnding(): boolean {
    if (this.#core.shutdownBegun()) return true;
    // Acquire. Pairs with the store in `Crew` that tells it to [W1].
    return Atomics.load(
          this.#start.controls,
          controlOf(this.index, COMMAND),
        ) === RETIRE && this.#inFlight === 0 && !this.#mail.isPending;
  }

  /** Runs what there is; with something in the event loop, for a while. */
  #runBurst(): void {
    const core = this.#core;
    const { index } = this;
    let began = 0;
    for (let count = 1;; count++) {
      const task = core.workerNext(index);
      if (task === 0) return;
      this.execute(task);
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
    const isDue = this.#burst !== 0;
    this.#burst = 0;
    return isDue;
  }

  /** Looks for work for a moment, while others leave it to this worker. */
  #search(): boolean {
    return this.#core.workerIsSearching(this.index) !== 0 &&
      this.#spin.search(this.#look);
  }

  readonly #look = (): boolean => {
    const task = this.#core.workerNext(this.index);
    if (task === 0) return false;
    this.execute(task);
    return true;
  };

  /** Whether something needs this thread's event loop. */
  #needsLoop(): boolean {
    const { idle } = this.#start;
    if (this.#inFlight > 0 || this.#awake > 0 || this.#mail.isComing) {
      return true;
    }
    if (idle !== "auto") return idle === "event-loop";
    return (this.#local.host.loopWork() ?? Infinity) > this.#loopWork;
  }

  /** Whether there is something to do that the pool's queues do not know of. */
  #hasWork(): boolean {
    return this.#core.callerHasFinished(this.index + 1) !== 0 ||
      this.#mail.hasNew || this.#isEnding();
  }

  async #sleep(): Promise<void> {
    const core = this.#core;
    const { index } = this;
    if (!core.workerPark(index)) return;
    this.#calls.flush();
    const began = performance.now();
    do {
      const timeout = this.#idleTime();
      const end = this.#needsLoop()
        ? await this.#parker.parkAsync({ timeout })
        : timeout === Infinity
        ? this.#parker.park()
        : this.#parker.parkTimeout(timeout);
      this.#cancels.look();
      if (end === "timed-out") this.#tellIdle();
    } while (!core.workerUnpark(index, Number(this.#hasWork())));
    this.#spin.slept(performance.now() - began);
  }

  /** Milliseconds that it may sleep until it tells that it is idle. */
  #idleTime(): number {
    if (this.#inFlight > 0 || this.#awake > 0) return Infinity;
    const tasks = this.#core.workerTally(this.index, 0) + this.#mail.seen;
    return this.#idleness.timeLeft(tasks);
  }

  #tellIdle(): void {
    this.#idleness.tell();
    this.#local.host.self()!.post({ kind: "idle" });
  }

  /** Says which thread it is, before it takes tasks. */
  begin(): void {
    const { controls } = this.#start;
    // Relaxed: whoever asks later asks again.
    Atomics.store(controls, controlOf(this.index, THREAD), this.#local.thread);
  }

  /** Says that the thread dies, to a creator that may be blocked. */
  tellEnd(code: number): void {
    const { controls } = this.#start;
    // Relaxed: the addition that follows publishes it.
    Atomics.store(controls, controlOf(this.index, END), code * 2 + 1);
    // Release. Pairs with the load in `Crew.lookForDead()` [W3].
    Atomics.add(controls, ENDS, 1);
    this.#core.callerWake(this.index + 1, 0);
    this.#calls.flush();
  }

  /** Leaves what is at hand to others. */
  close(): void {
    this.#core.workerClose(this.index);
    this.#calls.flush();
  }

  /** Waits, blocking, for something to come to this thread, in a join. */
  waitForJoin(mayRun: boolean): void {
    const core = this.#core;
    const { index } = this;
    if (!mayRun) {
      this.#parker.park();
      return;
    }
    if (!core.workerPark(index)) return;
    this.#calls.flush();
    do {
      if (this.#parker.park() === "shutdown") return;
    } while (!core.workerUnpark(index, core.callerHasFinished(index + 1)));
  }
}
