// A runtime's memory with a pool in it, as a scenario finds it: who is open, who
// sleeps, and what must hold of it when all threads have ended.

import {
  CALLER_BYTES,
  CHUNK_BYTES,
  FINISHED,
  NOTIFIED,
  POOL,
  QUEUED,
  RETURNED,
  RUNNING,
  SLEEP,
  TASK_BYTES,
  TASK_IDLE,
  WORKER_BYTES,
} from "../src/core/core.generated.ts";
import type { Capacities } from "../src/core/layout.ts";
import type { Alone, ThreadContext } from "../loom/src/scenario.ts";
import { type Local, newWorld, OWN_WORDS, type Place, World } from "./world.ts";

// As assembly/layout.ts and assembly/pool/map.ts place them.
const IDLE: number = POOL + 128;
const INJECTS: number = POOL + 256;
const INJECT_BYTES = 256;
const PRIORITIES = 3;
const SLOT_BYTES = 8;
const CHUNK_WORD_BYTES = 16;
/** The first page is enough for all records. */
const HEAP = 65_536;
const LISTED = 8;
const STATE = 7;
// Words of a task.
const OWNER = 4;
const LINK = 8;
const CALLEE = 20;
const RESULT = 48;
const OUTCOME_SHIFT = 5;
const OUTCOME = 3;

/** Where the scenario's own words lie: behind all records, before the heap. */
const SCRATCH: number = HEAP - 1024;
/** The words that count how often a task was run. */
const RUNS = 128;
/** Those of the world that the pool is in. */
const SELECTOR_WORDS = 160;

/** What the pool is like when the threads begin. */
export interface PoolPlan {
  /** `OWN_WORDS` by default. */
  readonly flags?: number;
  readonly workers: number;
  /** Workers in one idle word. 32 by default; with 1, each has its own. */
  readonly perWord?: number;
  /** Entries of a run queue. 4 by default. */
  readonly ring?: number;
  /** 4 by default. */
  readonly tasks?: number;
  /** None by default. */
  readonly chunks?: number;
  /** None by default. */
  readonly registrations?: number;
  /** Records beyond, for threads that claim. */
  readonly spare?: Partial<Capacities>;
  /** Workers that sleep already. */
  readonly asleep?: readonly number[];
  /** Workers that have looked for work, and found none. */
  readonly searched?: readonly number[];
  /** Those of them that look once more before they sleep. */
  readonly spinning?: readonly number[];
  /** Tasks of the creator's that are submitted then. */
  readonly before?: number;
  /** Workers that no thread is yet. */
  readonly closed?: readonly number[];
}

/** A memory with what a plan says. */
export class PoolWorld {
  readonly world: World;
  readonly plan: Required<PoolPlan>;
  #callersAt = 0;
  #workersAt = 0;
  #slotsAt = 0;
  #tasksAt = 0;
  #chunksAt = 0;

  constructor(plan: PoolPlan) {
    this.plan = {
      ...{ flags: OWN_WORDS, perWord: 32, ring: 4, tasks: 4, chunks: 0 },
      ...{ registrations: 0, spare: {} },
      ...{ asleep: [], searched: [], spinning: [] },
      ...{ before: 0, closed: [] },
      ...plan,
    };
    this.world = newWorld({
      flags: this.plan.flags,
      parkers: this.plan.workers + 1,
      registrations: this.plan.registrations,
      spare: this.plan.spare,
      scratch: SCRATCH + 4 * SELECTOR_WORDS,
    });
  }

  /** Lays the pool out, and opens who is to be open. */
  setup = (alone: Alone): void => {
    const { workers, perWord, ring, tasks, chunks } = this.plan;
    this.world.setup(alone);
    const heap = alone.call(
      "poolCreate",
      workers,
      perWord,
      ring,
      tasks,
      chunks,
    );
    alone.assert(heap === HEAP, "setup: the heap lies elsewhere");
    const at = (place: number) => alone.read(POOL + 4 * place);
    this.#callersAt = at(6);
    this.#workersAt = at(7);
    this.#slotsAt = at(8);
    this.#tasksAt = at(9);
    this.#chunksAt = at(10);
    this.#openCaller(alone, 0);
    for (let worker = 0; worker < workers; worker++) {
      if (this.plan.closed.includes(worker)) continue;
      this.#openCaller(alone, worker + 1);
      alone.call("workerOpen", worker, this.threadOf(worker));
    }
    for (const worker of this.plan.asleep) this.#sleep(alone, worker);
    for (const worker of this.plan.searched) this.#search(alone, worker);
  };

  #openCaller(alone: Alone, caller: number): void {
    const { address, claim } = this.parkerOf(caller);
    alone.call("callerOpen", caller, address, claim);
  }

  /** Has workers find nothing, and park. */
  park(alone: Alone, workers: readonly number[]): void {
    for (const worker of workers) this.#sleep(alone, worker);
  }

  #search(alone: Alone, worker: number): void {
    const task = alone.call("workerNext", worker);
    alone.assert(task === 0, "setup: there is a task");
  }

  #sleep(alone: Alone, worker: number): void {
    this.#search(alone, worker);
    const parks = alone.call("workerPark", worker);
    alone.assert(parks === 1, "setup: a worker does not park");
    const { address, claim } = this.parkerOf(worker + 1);
    const code = alone.call("parkerCommit", address, claim);
    alone.assert(code === SLEEP, `setup: a park returned ${code}`);
  }

  // ==== what a scenario does before its threads begin, or after ====

  /** Has the run queues begin with this count, as if so many had passed. */
  setCounters(alone: Alone, count: number): void {
    for (let worker = 0; worker < this.plan.workers; worker++) {
      alone.write(this.worker(worker), count << 16 | count);
      alone.write(this.worker(worker) + 4, count);
    }
  }

  /** Has a worker have looked for tasks so many times. */
  setTick(alone: Alone, worker: number, tick: number): void {
    alone.write(this.worker(worker) + 136, tick);
  }

  /** Has the injection queues have so few slots: a power of two. */
  setSlots(alone: Alone, count: number): void {
    alone.write(POOL + 16, count);
  }

  /** Has the injection queues begin with this position. */
  setPositions(alone: Alone, first: number): void {
    const slots = alone.read(POOL + 16);
    for (let priority = 0; priority < PRIORITIES; priority++) {
      alone.write(INJECTS + INJECT_BYTES * priority, first);
      alone.write(INJECTS + INJECT_BYTES * priority + 128, first);
      for (let position = first - slots; position < first; position++) {
        const slot = this.slot(alone, priority, position);
        alone.write(slot, 0);
        alone.write(slot + 4, position + 1);
      }
    }
  }

  /** Fills an injection queue with entries whose tasks are not queued. */
  fill(alone: Alone, priority: number): void {
    const slots = alone.read(POOL + 16);
    for (let position = 0; position < slots; position++) {
      const slot = this.slot(alone, priority, position);
      alone.write(slot, position % this.plan.tasks);
      alone.write(slot + 4, position + 1);
    }
    alone.write(INJECTS + INJECT_BYTES * priority + 128, slots);
  }

  /** The address of a slot of an injection queue. */
  slot(alone: Alone, priority: number, position: number): number {
    const slots = alone.read(POOL + 16);
    const place = priority * slots + (position & slots - 1);
    return this.#slotsAt + SLOT_BYTES * place;
  }

  /** Spawns a task of a worker's. */
  spawn(alone: Alone, worker: number, number: number): void {
    const task = this.#claim(alone, worker + 1, number);
    alone.call("workerSpawn", worker, task);
  }

  /** Submits a task of a caller's. */
  submit(alone: Alone, caller: number, number: number, priority = 1): void {
    const task = this.#claim(alone, caller, number);
    alone.call("taskSubmit", caller, task, priority);
  }

  #claim(alone: Alone, caller: number, number: number): number {
    const task = alone.call("taskClaim", caller);
    alone.assert(task !== 0, "alone: there is no free task");
    alone.write(task + CALLEE, number);
    return task;
  }

  /** Makes another thread a worker whose thread has died. */
  reopen(alone: Alone, worker: number): void {
    const thread = 99;
    const address = alone.call("parkerClaim", thread);
    alone.assert(address !== 0, "alone: there is no parker");
    const claim = alone.call("parkerBase", address);
    alone.call("callerOpen", worker + 1, address, claim);
    alone.call("workerOpen", worker, thread);
  }

  /** Has workers run what is left. */
  runRest(alone: Alone, workers: readonly number[]): void {
    for (const worker of workers) {
      while (this.runOne(alone, worker));
    }
  }

  /** Has a worker run one task. Returns whether there was one. */
  runOne(alone: Alone, worker: number): boolean {
    const task = this.take(alone, worker);
    if (task === 0) return false;
    this.finish(alone, worker, task);
    return true;
  }

  /** Has a worker end a task that it has taken. */
  finish(alone: Alone, worker: number, task: number): void {
    const number = alone.read(task + CALLEE);
    alone.write(this.runs(number), alone.read(this.runs(number)) + 1);
    alone.write(task + RESULT, number + 100);
    alone.call("workerFinish", worker, task, RETURNED);
  }

  /** The same, as far as a worker comes that dies before it delivers it. */
  finishHalf(alone: Alone, task: number): void {
    const number = alone.read(task + CALLEE);
    alone.write(this.runs(number), alone.read(this.runs(number)) + 1);
    alone.write(task + RESULT, number + 100);
    alone.write(task, alone.read(task) + FINISHED - RUNNING);
  }

  /** Has a worker take a task. Returns its address, or 0. */
  take(alone: Alone, worker: number): number {
    return alone.call("workerNext", worker);
  }

  /**
   * Has a caller take what is done and free it. Returns its outcomes, by the
   * numbers of the tasks.
   */
  settle(alone: Alone, caller: number, outcomes: Map<number, number>): void {
    do {
      let link = alone.call("callerTake", caller);
      while (link !== 0) {
        const task = this.task(link - 1);
        link = alone.read(task + LINK);
        this.#settleOne(alone, caller, task, outcomes);
      }
    } while (alone.call("callerSweep", caller));
  }

  #settleOne(
    alone: Alone,
    caller: number,
    task: number,
    outcomes: Map<number, number>,
  ): void {
    alone.assert(alone.read(task + OWNER) !== 0, "a free task is in a list");
    if (alone.read(task + OWNER) !== caller + 1) {
      alone.call("callerDiscard", caller, task);
      return;
    }
    const number = alone.read(task + CALLEE);
    alone.assert(!outcomes.has(number), `task ${number} has two outcomes`);
    outcomes.set(number, (alone.read(task) >> OUTCOME_SHIFT) & OUTCOME);
    alone.call("taskCollect", task);
    alone.call("taskFree", task);
  }

  // ==== where things are ====

  /** All workers, by their indices. */
  get workers(): number[] {
    return Array.from({ length: this.plan.workers }, (_, worker) => worker);
  }

  /** All callers: the creator, and the workers. */
  get callers(): number[] {
    return [0, ...this.workers.map((worker) => worker + 1)];
  }

  /** The thread that is a worker. The creator is thread 1. */
  threadOf(worker: number): number {
    return worker + 2;
  }

  /** The parker of a caller: 0 is the creator, the others are workers. */
  parkerOf(caller: number): Place {
    return this.world.parker(caller);
  }

  /** The line of a caller. */
  caller(caller: number): number {
    return this.#callersAt + caller * CALLER_BYTES;
  }

  /** The record of a worker. */
  worker(worker: number): number {
    return this.#workersAt + worker * WORKER_BYTES;
  }

  /** The address of the task with this index. */
  task(index: number): number {
    return this.#tasksAt + index * TASK_BYTES;
  }

  /** The index of the task at this address. */
  indexOf(task: number): number {
    return (task - this.#tasksAt) / TASK_BYTES;
  }

  /** The state of the task with this index. */
  state(alone: Alone, index: number): number {
    return alone.read(this.task(index)) & STATE;
  }

  /** Where the heap begins. */
  get heap(): number {
    return HEAP;
  }

  /** The chunk that a piece of the heap is in. */
  chunkOf(piece: number): number {
    return Math.floor((piece - HEAP) / CHUNK_BYTES);
  }

  /** The word of a chunk. */
  chunkWord(chunk: number): number {
    return this.#chunksAt + CHUNK_WORD_BYTES * chunk;
  }

  /** Whether a chunk is free. */
  isChunkFree(alone: Alone, chunk: number): boolean {
    const word = this.chunkWord(chunk);
    return alone.read(word) === 0 && alone.read(word + 4) === 0;
  }

  /** A word that the core knows nothing of, for the threads to use. */
  scratch(index: number): number {
    return SCRATCH + 4 * index;
  }

  /** Where it is counted how often the task with this number was run. */
  runs(number: number): number {
    return this.scratch(RUNS + number);
  }

  /** What a thread works with. */
  local(t: ThreadContext, caller: number): Local {
    return this.world.local(t, caller + 1);
  }

  /** Checks that each of the numbered tasks was run so many times. */
  checkRuns(alone: Alone, runs: readonly number[]): void {
    runs.forEach((expected, number) => {
      const found = alone.read(this.runs(number));
      alone.assert(found === expected, `task ${number} was run ${found} times`);
    });
  }

  /** The workers of which the pool's idle words say that they sleep. */
  parked(alone: Alone): number[] {
    return this.#bits(alone, 0);
  }

  /** The workers of which they say that they search. */
  searching(alone: Alone): number[] {
    return this.#bits(alone, 4);
  }

  /** Workers that there are, says the pool. */
  countWorkers(alone: Alone): number {
    let bits = alone.read(IDLE + 64);
    let count = 0;
    for (; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  /** Checks which callers have tokens. */
  checkTokens(alone: Alone, callers: readonly number[]): void {
    const found = this.callers.filter((it) => this.hasToken(alone, it));
    alone.assert(found.join() === callers.join(), `tokens are at ${found}`);
  }

  /** Whether a caller that has its first parker still has a token. */
  hasToken(alone: Alone, caller: number): boolean {
    const { address, claim } = this.parkerOf(caller);
    return alone.read(address) === (claim | NOTIFIED);
  }

  #bits(alone: Alone, half: number): number[] {
    const { workers, perWord } = this.plan;
    return Array.from({ length: workers }, (_, worker) => worker)
      .filter((worker) => {
        const word = alone.read(IDLE + 8 * Math.floor(worker / perWord) + half);
        return (word >>> (worker % perWord) & 1) !== 0;
      });
  }

  /** Checks that all of the workers sleep, and that nothing is left to do. */
  checkAsleep(alone: Alone, workers: readonly number[]): void {
    alone.assert(
      this.parked(alone).join() === workers.join(),
      `asleep are ${this.parked(alone)}`,
    );
    alone.assert(
      this.searching(alone).length === 0,
      `searching are ${this.searching(alone)}`,
    );
    this.checkQueues(alone);
  }

  /** Entries in a worker's queue, or its LIFO slot. */
  entries(alone: Alone, worker: number, where?: "lifo"): number {
    const record = this.worker(worker);
    if (where === "lifo") return Math.min(alone.read(record + 128), 1);
    const counters = alone.read(record);
    return (counters & 0xffff) - (counters >>> 16) & 0xffff;
  }

  /** Whether a task's word says that nobody has begun it. */
  isQueued(seen: number): boolean {
    return (seen & STATE) === QUEUED;
  }

  /** Checks that a task that is listed has one entry, and no other has any. */
  checkEntries(alone: Alone): void {
    const entries = this.#allEntries(alone);
    for (let index = 0; index < this.plan.tasks; index++) {
      const isListed = (alone.read(this.task(index)) & LISTED) !== 0;
      const found = entries.filter((entry) => entry === index).length;
      alone.assert(
        found === Number(isListed),
        `task ${index} is ${isListed ? "" : "not "}listed: ${found} entries`,
      );
    }
  }

  #allEntries(alone: Alone): number[] {
    const entries: number[] = [];
    for (let priority = 0; priority < PRIORITIES; priority++) {
      for (let at = alone.read(INJECTS + INJECT_BYTES * priority);; at++) {
        const slot = this.slot(alone, priority, at);
        if (alone.read(slot + 4) !== (at + 1 | 0)) break;
        entries.push(alone.read(slot));
      }
    }
    for (const worker of this.workers) {
      const record = this.worker(worker);
      const last = alone.read(record + 128);
      if (last !== 0) entries.push(last - 1);
      const head = alone.read(record) >>> 16;
      for (let at = 0; at < this.entries(alone, worker); at++) {
        const place = (head + at) & (this.plan.ring - 1);
        entries.push(alone.read(record + 256 + 4 * place));
      }
    }
    return entries;
  }

  /** Checks that nothing is queued. */
  checkQueues(alone: Alone): void {
    for (let priority = 0; priority < PRIORITIES; priority++) {
      const head = alone.read(INJECTS + INJECT_BYTES * priority);
      const stamp = alone.read(this.slot(alone, priority, head) + 4);
      alone.assert(stamp !== (head + 1 | 0), "entries are injected");
    }
    for (let worker = 0; worker < this.plan.workers; worker++) {
      const record = this.worker(worker);
      const counters = alone.read(record);
      const [tail, head] = [counters & 0xffff, counters >>> 16];
      alone.assert(tail === head, `worker ${worker} has entries`);
      const rest = alone.read(record + 4);
      alone.assert((rest & 0xffff) === head, `worker ${worker} is stolen from`);
      alone.assert(rest >>> 16 === 0, `worker ${worker} has a thief`);
      alone.assert(alone.read(record + 128) === 0, "a LIFO slot is not empty");
    }
  }

  /** Checks that all tasks are free, or cached by one of the callers. */
  checkTasks(alone: Alone, callers: readonly number[] = [0]): void {
    for (let index = 0; index < this.plan.tasks; index++) {
      const state = alone.read(this.task(index));
      const owner = alone.read(this.task(index) + 4);
      alone.assert(
        (state & STATE) === TASK_IDLE,
        `task ${index} is left in state ${state & STATE}, of ${owner}`,
      );
      alone.assert((state & LISTED) === 0, `task ${index} is still listed`);
      alone.assert(
        owner === 0 || callers.includes(owner - 1),
        `task ${index} belongs to ${owner < 0 ? "nobody" : owner - 1}`,
      );
    }
  }
}
