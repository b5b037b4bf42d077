// One thread: its body, its instance of the program, and how it is suspended in
// the middle of a call and taken up again.

import type { Steps, Value } from "../scenario.ts";
import type { Memory } from "./memory.ts";
import { Operation } from "./operation.ts";

/** It has announced an operation. */
export const READY = 0;
/** It is in a queue of sleepers, or was woken and has not yet gone on. */
export const ASLEEP = 1;
/** Its body has ended. */
export const DONE = 2;
/** It was killed. */
export const DEAD = 3;
/** It has not begun: a recovery before the death. */
export const UNBORN = 4;

/** A call of an export. */
export interface Call {
  readonly name: string;
  readonly args: readonly Value[];
  /** The export itself, once it was looked up. */
  run?: (...args: Value[]) => number;
}

/** What a body asks of the machine. */
export type Request = Call | Operation;

/** What the instance of one thread exports. */
type Exports = Record<string, (...args: Value[]) => number>;

/** What Binaryen's asyncify adds to the exports. */
interface Asyncify {
  asyncify_start_unwind(stack: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(stack: number): void;
  asyncify_stop_rewind(): void;
}

/** The head of a stack: where it ends by now, and where it must. */
const STACK_HEAD = 8;

/** The part of a thread that a later state needs to be taken up again. */
export interface Point {
  status: number;
  readonly operation: Operation;
  woken: boolean;
  timeouts: number;
  spurious: number;
  history: number;
  age: number;
  call: Call | undefined;
  result: unknown;
}

/** A thread of a scenario. */
export class Thread {
  readonly index: number;
  readonly name: string;
  readonly operation: Operation = new Operation();
  /** Whether it may be killed. */
  readonly mortal: boolean;
  status = UNBORN;
  /** Asleep, and somebody has woken it. */
  woken = false;
  /** Times that it may still time out, and wake for no reason. */
  timeouts = 0;
  spurious = 0;
  /** What its body returned. */
  result: unknown;
  /** Where its stack lies, in bytes. */
  readonly stack: number;
  /** What its body was told so far: enough to bring another body there. */
  readonly history: number[] = [];
  /** Differs between any two points of any bodies. */
  age = 0;
  /** The export that it is in. */
  call: Call | undefined;

  readonly #makeBody: () => Steps<unknown>;
  readonly #stackEnd: number;
  readonly #perform: (thread: Thread) => number | bigint;
  readonly #instantiate: (thread: Thread) => WebAssembly.Instance;
  readonly #bytes: Int32Array;
  #body: Steps<unknown> | undefined;
  #exports: (Exports & Asyncify) | undefined;
  #globals: [WebAssembly.Global, Value][] = [];
  #isSuspended = false;
  #isRewinding = false;
  #answer: number | bigint = 0;
  static #ages = 0;

  constructor(settings: {
    index: number;
    name: string;
    mortal: boolean;
    memory: Memory;
    stackBytes: number;
    makeBody: () => Steps<unknown>;
    instantiate: (thread: Thread) => WebAssembly.Instance;
    /** Has the thread's operation done, now or later. */
    perform: (thread: Thread) => number | bigint;
  }) {
    this.index = settings.index;
    this.name = settings.name;
    this.mortal = settings.mortal;
    this.#bytes = settings.memory.words;
    this.stack = settings.memory.stackOf(settings.index);
    this.#stackEnd = this.stack + settings.stackBytes;
    this.#makeBody = settings.makeBody;
    this.#instantiate = settings.instantiate;
    this.#perform = settings.perform;
  }

  /** Forgets an execution. */
  reset(timeouts: number, spurious: number): void {
    this.status = UNBORN;
    this.woken = false;
    this.timeouts = timeouts;
    this.spurious = spurious;
    this.result = undefined;
    this.history.length = 0;
    this.call = undefined;
    this.#body = undefined;
    this.#isSuspended = false;
    this.#isRewinding = false;
    for (const [global, value] of this.#globals) global.value = value;
  }

  /** Runs the body to its first operation. */
  begin(): void {
    this.status = READY;
    this.#body = this.#makeBody();
    this.#proceed(this.#body.next());
  }

  /** Goes on with the result of the operation that it was suspended in. */
  resume(answer: number | bigint): void {
    this.#isSuspended = false;
    const { call } = this;
    if (call === undefined) {
      this.#tell(answer as number);
      return;
    }
    this.#answer = answer;
    this.#isRewinding = true;
    this.#exports!.asyncify_start_rewind(this.stack);
    const value = this.#enter(call);
    if (!this.#isSuspended) this.#return(value);
  }

  /**
   * Called in the middle of the program: whether it is only on its way back to
   * the operation that it was suspended in, whose result is `answer`.
   */
  get isRewinding(): boolean {
    return this.#isRewinding;
  }

  /** Ends the way back. */
  arrive(): number | bigint {
    this.#isRewinding = false;
    this.#exports!.asyncify_stop_rewind();
    return this.#answer;
  }

  /** Leaves the program, or the body, in the middle of an operation. */
  suspend(): void {
    this.#isSuspended = true;
    if (this.call === undefined) return;
    const head = this.stack >> 2;
    this.#bytes[head] = this.stack + STACK_HEAD;
    this.#bytes[head + 1] = this.#stackEnd;
    this.#exports!.asyncify_start_unwind(this.stack);
  }

  /** Where the stack ends, in bytes, while it is suspended in the program. */
  get stackTop(): number {
    return this.call ? this.#bytes[this.stack >> 2]! : this.stack;
  }

  /** Calls an export to its end. */
  callAlone(name: string, args: readonly Value[]): number {
    return this.#export(name)(...args);
  }

  #enter(call: Call): number {
    const { args } = call;
    const run = call.run ??= this.#export(call.name);
    // Spreading is slow, and this is the hot path.
    const value = args.length === 2
      ? run(args[0]!, args[1]!)
      : args.length === 3
      ? run(args[0]!, args[1]!, args[2]!)
      : args.length === 1
      ? run(args[0]!)
      : run(...args);
    if (this.#isSuspended) this.#exports!.asyncify_stop_unwind();
    return value;
  }

  #export(name: string): (...args: Value[]) => number {
    this.#exports ??= this.#newInstance();
    const found = this.#exports[name];
    if (typeof found === "function") return found;
    throw new TypeError(
      `Cannot call ${name} as the program has no such export`,
    );
  }

  #newInstance(): Exports & Asyncify {
    const { exports } = this.#instantiate(this);
    this.#globals = Object.values(exports).flatMap((value) =>
      value instanceof WebAssembly.Global ? globalsOf(value) : []
    );
    return exports as unknown as Exports & Asyncify;
  }

  #return(value: number): void {
    this.call = undefined;
    if (typeof value === "bigint") {
      throw new TypeError("Cannot use an export whose result is an i64");
    }
    this.#tell(value);
  }

  /** Tells the body the result of what it asked for. */
  #tell(answer: number): void {
    this.history.push(answer);
    this.#proceed(this.#body!.next(answer));
  }

  #proceed(next: IteratorResult<unknown, unknown>): void {
    this.age = ++Thread.#ages;
    while (!next.done) {
      const request = next.value as Request;
      let answer: number | bigint;
      if (request instanceof Operation) {
        this.operation.copy(request);
        answer = this.#perform(this);
        if (this.#isSuspended) return;
      } else {
        this.call = request;
        answer = this.#enter(request);
        if (this.#isSuspended) return;
        this.call = undefined;
        if (typeof answer === "bigint") {
          throw new TypeError("Cannot use an export whose result is an i64");
        }
      }
      this.history.push(answer as number);
      next = this.#body!.next(answer as number);
    }
    this.status = DONE;
    this.result = next.value;
  }

  /** What `restore()` needs. */
  save(): Point {
    const operation = new Operation();
    operation.copy(this.operation);
    const { status, woken, timeouts, spurious, age, call, result } = this;
    const history = this.history.length;
    return {
      ...{ status, operation, woken, timeouts, spurious },
      ...{ history, age, call, result },
    };
  }

  /** Goes back to an earlier point of the execution. The memory is put back too. */
  restore(point: Point): void {
    this.status = point.status;
    this.operation.copy(point.operation);
    this.woken = point.woken;
    this.timeouts = point.timeouts;
    this.spurious = point.spurious;
    this.call = point.call;
    this.result = point.result;
    this.#isRewinding = false;
    this.#isSuspended = true;
    for (const [global, value] of this.#globals) global.value = value;
    this.history.length = point.history;
    if (this.age === point.age) return;
    this.age = point.age;
    // A generator cannot be copied, but one that is told the same gets there.
    this.#body = point.status === UNBORN ? undefined : this.#makeBody();
    if (this.#body === undefined) return;
    this.#body.next();
    for (const answer of this.history) this.#body.next(answer);
  }
}

function globalsOf(global: WebAssembly.Global): [WebAssembly.Global, Value][] {
  const value = global.value as Value;
  try {
    global.value = value;
    return [[global, value]];
  } catch {
    return [];
  }
}
