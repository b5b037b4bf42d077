// A deterministic machine: threads over one memory, of which one runs at a time,
// up to its next operation that another could notice.
//
// A process is whatever can be chosen to take a step: a thread, a recovery, or a
// killer. Processes have small numbers, in this order.

import type { Body, Scenario, Value } from "../scenario.ts";
import type { Program } from "../types.ts";
import { AssertionError, Context, untilEnd } from "./body.ts";
import { Coverage } from "./coverage.ts";
import { Effects } from "./effects.ts";
import { type Bounds, type End, Failed } from "./execution.ts";
import { Futex } from "./futex.ts";
import { importsOf, type Instructions } from "./imports.ts";
import { Memory } from "./memory.ts";
import { Owners } from "./owners.ts";
import { Processes } from "./processes.ts";
import {
  FENCE,
  NOTIFY,
  type Operation,
  PLAIN_LOAD,
  PLAIN_STORE,
  WAIT,
} from "./operation.ts";
import { ASLEEP, type Point, Thread } from "./thread.ts";

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

const MOST_THREADS = 8;
const MOST_PAGES = 16;
const STACK_BYTES = 8192;
/** Plain accesses without an atomic one after which it is a busy loop. */
const MOST_PLAIN = 1_000_000;

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
  readonly owners: Owners;
  readonly processes: Processes;
  /** Whether plain accesses are steps of their own. */
  showsPlain = false;
  /** Whether operations on words of one thread's own are steps of their own. */
  showsPrivate = false;
  /** Operations so far, of all threads. */
  steps = 0;
  /** The process that took the last step. */
  last = -1;
  /** The choices so far: the process, and the alternative above it. */
  readonly log: number[] = [];
  /** Why the execution failed. */
  message = "";

  #scheduler: Scheduler | undefined;
  #next = UNDECIDED;
  #end: End = "finished";
  #isBeginning = false;
  #isAlone = false;
  #plainSinceStep = 0;
  readonly #alone: Thread;
  readonly #effects: Effects;

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
    const { initial } = program.memory;
    const recoveries = scenario.recover ? bounds.deaths : 0;
    const stacks = bodies.length + recoveries + 1;
    this.memory = new Memory(
      initial,
      mostPages(program),
      stacks,
      STACK_BYTES,
    );
    this.coverage = new Coverage(program.sites.length);
    this.owners = new Owners(this.memory.words.length);
    const mortal = bounds.deaths > 0 ? namesOf(scenario, "mortal") : [];
    const threads = bodies.map(([name, body], index) =>
      this.#newThread(index, name, mortal.includes(name), body)
    );
    const firstRecovery = threads.length;
    for (let death = 0; death < recoveries; death++) {
      const index = threads.length;
      threads.push(
        this.#newThread(
          index,
          `recovery ${death}`,
          false,
          (context) =>
            scenario.recover!(context, this.processes.nameOfDead(death)),
        ),
      );
    }
    this.threads = threads;
    this.#effects = new Effects(
      this.memory,
      this.futex,
      this.coverage,
      threads,
    );
    const names = Object.keys(scenario.threads);
    const daemons = namesOf(scenario, "daemons")
      .reduce((mask, name) => mask | 1 << names.indexOf(name), 0);
    this.processes = new Processes(
      threads,
      firstRecovery,
      daemons,
      bounds,
      this.futex,
    );
    this.#alone = this.#newThread(stacks - 1, "alone", false, function* () {});
    this.#setUp();
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
    this.#plainSinceStep = 0;
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
    this.processes.reset();
    this.steps = 0;
    this.last = -1;
    this.log.length = 0;
    this.message = "";
    this.#plainSinceStep = 0;
  }

  /** Has all threads run to their first operations. */
  begin(): void {
    this.reset();
    for (let index = 0; index < this.processes.firstRecovery; index++) {
      this.#begin(index);
    }
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
      if (this.#end === "finished") this.finish();
      return this.#end;
    } catch (error) {
      return this.endOf(error);
    }
  }

  /** Takes one step of an execution that `begin()` began. Throws if it fails. */
  step(process: number): void {
    this.#scheduler = undefined;
    this.#next = UNDECIDED;
    this.#advance(process);
  }

  /** Has the scenario look at the end of an execution. */
  finish(): void {
    const { final } = this.scenario;
    if (final === undefined) return;
    const results: Record<string, unknown> = {};
    for (let index = 0; index < this.processes.firstRecovery; index++) {
      const { name, result } = this.threads[index]!;
      results[name] = result;
    }
    this.runAlone(() => final(this.alone, results));
  }

  /** The end that an error of a step, or of a final check, means. */
  endOf(error: unknown): End {
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

  #decide(): number {
    const choices = this.processes.choices();
    if (typeof choices !== "number") {
      if (choices === "deadlock") {
        throw new Failed(choices, this.processes.sleepers());
      }
      this.#end = choices;
      return -1;
    }
    const chosen = this.#scheduler!.choose(this, choices);
    if (chosen < 0) this.#end = "abandoned";
    else this.note(chosen);
    return chosen;
  }

  /** Notes who takes the next step. */
  note(process: number): void {
    this.log.push(process | this.alternative << 8);
    this.last = process;
  }

  /** Which of several ways the next step goes: below `alternatives()`. */
  get alternative(): number {
    return this.#effects.alternative;
  }

  set alternative(alternative: number) {
    this.#effects.alternative = alternative;
  }

  /** Whether a compare-exchange would succeed now, and a wait sleep. */
  succeeds(operation: Operation): boolean {
    return this.#effects.finds(operation);
  }

  // ==== steps ====

  #advance(process: number): void {
    if (process >= this.processes.firstKiller) {
      this.#kill(process);
      return;
    }
    const thread = this.threads[process]!;
    const answer = this.#effects.execute(thread);
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
        return this.#effects.execute(thread);
      }
    } else if (this.#isPrivate(thread)) {
      this.log.push(thread.index);
      return this.#effects.execute(thread);
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
      const answer = this.#effects.execute(thread);
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
    const isOwn = this.owners.touch(thread.index, address, bytes, isQueue);
    if (this.showsPrivate || thread.mortal) return false;
    return isOwn && !isQueue;
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
    const isOwn = this.owners.touch(thread.index, address, bytes, false);
    const isWrite = code === PLAIN_STORE;
    if (this.showsPlain) {
      if (isOwn && thread.mortal && isWrite) this.log.push(thread.index);
      return !isOwn;
    }
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
    if (++this.#plainSinceStep > MOST_PLAIN) {
      throw new Failed("busy loop", "It goes on where it is alone");
    }
    if (operation.code !== FENCE) this.#checkAccess(operation);
    if (operation.code === NOTIFY) return 0;
    if (operation.code !== WAIT) return this.#effects.apply(operation);
    if (this.#effects.finds(operation)) {
      throw new Failed("deadlock", "It sleeps where it is alone");
    }
    return 1;
  }

  #kill(process: number): void {
    this.#countStep();
    const recovery = this.processes.kill(process);
    if (recovery !== undefined) this.#begin(recovery);
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
      killed: this.processes.killed,
      deaths: this.processes.deaths,
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
    this.processes.reset(snapshot.killed, snapshot.deaths);
    this.steps = snapshot.steps;
    this.log.length = snapshot.log;
    this.last = snapshot.last;
  }
}

function isPlain({ code }: Operation): boolean {
  return code === PLAIN_LOAD || code === PLAIN_STORE;
}

/** What an instruction returns whose thread is about to be suspended. */
function nothing({ wide }: Operation): number | bigint {
  return wide ? 0n : 0;
}

/** Pages that a program can come to have; it may ask for more, and not get it. */
function mostPages({ module, memory }: Program): number {
  const { initial, maximum } = memory;
  const asks = WebAssembly.Module.imports(module)
    .some(({ name }) => name === "grow");
  return asks ? Math.max(initial, Math.min(maximum, MOST_PAGES)) : initial;
}

/** The names in a list of threads. */
function namesOf(
  scenario: Scenario,
  list: "mortal" | "daemons",
): readonly string[] {
  const { threads, [list]: names = [] } = scenario;
  const unknown = names.find((name) => !(name in threads));
  if (unknown === undefined) return names;
  throw new RangeError(
    `Cannot ${
      list === "mortal" ? "kill" : "leave"
    } ${unknown}: the threads are ${Object.keys(threads).join(", ")}`,
  );
}
