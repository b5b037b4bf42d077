// A deterministic machine: threads over one memory, of which one runs at a time,
// up to its next operation that another could notice.
//
// A process is whatever can be chosen to take a step: a thread, a recovery, or a
// killer. Processes have small numbers, in this order.

import type { Body, ModelOptions, Scenario, Value } from "../scenario.ts";
import type { Program } from "../types.ts";
import { AssertionError, Context, untilEnd } from "./body.ts";
import { Coverage } from "./coverage.ts";
import { Futex } from "./futex.ts";
import { importsOf, type Instructions } from "./imports.ts";
import { Memory } from "./memory.ts";
import {
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  type Operation,
  PLAIN_LOAD,
  PLAIN_STORE,
  RETURN,
  STORE,
  WAIT,
} from "./operation.ts";
import {
  ASLEEP,
  DEAD,
  DONE,
  type Point,
  READY,
  Thread,
  UNBORN,
} from "./thread.ts";

/** The bounds of an execution, none left open. */
export type Bounds = Required<
  Pick<
    ModelOptions,
    | "wakeOrder"
    | "spurious"
    | "timeouts"
    | "deaths"
    | "deadSleepers"
    | "maxSteps"
  >
>;

/** How an execution ended. */
export type End =
  /** All threads did what they had to do. */
  | "finished"
  /** A thread sleeps whose timeouts are used up. */
  | "truncated"
  /** The explorer has seen enough of it. */
  | "abandoned"
  | "deadlock"
  | "trap"
  | "assertion"
  | "race"
  | "busy loop";

/** Who decides, at each point of an execution. */
export interface Scheduler {
  /**
   * Chooses the process that takes the next step, of those in the mask; -1 to
   * abandon the execution. May set `machine.alternative`.
   */
  choose(machine: Machine, enabled: number): number;
  /** A plain access, by a thread that goes on without asking. */
  plain?(
    machine: Machine,
    thread: number,
    address: number,
    bytes: number,
    isWrite: boolean,
  ): void;
}

/** The execution has failed; what was thrown says it to the machine. */
export class Failed extends Error {
  readonly kind: End;

  constructor(kind: End, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The most processes: they are kept as the bits of a number. */
const MOST_THREADS = 8;
const MOST_PAGES = 16;
const STACK_BYTES = 8192;
/** Plain accesses without an atomic one after which it is a busy loop. */
const MOST_PLAIN = 1_000_000;

/** Nobody has touched the word yet. */
const NOBODY = -1;
/** Two threads have: the order of their accesses matters. */
const SHARED = -2;

const UNDECIDED = -2;

/** All of a machine that changes during an execution. */
export interface Snapshot {
  readonly words: Int32Array;
  readonly stacks: readonly Int32Array[];
  readonly size: number;
  readonly points: readonly Point[];
  readonly queues: [number, number[]][];
  readonly killed: number;
  readonly deaths: number;
  readonly steps: number;
  readonly log: number;
  readonly last: number;
}

/** Runs one scenario, again and again. */
export class Machine {
  readonly scenario: Scenario;
  readonly program: Program;
  readonly bounds: Bounds;
  readonly memory: Memory;
  readonly futex: Futex = new Futex();
  readonly threads: readonly Thread[];
  readonly coverage: Coverage;
  /** The process of the first recovery, and of the first killer. */
  readonly firstRecovery: number;
  readonly firstKiller: number;
  /** How many processes there are. */
  readonly count: number;
  /** The threads that killers are for, by killer. */
  readonly victims: readonly number[];
  /** Which of the sleepers a notify of one wakes: a place in the queue. */
  alternative = 0;
  /** Whether plain accesses are steps of their own. */
  showsPlain = false;
  /** Whether operations on words of one thread's own are steps of their own. */
  showsPrivate = false;
  /** Two threads were found to touch a word that was taken for one's own. */
  hasNewlyShared = false;
  /** Killers that have fired, as a mask. */
  killed = 0;
  deaths = 0;
  /** Operations so far, of all threads. */
  steps = 0;
  /** The process that took the last step. */
  last = -1;
  /** The choices so far: the process, and the alternative above it. */
  readonly log: number[] = [];
  /** Why the execution failed. */
  message = "";

  #scheduler: Scheduler | undefined;
  #owners: Int8Array;
  #next = UNDECIDED;
  #end: End = "finished";
  #isBeginning = false;
  #isAlone = false;
  #plainSinceStep = 0;
  readonly #alone: Thread;

  constructor(program: Program, scenario: Scenario, bounds: Bounds) {
    this.program = program;
    this.scenario = scenario;
    this.bounds = bounds;
    const bodies = Object.entries(scenario.threads);
    if (bodies.length > MOST_THREADS) {
      throw new RangeError(
        `Cannot explore ${bodies.length} threads: at most ${MOST_THREADS}`,
      );
    }
    const { initial, maximum } = program.memory;
    const recoveries = scenario.recover ? bounds.deaths : 0;
    const stacks = bodies.length + recoveries + 1;
    this.memory = new Memory(
      initial,
      Math.max(initial, Math.min(maximum, MOST_PAGES)),
      stacks,
      STACK_BYTES,
    );
    this.coverage = new Coverage(program.sites.length);
    this.#owners = new Int8Array(this.memory.words.length).fill(NOBODY);
    const mortal = bounds.deaths > 0 ? scenario.mortal ?? [] : [];
    const threads = bodies.map(([name, body], index) =>
      this.#newThread(index, name, mortal.includes(name), body)
    );
    this.firstRecovery = threads.length;
    for (let death = 0; death < recoveries; death++) {
      const index = threads.length;
      threads.push(
        this.#newThread(
          index,
          `recovery ${death}`,
          false,
          (context) => scenario.recover!(context, this.#victimOf(death)),
        ),
      );
    }
    this.threads = threads;
    this.firstKiller = threads.length;
    this.victims = threads.filter(({ mortal }) => mortal)
      .map(({ index }) => index);
    this.count = threads.length + this.victims.length;
    this.#alone = this.#newThread(stacks - 1, "alone", false, function* () {});
    this.#setUp();
  }

  /** Which thread died as the one of that number. */
  #deaths: number[] = [];
  #victimOf(death: number): string {
    return this.threads[this.#deaths[death]!]!.name;
  }

  #newThread(
    index: number,
    name: string,
    mortal: boolean,
    body: Body,
  ): Thread {
    const instructions: Instructions = {
      perform: (thread) => this.#perform(thread),
      touch: (thread, code, site, address, bytes) =>
        this.#touch(thread, code, site, address, bytes),
      size: () => this.memory.size >> 16,
      grow: (pages) => this.memory.grow(pages),
    };
    const { program, memory } = this;
    return new Thread({
      index,
      name,
      mortal,
      memory,
      stackBytes: STACK_BYTES,
      makeBody: () =>
        mortal ? untilEnd(body, new Context(name)) : body(new Context(name)),
      instantiate: (thread) =>
        new WebAssembly.Instance(
          program.module,
          importsOf(program, memory.memory, thread, instructions),
        ),
      perform: instructions.perform,
    });
  }

  // ==== executions ====

  #setUp(): void {
    this.runAlone(() => this.scenario.setup?.(this.alone));
    this.memory.keep();
  }

  /** The memory, for what runs before and after the threads. */
  get alone(): Parameters<NonNullable<Scenario["setup"]>>[0] {
    return {
      call: (name: string, ...args: readonly Value[]) =>
        this.#alone.callAlone(name, args),
      read: (address: number) => this.memory.words[address >> 2]!,
      write: (address: number, value: number) =>
        this.memory.write(address, 4, value),
      assert: (condition: boolean, message: string) => {
        if (!condition) throw new AssertionError(message);
      },
    };
  }

  runAlone(run: () => void): void {
    this.#isAlone = true;
    try {
      run();
    } finally {
      this.#isAlone = false;
    }
  }

  /** Goes back to where the threads begin. */
  reset(): void {
    const { timeouts, spurious } = this.bounds;
    this.memory.reset();
    this.futex.clear();
    for (const thread of this.threads) thread.reset(timeouts, spurious);
    this.killed = 0;
    this.deaths = 0;
    this.#deaths.length = 0;
    this.steps = 0;
    this.last = -1;
    this.log.length = 0;
    this.message = "";
    this.#plainSinceStep = 0;
  }

  /** Has all threads run to their first operations. */
  begin(): void {
    this.reset();
    for (let index = 0; index < this.firstRecovery; index++) this.#begin(index);
  }

  #begin(index: number): void {
    this.#isBeginning = true;
    try {
      this.threads[index]!.begin();
    } finally {
      this.#isBeginning = false;
    }
  }

  /** Runs one execution, as the scheduler decides. */
  run(scheduler: Scheduler): End {
    this.#scheduler = scheduler;
    this.#end = "finished";
    try {
      this.begin();
      let process = this.#decide();
      while (process >= 0) {
        this.#next = UNDECIDED;
        this.#advance(process);
        process = this.#next === UNDECIDED ? this.#decide() : this.#next;
      }
      if (this.#end === "finished") this.#finish();
      return this.#end;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Takes one step of an execution that `begin()` began. Throws if it fails. */
  step(process: number): void {
    this.#scheduler = undefined;
    this.#next = UNDECIDED;
    this.#advance(process);
  }

  /** Has the scenario look at the end of an execution. */
  #finish(): void {
    const { final } = this.scenario;
    if (final === undefined) return;
    const results: Record<string, unknown> = {};
    for (let index = 0; index < this.firstRecovery; index++) {
      const { name, result } = this.threads[index]!;
      results[name] = result;
    }
    this.runAlone(() => final(this.alone, results));
  }

  /** Runs the final check of an execution that was taken step by step. */
  finish(): void {
    this.#finish();
  }

  /** The end that an error means. */
  #fail(error: unknown): End {
    this.#isBeginning = false;
    this.message = error instanceof Error ? error.message : String(error);
    if (error instanceof Failed) return error.kind;
    if (error instanceof AssertionError) return "assertion";
    if (error instanceof WebAssembly.RuntimeError) return "trap";
    if (error instanceof RangeError && /stack/.test(this.message)) {
      return "trap";
    }
    throw error;
  }

  /** What an error of `step()` means. */
  endOf(error: unknown): End {
    return this.#fail(error);
  }

  // ==== who can take a step ====

  /** Whether a thread that sleeps could go on without being woken. */
  #wakesItself({ operation, timeouts, spurious }: Thread): boolean {
    return operation.timed && timeouts > 0 || spurious > 0;
  }

  /** The threads that can take a step, as a mask. */
  enabledThreads(): number {
    let mask = 0;
    const { threads } = this;
    for (let index = 0; index < threads.length; index++) {
      const thread = threads[index]!;
      const { status } = thread;
      if (
        status === READY ||
        status === ASLEEP && (thread.woken || this.#wakesItself(thread))
      ) mask |= 1 << index;
    }
    return mask;
  }

  /** The killers that have not fired, as a mask. */
  get killers(): number {
    const all = (1 << this.count) - (1 << this.firstKiller);
    return all & ~this.killed;
  }

  /** Whether a killer would kill. */
  isDeadly(process: number): boolean {
    if (this.deaths >= this.bounds.deaths) return false;
    const { status } = this.threads[this.victims[process - this.firstKiller]!]!;
    return status === READY || status === ASLEEP;
  }

  /**
   * Processes that can take a step, as a mask; or how the execution ends, if
   * no thread can.
   */
  choices(): number | End {
    const mask = this.enabledThreads();
    if (mask !== 0) return mask | this.killers;
    let isTimed = false;
    let isStuck = false;
    for (const { status, operation } of this.threads) {
      if (status !== ASLEEP) continue;
      isStuck = true;
      if (operation.timed) isTimed = true;
    }
    if (isStuck && !isTimed) return "deadlock";
    if (this.killers !== 0) return this.killers;
    return isStuck ? "truncated" : "finished";
  }

  /** Whether a process can only step because it was woken, or born of a death. */
  needsWake(process: number): boolean {
    if (process >= this.firstKiller) return false;
    const thread = this.threads[process]!;
    return thread.status === ASLEEP && !this.#wakesItself(thread);
  }

  /** In how many ways a process can take its step. */
  alternatives(process: number): number {
    if (process >= this.firstKiller) return 1;
    const thread = this.threads[process]!;
    const { operation, status, timeouts, spurious, woken } = thread;
    if (status === ASLEEP) {
      const isBoth = operation.timed && timeouts > 0 && spurious > 0;
      return isBoth && !woken ? 2 : 1;
    }
    const isOne = operation.code === NOTIFY && operation.first === 1;
    if (!isOne || this.bounds.wakeOrder === "fifo") return 1;
    return Math.max(1, this.futex.count(operation.address));
  }

  #decide(): number {
    const choices = this.choices();
    if (typeof choices !== "number") {
      if (choices === "deadlock") throw new Failed(choices, this.#sleepers());
      this.#end = choices;
      return -1;
    }
    const chosen = this.#scheduler!.choose(this, choices);
    if (chosen < 0) this.#end = "abandoned";
    else this.#note(chosen);
    return chosen;
  }

  #note(process: number): void {
    this.log.push(process | this.alternative << 8);
    this.last = process;
  }

  #sleepers(): string {
    const asleep = this.threads.filter(({ status }) => status === ASLEEP);
    const all = asleep.map(({ name, operation }) =>
      `${name} sleeps on [${operation.address}]`
    );
    return `${all.join(", ")}, and nobody is left to wake it`;
  }

  /** Says why nobody can go on. */
  deadlockMessage(): string {
    return this.#sleepers();
  }

  // ==== steps ====

  #advance(process: number): void {
    if (process >= this.firstKiller) {
      this.#kill(process);
      return;
    }
    const thread = this.threads[process]!;
    const answer = this.#execute(thread);
    if (thread.status !== ASLEEP) thread.resume(answer);
  }

  /** An operation that a thread has come to. */
  #perform(thread: Thread): number | bigint {
    if (this.#isAlone) return this.#performAlone(thread);
    this.#countStep();
    const { operation } = thread;
    if (operation.code !== FENCE) this.#checkAccess(operation);
    if (isPlain(operation)) {
      const { code, address, bytes } = operation;
      if (!this.#isPlainStep(thread, code, address, bytes)) {
        return this.#execute(thread);
      }
    } else if (this.#isPrivate(thread)) {
      this.log.push(thread.index);
      return this.#execute(thread);
    }
    return this.#offer(thread);
  }

  /** Lets others go first. */
  #offer(thread: Thread): number | bigint {
    const { operation } = thread;
    if (this.#isBeginning || this.#scheduler === undefined) {
      thread.suspend();
      return nothing(operation);
    }
    for (;;) {
      const chosen = this.#decide();
      if (chosen !== thread.index) {
        this.#next = chosen;
        thread.suspend();
        return nothing(operation);
      }
      const answer = this.#execute(thread);
      if (thread.status !== ASLEEP) return answer;
      this.#countStep();
    }
  }

  #countStep(): void {
    this.#plainSinceStep = 0;
    if (++this.steps <= this.bounds.maxSteps) return;
    throw new Failed(
      "busy loop",
      `It goes on after ${this.bounds.maxSteps} steps: a loop that waits for ` +
        "another thread must sleep",
    );
  }

  #checkAccess(operation: Operation): void {
    const { address, bytes } = operation;
    if (isPlain(operation)) this.memory.checkRange(address, bytes);
    else this.memory.check(address, bytes);
  }

  /** Whether no other thread has ever touched what this one is about to. */
  #isPrivate(thread: Thread): boolean {
    const { code, address, bytes } = thread.operation;
    if (code === FENCE) return false;
    const isQueue = code === WAIT || code === NOTIFY;
    const isOwn = this.#own(thread.index, address, bytes, isQueue);
    if (this.showsPrivate || thread.mortal) return false;
    return isOwn && !isQueue;
  }

  /** Notes who touches words. Returns whether they are its own. */
  #own(
    thread: number,
    address: number,
    bytes: number,
    share: boolean,
  ): boolean {
    const owners = this.#owners;
    const end = (address + bytes - 1) >> 2;
    let isOwn = true;
    for (let word = address >> 2; word <= end; word++) {
      const owner = owners[word]!;
      if (owner === SHARED) isOwn = false;
      else if (share || owner !== thread) {
        if (owner === NOBODY && !share) owners[word] = thread;
        else {
          owners[word] = SHARED;
          isOwn = false;
          // What was done there so far was done unseen.
          if (owner !== NOBODY) this.hasNewlyShared = true;
        }
      }
    }
    return isOwn;
  }

  /** A plain access, which the program then does itself. */
  #touch(
    thread: Thread,
    code: number,
    site: number,
    address: number,
    bytes: number,
  ): void {
    this.memory.checkRange(address, bytes);
    if (code === PLAIN_STORE) this.memory.willWrite(address, bytes);
    if (this.#isAlone) return;
    if (++this.#plainSinceStep > MOST_PLAIN) {
      throw new Failed("busy loop", "It goes on without an atomic operation");
    }
    if (!this.#isPlainStep(thread, code, address, bytes)) return;
    thread.operation.set(code, site, address, bytes, false, 0, 0, false);
    this.#countStep();
    this.#offer(thread);
  }

  /**
   * Whether a plain access is a step of its own: where all are, and a store by
   * a thread that may be killed before it. If not, it is noted here.
   */
  #isPlainStep(
    thread: Thread,
    code: number,
    address: number,
    bytes: number,
  ): boolean {
    const isOwn = this.#own(thread.index, address, bytes, false);
    const isWrite = code === PLAIN_STORE;
    if (this.showsPlain) return !isOwn;
    if (thread.mortal && isWrite) {
      if (!isOwn || this.showsPrivate) return true;
      this.log.push(thread.index);
    } else if (!isOwn || this.showsPrivate) {
      this.#plain(thread.index, address, bytes, isWrite);
    }
    return false;
  }

  #plain(thread: number, address: number, bytes: number, isWrite: boolean) {
    this.#scheduler?.plain?.(this, thread, address, bytes, isWrite);
  }

  #performAlone({ operation }: Thread): number | bigint {
    if (operation.code !== FENCE) this.#checkAccess(operation);
    if (operation.code === NOTIFY) return 0;
    if (operation.code !== WAIT) return this.#apply(operation);
    if (this.#finds(operation)) {
      throw new Failed("deadlock", "It sleeps where it is alone");
    }
    return 1;
  }

  /** Whether the word is what the operation expects. */
  #finds({ address, bytes, wide, first }: Operation): boolean {
    const { memory } = this;
    // What is expected is wrapped to the width, as engines do.
    if (wide) {
      const found = BigInt.asUintN(64, memory.readWide(address, bytes));
      return found === BigInt.asUintN(8 * bytes, first as bigint);
    }
    const mask = bytes === 4 ? -1 : (1 << 8 * bytes) - 1;
    return memory.read(address, bytes) === ((first as number) & mask);
  }

  /** Whether a compare-exchange would succeed now. */
  succeeds(operation: Operation): boolean {
    return this.#finds(operation);
  }

  /** Does the thread's operation. Returns its result, if it does not sleep. */
  #execute(thread: Thread): number | bigint {
    const { operation } = thread;
    switch (operation.code) {
      case WAIT:
        return this.#wait(thread);
      case NOTIFY:
        return this.#notify(thread);
      case RETURN:
        return this.#wake(thread);
      case PLAIN_LOAD:
      case PLAIN_STORE:
        return this.#executePlain(thread);
    }
    return this.#apply(operation);
  }

  /** A body's own plain access is done here; a program does it itself. */
  #executePlain({ operation }: Thread): number | bigint {
    const { code, address, bytes, first, site } = operation;
    if (site >= 0) return 0;
    return this.memory.update(code, address, bytes, first as number);
  }

  /** An operation that neither sleeps nor wakes. */
  #apply(operation: Operation): number | bigint {
    const { memory } = this;
    const { code, site, address, bytes, wide, first, second } = operation;
    switch (code) {
      case FENCE:
        return 0;
      case CMPXCHG: {
        const isEqual = this.#finds(operation);
        this.coverage.count(site, isEqual ? 0 : 1);
        if (wide) {
          const before = memory.readWide(address, bytes);
          if (isEqual) memory.writeWide(address, bytes, second as bigint);
          return before;
        }
        const before = memory.read(address, bytes);
        if (isEqual) memory.write(address, bytes, second as number);
        return before;
      }
      case LOAD:
        this.coverage.count(site, 0);
        return wide
          ? memory.readWide(address, bytes)
          : memory.read(address, bytes);
      case STORE:
        this.coverage.count(site, 0);
        if (wide) memory.writeWide(address, bytes, first as bigint);
        else memory.write(address, bytes, first as number);
        return 0;
    }
    this.coverage.count(site, 0);
    return wide
      ? memory.updateWide(code, address, bytes, first as bigint)
      : memory.update(code, address, bytes, first as number);
  }

  #wait(thread: Thread): number {
    const { operation } = thread;
    const isEqual = this.#finds(operation);
    this.coverage.count(operation.site, isEqual ? 0 : 1);
    if (!isEqual) return 1;
    this.futex.enqueue(operation.address, thread.index);
    operation.code = RETURN;
    thread.status = ASLEEP;
    thread.woken = false;
    return 0;
  }

  /** The end of a sleep. */
  #wake(thread: Thread): number {
    const { operation } = thread;
    thread.status = READY;
    if (thread.woken) {
      this.coverage.count(operation.site, 2);
      return 0;
    }
    this.futex.remove(operation.address, thread.index);
    const timesOut = operation.timed && thread.timeouts > 0;
    if (timesOut && (this.alternative === 0 || thread.spurious === 0)) {
      thread.timeouts--;
      this.coverage.count(operation.site, 3);
      return 2;
    }
    thread.spurious--;
    return 0;
  }

  #notify({ operation }: Thread): number {
    const { address, first, site } = operation;
    const sleepers = this.futex.count(address);
    const count = Math.min((first as number) >>> 0, sleepers);
    this.coverage.count(site, count > 0 ? 0 : 1);
    const place = count === 1 ? this.alternative : 0;
    for (let woken = 0; woken < count; woken++) {
      this.threads[this.futex.take(address, place)]!.woken = true;
    }
    return count;
  }

  #kill(process: number): void {
    this.#countStep();
    const isDeadly = this.isDeadly(process);
    this.killed |= 1 << process;
    if (!isDeadly) return;
    const victim = this.threads[this.victims[process - this.firstKiller]!]!;
    if (victim.status === ASLEEP && !victim.woken) {
      if (this.bounds.deadSleepers === "leaves") {
        this.futex.remove(victim.operation.address, victim.index);
      }
    }
    victim.status = DEAD;
    this.#deaths[this.deaths] = victim.index;
    const recovery = this.firstRecovery + this.deaths++;
    if (recovery < this.firstKiller) this.#begin(recovery);
  }

  // ==== snapshots ====

  /** Everything that `restore()` needs. */
  save(): Snapshot {
    const { memory, threads } = this;
    return {
      words: memory.save(),
      stacks: threads.map(({ stack, stackTop }) =>
        memory.words.slice(stack >> 2, stackTop >> 2)
      ),
      size: memory.size,
      points: threads.map((thread) => thread.save()),
      queues: this.futex.save(),
      killed: this.killed,
      deaths: this.deaths,
      steps: this.steps,
      log: this.log.length,
      last: this.last,
    };
  }

  /** Goes back to an earlier point of the same execution. */
  restore(snapshot: Snapshot): void {
    const { memory, threads } = this;
    memory.restore(snapshot.words, snapshot.size);
    snapshot.stacks.forEach((stack, index) => {
      memory.words.set(stack, threads[index]!.stack >> 2);
      threads[index]!.restore(snapshot.points[index]!);
    });
    this.futex.restore(snapshot.queues);
    this.killed = snapshot.killed;
    this.deaths = snapshot.deaths;
    this.#deaths.length = snapshot.deaths;
    this.steps = snapshot.steps;
    this.log.length = snapshot.log;
    this.last = snapshot.last;
  }

  /** Notes a choice that an explorer makes itself. */
  note(process: number): void {
    this.#note(process);
  }
}

function isPlain({ code }: Operation): boolean {
  return code === PLAIN_LOAD || code === PLAIN_STORE;
}

/** What an instruction returns whose thread is about to be suspended. */
function nothing({ wide }: Operation): number | bigint {
  return wide ? 0n : 0;
}

export { DEAD, DONE, UNBORN };
