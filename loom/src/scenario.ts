// What a user writes: threads as generators, and what must hold.

/** A call that other threads may interleave with. Use with `yield*`. */
export type Steps<T = number> = Generator<unknown, T, number>;

/** A value of an export's parameter: i32 and f64 as numbers, i64 as bigint. */
export type Value = number | bigint;

/** One thread, as its body sees it. */
export interface ThreadContext {
  /** As the scenario calls it. */
  readonly name: string;
  /** Calls an export. Other threads go on meanwhile. An i64 result is refused. */
  call(name: string, ...args: readonly Value[]): Steps;
  /** `Atomics.load()` of a word, by its address in bytes. */
  load(address: number): Steps;
  /** `Atomics.store()`. */
  store(address: number, value: number): Steps;
  /** `Atomics.add()`. */
  add(address: number, value: number): Steps;
  /** `Atomics.exchange()`. */
  exchange(address: number, value: number): Steps;
  /** `Atomics.compareExchange()`. */
  compareExchange(
    address: number,
    expected: number,
    replacement: number,
  ): Steps;
  /**
   * `Atomics.wait()`, and what `Atomics.waitAsync()` resolves to. Returns 0 if
   * it was woken, 1 if the word was another, 2 if it timed out.
   *
   * @param timed Whether it may time out: at any moment. `false` by default.
   */
  wait(address: number, expected: number, timed?: boolean): Steps;
  /** `Atomics.notify()`. `count` is how many at most; all by default. */
  notify(address: number, count?: number): Steps;
  /** A load that is not atomic. */
  plainLoad(address: number): Steps;
  /** A store that is not atomic. */
  plainStore(address: number, value: number): Steps;
  /** Fails the execution unless the condition holds. */
  assert(condition: boolean, message: string): void;
}

/** What runs before and after the threads, alone. */
export interface Alone {
  /** Calls an export to its end. It must not sleep. */
  call(name: string, ...args: readonly Value[]): number;
  /** A word of the memory, as a signed number. */
  read(address: number): number;
  /** Writes a word of the memory. */
  write(address: number, value: number): void;
  /** Fails the execution unless the condition holds. */
  assert(condition: boolean, message: string): void;
}

/**
 * What a thread does. Bodies must be deterministic, and share nothing but the
 * memory: a variable that two of them use is invisible to the checker.
 */
export type Body = (thread: ThreadContext) => Steps<unknown>;

/** Threads, and what must hold of them. */
export interface Scenario {
  /** What holds, in a few words. */
  readonly name: string;
  /** Prepares the memory, once, before any thread. */
  readonly setup?: (alone: Alone) => void;
  /** The threads, by their names. At most 8. */
  readonly threads: Readonly<Record<string, Body>>;
  /** Runs when a thread was killed; the result is that of the other threads. */
  readonly recover?: (thread: ThreadContext, victim: string) => Steps<unknown>;
  /** Which threads may be killed. None, unless `deaths` is more than 0. */
  readonly mortal?: readonly string[];
  /** Which threads may sleep for ever: when no other is left, all have ended. */
  readonly daemons?: readonly string[];
  /**
   * Runs when all threads have ended.
   *
   * @param results What the bodies returned; `undefined` of one that was killed,
   * or still sleeps.
   */
  readonly final?: (
    alone: Alone,
    results: Readonly<Record<string, unknown>>,
  ) => void;
}

/** How to look for interleavings. */
export type ExplorerName = "dpor" | "states" | "auto" | "naive" | "random";

/** What may happen in an execution, and how long to search. */
export interface ModelOptions {
  /** `"auto"` by default: DPOR first, then states if that takes long. */
  readonly explorer?: ExplorerName;
  /** Whom a notify of some wakes: `"any"` by default; engines are FIFO. */
  readonly wakeOrder?: "fifo" | "any";
  /** Times that each thread may wake for no reason. 0 by default. */
  readonly spurious?: number;
  /** Times that each thread's sleeps may time out. 2 by default. */
  readonly timeouts?: number;
  /** Mortal threads that may be killed. 0 by default. */
  readonly deaths?: number;
  /**
   * What becomes of a killed thread's place in a queue of sleepers: `"leaves"`
   * it, or `"stays"` and takes a wake-up for itself. `"stays"` by default.
   */
  readonly deadSleepers?: "leaves" | "stays";
  /** Steps of an execution after which it is a busy loop. 2,000 by default. */
  readonly maxSteps?: number;
  /** Gives up after so many executions. No limit by default. */
  readonly maxExecutions?: number;
  /** Gives up after so many states. No limit by default. */
  readonly maxStates?: number;
  /** Gives up after so many seconds. No limit by default. */
  readonly maxSeconds?: number;
  /** Of `"random"`. */
  readonly seed?: number;
}

/** What went wrong. */
export type FailureKind =
  | "deadlock"
  | "trap"
  | "assertion"
  | "race"
  | "busy loop";

/** One step of a failing execution. */
export interface TraceStep {
  /** Which thread took it. */
  readonly thread: string;
  /** What it did, with values: `cmpxchg [5120] 9 -> 11: found 9`. */
  readonly text: string;
  /** Where, if it is an instruction: `unpark, assembly/parker.ts:281`. */
  readonly place: string | undefined;
}

/** An execution that failed. */
export interface Failure {
  /** What went wrong. */
  readonly kind: FailureKind;
  /** In words, with threads and addresses. */
  readonly message: string;
  /** What led to it, step by step. */
  readonly trace: readonly TraceStep[];
  /** Pass it to `replay()` to see the same again. */
  readonly schedule: string;
}

/** How often an instruction came out each way: see `coverage.ts`. */
export interface SiteCoverage {
  /** The place of the instruction in `Program.sites`. */
  readonly site: number;
  /** By outcome, such as `succeeded`; 0 if it never came out so. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What an exploration has found. */
export interface Report {
  /** The name of the scenario. */
  readonly scenario: string;
  /** Which explorer ended it. */
  readonly explorer: ExplorerName;
  /** Executions to their end. */
  readonly executions: number;
  /** Executions given up, as others cover them. */
  readonly redundant: number;
  /** Distinct states, if it searched them. */
  readonly states: number;
  /** Visible operations. */
  readonly steps: number;
  /** The longest execution. */
  readonly depth: number;
  /** How long it took, by the clock. */
  readonly seconds: number;
  /** Whether nothing within the bounds was left out. */
  readonly complete: boolean;
  /** Executions cut short by a bound on timeouts: not failures. */
  readonly truncated: number;
  /** The first failure: the exploration ends with it. */
  readonly failure: Failure | undefined;
  /** How often each instruction came out each way. */
  readonly coverage: readonly SiteCoverage[];
}
