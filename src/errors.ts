// Every error that layby throws on purpose: a class, a stable code, and a
// message that says what to do.

import { errnoAdvice, errnoName } from "./errno.ts";

/** Tells errors apart for programs. Codes are stable; messages are not. */
export type LaybyErrorCode =
  | "cannot-block"
  | "crash-loop"
  | "exhausted"
  | "foreign-handle"
  | "in-use"
  | "invalid-layout"
  | "not-owner"
  | "queue-full"
  | "released"
  | "shutdown"
  | "stale-handle"
  | "system"
  | "task-module"
  | "timed-out"
  | "two-owners"
  | "uncloneable"
  | "unknown-task"
  | "unsupported"
  | "unwakeable"
  | "worker-crashed";

/** What all errors of layby but those about arguments have in common. */
export class LaybyError extends Error {
  /** Why the operation failed. */
  readonly code: LaybyErrorCode;

  /** Constructs an error with a `code` for programs and a message for people. */
  constructor(code: LaybyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument of the wrong type. */
export class ArgumentTypeError extends TypeError {
  /** Why the operation failed. */
  readonly code: "invalid-type" = "invalid-type";
  /** The name of the class. */
  override readonly name = "ArgumentTypeError";
}

/** An argument of the right type, out of its range. */
export class ArgumentRangeError extends RangeError {
  /** Why the operation failed. */
  readonly code: "out-of-range" = "out-of-range";
  /** The name of the class. */
  override readonly name = "ArgumentRangeError";
}

/** A blocking call on a thread that must not block. */
export class CannotBlockError extends LaybyError {
  /** Constructs the error for an action, such as `park`. */
  constructor(action: string, instead: string) {
    super(
      "cannot-block",
      `Cannot ${action} as this thread must not block: use ${instead}`,
    );
  }
}

/** All records of a kind are taken. */
export class ExhaustedError extends LaybyError {
  /** Constructs the error for a kind of record and how many there are. */
  constructor(
    kind: string,
    capacity: number,
    advice: string = `release one, or create the runtime with more ${kind}s`,
  ) {
    super(
      "exhausted",
      `Cannot claim a ${kind} as all ${capacity} are taken: ${advice}`,
    );
  }
}

/** A handle of another runtime. */
export class ForeignHandleError extends LaybyError {
  /** Constructs the error for a kind of handle. */
  constructor(kind: string) {
    super(
      "foreign-handle",
      `Cannot use the ${kind} handle as it belongs to another runtime: ` +
        `attach to that runtime's handle first`,
    );
  }
}

/** Memory that no core of this version wrote. */
export class LayoutError extends LaybyError {
  /** Constructs the error for what was found and what was wanted. */
  constructor(found: string, wanted: string, options?: ErrorOptions) {
    super(
      "invalid-layout",
      `Cannot attach as the memory has ${found} and this version of layby ` +
        `reads ${wanted}: load the same version in every thread`,
      options,
    );
  }
}

/** A thread that does not own what it tries to use. */
export class NotOwnerError extends LaybyError {
  /** Constructs the error. */
  constructor(message: string) {
    super("not-owner", message);
  }
}

/** Something that a thread sleeps on, or holds. */
export class InUseError extends LaybyError {
  /** Constructs the error for an action on a kind of object. */
  constructor(
    action: string,
    kind: "parker" | "mutex" | "condvar" | "registration",
  ) {
    const instead = {
      parker: "it is parked: unpark it and await its parkAsync() first",
      mutex: "a thread holds it: unlock() it there first",
      condvar: "a thread waits on it: notifyAll() and wait for it first",
      registration: "another thread waits for the same: register a dup()",
    };
    super("in-use", `Cannot ${action} the ${kind} as ${instead[kind]}`);
  }
}

/** Something that this thread has released. */
export class ReleasedError extends LaybyError {
  /** Constructs the error for an action on a kind of object. */
  constructor(
    action: string,
    kind: string,
    how: string = "was released: claim another from the runtime",
  ) {
    super("released", `Cannot ${action} as the ${kind} ${how}`);
  }
}

/** A runtime or a pool that was shut down. */
export class ShutdownError extends LaybyError {
  /** Constructs the error for an action, such as `claim a parker`. */
  constructor(action: string, what: "runtime" | "pool" = "runtime") {
    const another = what === "pool" ? "start" : "create";
    super(
      "shutdown",
      `Cannot ${action} as the ${what} is shut down: ${another} another`,
    );
  }
}

/** A handle of something that was released since. */
export class StaleHandleError extends LaybyError {
  /** Constructs the error for a kind of handle. */
  constructor(kind: string) {
    super(
      "stale-handle",
      `Cannot use the ${kind} handle as its ${kind} was released: ` +
        `ask the ${kind}'s owner for the handle of another`,
    );
  }
}

/** One parker, and two threads that own it. */
export class TwoOwnersError extends LaybyError {
  /** Constructs the error for an action, such as `park`. */
  constructor(action: string) {
    super(
      "two-owners",
      `Cannot ${action} as another thread owns the parker: ` +
        `claim one for each thread, or detach() it there first`,
    );
  }
}

/** Something that this runtime or this thread lacks. */
export class UnsupportedError extends LaybyError {
  /** Constructs the error for an action and what it needs. */
  constructor(action: string, needs: string, options?: ErrorOptions) {
    super("unsupported", `Cannot ${action} as it needs ${needs}`, options);
  }
}

/** A park that nothing can end. */
export class UnwakeableError extends LaybyError {
  /** Constructs the error. */
  constructor() {
    super(
      "unwakeable",
      "Cannot park as nothing could ever wake this thread: no other thread " +
        "knows of the runtime and no timer is armed. Post runtime.handle to " +
        "a worker, arm a timer, or give a timeout",
    );
  }
}

/** Workers that die one after the other, so that there is no use in more. */
export class CrashLoopError extends LaybyError {
  /** Constructs the error for how many died; the last one's end is the cause. */
  constructor(crashes: number, options?: ErrorOptions) {
    super(
      "crash-loop",
      `Cannot run tasks as ${crashes} workers have crashed in a row without a ` +
        `task done in between: see the cause, and start another pool`,
      options,
    );
  }
}

/** More tasks than the pool was told to keep waiting. */
export class QueueFullError extends LaybyError {
  /** Constructs the error for the limit. */
  constructor(limit: number) {
    super(
      "queue-full",
      `Cannot run the task as ${limit} wait already: await pool.ready first, ` +
        `or start the pool with a larger maxQueue`,
    );
  }
}

/** A module of tasks that cannot be used. */
export class TaskModuleError extends LaybyError {
  /** Constructs the error for a module and what is wrong with it. */
  constructor(module: string, what: string, options?: ErrorOptions) {
    super(
      "task-module",
      `Cannot use the task module ${module}: ${what}`,
      options,
    );
  }
}

/** A call of the operating system that failed. */
export class SystemError extends LaybyError {
  /** What the system says: a positive number, such as 9. */
  readonly errno: number;
  /** Its name, such as `EBADF`; `UNKNOWN` if it is not a common one. */
  readonly errorCode: string;
  /** The call, such as `epoll_ctl`. */
  readonly syscall: string;

  /** Constructs the error for an action, the call and its errno. */
  constructor(action: string, syscall: string, errno: number, why?: string) {
    const name = errnoName(errno);
    const said = name ? `${name} (${errno})` : `errno ${errno}`;
    const advice = why ?? errnoAdvice(name);
    super(
      "system",
      `Cannot ${action} as ${syscall}() failed with ${said}: ${advice}`,
    );
    this.errno = errno;
    this.errorCode = name ?? "UNKNOWN";
    this.syscall = syscall;
  }
}

/** A task that was not done, or a wait that was not over, within its time. */
export class TimedOutError extends LaybyError {
  /** Constructs the error for what took too long, and milliseconds. */
  constructor(
    what: string,
    timeout: number,
    advice: string = "give it more time, or have it watch worker.signal",
  ) {
    super("timed-out", `${what} was not done within ${timeout} ms: ${advice}`);
  }
}

/** A task that the task module does not export. */
export class UnknownTaskError extends LaybyError {
  /** Constructs the error for a name and the names that there are. */
  constructor(name: unknown, known: readonly string[]) {
    const shown = typeof name === "object" && name !== null
      ? "an object"
      : String(name);
    super(
      "unknown-task",
      `Cannot run the task ${shown} as the task module exports no such ` +
        `function: it has ${known.join(", ") || "none"}`,
    );
  }
}

/** A worker that died while it ran the task. */
export class WorkerCrashedError extends LaybyError {
  /** Constructs the error for a worker and how it ended. */
  constructor(worker: string, how: string, options?: ErrorOptions) {
    super(
      "worker-crashed",
      `Task was lost as ${worker} ${how} while it ran: the task may have had ` +
        `effects, and is not run again`,
      options,
    );
  }
}
