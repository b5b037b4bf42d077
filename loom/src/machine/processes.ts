// Whatever can be chosen to take a step: threads, recoveries of killed ones, and
// killers, by small numbers in this order; and which of them can do so now.
//
// A killer can always take its step: if its victim has ended, or nobody is left
// to die, it does nothing. That no process keeps another from going on is what
// the theory behind DPOR asks for.

import type { Bounds, End } from "./execution.ts";
import type { Futex } from "./futex.ts";
import { NOTIFY } from "./operation.ts";
import { ASLEEP, DEAD, READY, type Thread } from "./thread.ts";

/** The processes of a machine. */
export class Processes {
  readonly threads: readonly Thread[];
  /** The process of the first recovery, and of the first killer. */
  readonly firstRecovery: number;
  readonly firstKiller: number;
  /** How many processes there are. */
  readonly count: number;
  /** The threads that killers are for, by killer. */
  readonly victims: readonly number[];
  /** Threads that may sleep for ever, as a mask. */
  readonly #daemons: number;
  /** Killers that have fired, as a mask. */
  killed = 0;
  deaths = 0;
  /** The threads that died, by the numbers of their deaths. */
  readonly #dead: number[] = [];
  readonly #bounds: Bounds;
  readonly #futex: Futex;

  /**
   * @param threads And recoveries behind them.
   * @param firstRecovery How many threads there are.
   * @param daemons Those that may sleep for ever, as a mask.
   */
  constructor(
    threads: readonly Thread[],
    firstRecovery: number,
    daemons: number,
    bounds: Bounds,
    futex: Futex,
  ) {
    this.threads = threads;
    this.firstRecovery = firstRecovery;
    this.#daemons = daemons;
    this.firstKiller = threads.length;
    this.victims = threads.filter(({ mortal }) => mortal)
      .map(({ index }) => index);
    this.count = threads.length + this.victims.length;
    this.#bounds = bounds;
    this.#futex = futex;
  }

  /** Goes back to the begin of an execution, or to where so many had died. */
  reset(killed = 0, deaths = 0): void {
    this.killed = killed;
    this.deaths = deaths;
    this.#dead.length = deaths;
  }

  /** Fires a killer. Returns the recovery that is to begin, if one is. */
  kill(killer: number): number | undefined {
    const isDeadly = this.isDeadly(killer);
    this.killed |= 1 << killer;
    if (!isDeadly) return undefined;
    const victim = this.victimOf(killer);
    const { address } = victim.operation;
    const isQueued = victim.status === ASLEEP && !victim.woken;
    if (isQueued && this.#bounds.deadSleepers === "leaves") {
      this.#futex.remove(address, victim.index);
    }
    victim.status = DEAD;
    this.#dead[this.deaths] = victim.index;
    const recovery = this.firstRecovery + this.deaths++;
    return recovery < this.firstKiller ? recovery : undefined;
  }

  /** Whose death was the one of that number. */
  nameOfDead(death: number): string {
    return this.threads[this.#dead[death]!]!.name;
  }

  /** The thread that a killer is for. */
  victimOf(killer: number): Thread {
    return this.threads[this.victims[killer - this.firstKiller]!]!;
  }

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
    if (this.deaths >= this.#bounds.deaths) return false;
    const { status } = this.victimOf(process);
    return status === READY || status === ASLEEP;
  }

  /**
   * Processes that can take a step, as a mask; or how the execution ends, if
   * no thread can.
   */
  choices(): number | End {
    const mask = this.enabledThreads();
    if (mask !== 0) return mask | this.killers;
    const stuck = this.#stuck();
    const isTimed = stuck.some(({ operation }) => operation.timed);
    if (stuck.length > 0 && !isTimed) return "deadlock";
    if (this.killers !== 0) return this.killers;
    return this.rest;
  }

  /** How an execution ends in which no process can take a step. */
  get rest(): "truncated" | "finished" {
    return this.#stuck().length > 0 ? "truncated" : "finished";
  }

  /** Threads that sleep and may not do so for ever. */
  #stuck(): Thread[] {
    return this.threads.filter(({ index, status }) =>
      status === ASLEEP && (this.#daemons & 1 << index) === 0
    );
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
    if (!isOne || this.#bounds.wakeOrder === "fifo") return 1;
    return Math.max(1, this.#futex.count(operation.address));
  }

  /** Says why nobody can go on. */
  sleepers(): string {
    const asleep = this.threads.filter(({ status }) => status === ASLEEP);
    const all = asleep.map(({ name, operation }) =>
      `${name} sleeps on [${operation.address}]`
    );
    return `${all.join(", ")}, and nobody is left to wake it`;
  }
}
