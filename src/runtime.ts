// What one thread holds of a runtime: hands out parkers, timers and locks, and
// starts threads.

import { checkObject } from "./arguments.ts";
import { beginLife, Burial, type Life, newLife } from "./burial.ts";
import { compose, create, currentHost } from "./compose.ts";
import { CONDVAR, MUTEX } from "./core/core.generated.ts";
import {
  checkHandle,
  type CondvarHandle,
  type MutexHandle,
  type ParkerHandle,
  type RegistrationHandle,
  type TimerHandle,
} from "./core/handle.ts";
import { type Local, share, shutdown } from "./core/local.ts";
import { attachCore, type RuntimeHandle } from "./core/module.ts";
import {
  ArgumentTypeError,
  ExhaustedError,
  ShutdownError,
  TwoOwnersError,
} from "./errors.ts";
import type { HostName } from "./host.ts";
import {
  type AttachOptions,
  checkBlocking,
  checkOptions,
  type RuntimeOptions,
} from "./options.ts";
import { type ParkerCounters, readCounters } from "./park/counters.ts";
import { claimParker } from "./park/claim.ts";
import { checkHooks, Parker, type ParkerOptions } from "./park/parker.ts";
import { Unparker } from "./park/unparker.ts";
import { Condvar } from "./sync/condvar.ts";
import { Io } from "./io/io.ts";
import type { Interest } from "./io/ready.ts";
import type { Registration } from "./io/registration.ts";
import { watchOnThread } from "./io/thread_watch.ts";
import { Mutex } from "./sync/mutex.ts";
import { Thread, thrown } from "./thread.ts";
import { Timer } from "./time/timer.ts";

/** What `Runtime.spawn()` passes to its thread. */
interface ThreadStart {
  readonly handle: RuntimeHandle;
  readonly module: string;
  readonly data: unknown;
  readonly life: Life;
}

/** What a thread that was spawned holds of its runtime. */
let localOf: (runtime: Runtime) => Local;

/**
 * Parkers, timers and locks in one shared memory, and what its threads share.
 *
 * One thread creates it and posts its {@linkcode Runtime.handle} to others,
 * which attach. Each thread has an object of its own for the same runtime.
 *
 * @example Usage
 * ```ts
 * import { Runtime } from "@layby/layby";
 *
 * using runtime = Runtime.create({ parkers: 4 });
 * const parker = runtime.parker();
 * runtime.unparker(parker.handle).unpark();
 * parker.park(); // "unparked", at once
 * ```
 */
export class Runtime {
  readonly #local: Local;
  readonly #isCreator: boolean;
  #io: Io | undefined;

  static {
    localOf = (runtime) => runtime.#local;
  }

  private constructor(local: Local, isCreator: boolean) {
    this.#local = local;
    this.#isCreator = isCreator;
  }

  /**
   * Makes a runtime. The core is compiled once for each thread that creates.
   *
   * @throws {ArgumentTypeError} If an option has the wrong type.
   * @throws {ArgumentRangeError} If an option is out of its range.
   * @throws {UnsupportedError} If the host lacks shared memory, or what `wait`
   * asks for.
   */
  static create(options: RuntimeOptions = {}): Runtime {
    return new Runtime(create(checkOptions(options)), true);
  }

  /**
   * Attaches the calling thread to a runtime that another one created.
   *
   * @throws {ArgumentTypeError} If `handle` is no object.
   * @throws {LayoutError} If the memory is not a runtime's, or one of another
   * version of layby.
   */
  static attach(handle: RuntimeHandle, options: AttachOptions = {}): Runtime {
    const action = "attach";
    checkObject(action, "handle", handle);
    checkObject(action, "options", options);
    const blocking = checkBlocking(action, options);
    const core = attachCore(handle);
    const local = compose(core, currentHost(), blocking);
    share(local);
    return new Runtime(local, false);
  }

  /** What other threads attach to. Structured clone carries it. */
  get handle(): RuntimeHandle {
    share(this.#local);
    return this.#local.handle;
  }

  /** Whether the runtime was shut down, by any thread. */
  get isShutdown(): boolean {
    return this.#local.core.shutdownBegun() !== 0;
  }

  /** Which JavaScript runtime this is. */
  get host(): HostName {
    return this.#local.host.name;
  }

  /** Whether blocking calls are allowed on this thread. */
  get mayBlock(): boolean {
    return this.#local.mayBlock;
  }

  /**
   * The time in milliseconds, with fractions, on the clock that all threads of
   * the runtime agree on: that of `performance.timeOrigin + performance.now()`.
   */
  now(): number {
    return this.#local.host.now();
  }

  /**
   * Claims a parker for the calling thread.
   *
   * @throws {ArgumentTypeError} If a hook is no function.
   * @throws {ExhaustedError} If all parkers are taken.
   * @throws {ShutdownError} If the runtime is shut down.
   */
  parker(options: ParkerOptions = {}): Parker {
    return claimParker(this.#local, options);
  }

  /**
   * Makes a parker the calling thread's that another one has detached. It keeps
   * its token, and its handle.
   *
   * @throws {ArgumentTypeError} If it is no handle of a parker.
   * @throws {ForeignHandleError} If it is another runtime's.
   * @throws {StaleHandleError} If the parker was released.
   * @throws {TwoOwnersError} If the parker was not detached, or another thread
   * has adopted it.
   */
  adopt(handle: ParkerHandle, options: ParkerOptions = {}): Parker {
    checkHooks(options);
    const checked = checkHandle(this.#local, "parker", handle);
    const { core, thread } = this.#local;
    if (!core.parkerAdopt(checked.address, checked.claim, thread)) {
      throw new TwoOwnersError("adopt");
    }
    return new Parker(this.#local, checked, options);
  }

  /**
   * Makes an unparker for a parker of any thread.
   *
   * @throws {ArgumentTypeError} If it is no handle of a parker.
   * @throws {ForeignHandleError} If it is another runtime's.
   * @throws {StaleHandleError} If the parker was released.
   */
  unparker(handle: ParkerHandle): Unparker {
    return new Unparker(
      this.#local,
      checkHandle(this.#local, "parker", handle),
    );
  }

  /**
   * Reads what a parker of any thread has counted. Stops nobody.
   *
   * @throws {LaybyError} As {@linkcode Runtime.unparker}.
   */
  counters(handle: ParkerHandle): ParkerCounters {
    const { address } = checkHandle(this.#local, "parker", handle);
    return readCounters(this.#local.core, address);
  }

  /**
   * Claims a timer that unparks a parker.
   *
   * @throws {ExhaustedError} If all timers are taken.
   * @throws {ShutdownError} If the runtime is shut down.
   * @throws {LaybyError} As {@linkcode Runtime.unparker}.
   */
  timer(target: ParkerHandle): Timer {
    const parker = checkHandle(this.#local, "parker", target);
    if (this.isShutdown) throw new ShutdownError("claim a timer");
    const { core, id, regions } = this.#local;
    const address = core.timerClaim(parker.address, parker.claim);
    if (address === 0) throw new ExhaustedError("timer", regions.timers.count);
    const claim = core.timerBase(address);
    return new Timer(this.#local, {
      kind: "timer",
      runtime: id,
      address,
      claim,
    });
  }

  /**
   * A timer that another thread has claimed.
   *
   * @throws {LaybyError} As {@linkcode Runtime.unparker}, for timers.
   */
  attachTimer(handle: TimerHandle): Timer {
    return new Timer(this.#local, checkHandle(this.#local, "timer", handle));
  }

  /**
   * Claims a mutex.
   *
   * @throws {ExhaustedError} If all locks are taken.
   */
  mutex(): Mutex {
    const claim = this.#claimLock(MUTEX);
    return new Mutex(this.#local, { kind: "mutex", ...claim });
  }

  /**
   * A mutex that another thread has claimed.
   *
   * @throws {LaybyError} As {@linkcode Runtime.unparker}, for mutexes.
   */
  attachMutex(handle: MutexHandle): Mutex {
    return new Mutex(this.#local, checkHandle(this.#local, "mutex", handle));
  }

  /**
   * Claims a condvar.
   *
   * @throws {ExhaustedError} If all locks are taken.
   */
  condvar(): Condvar {
    const claim = this.#claimLock(CONDVAR);
    return new Condvar(this.#local, { kind: "condvar", ...claim });
  }

  /**
   * A condvar that another thread has claimed.
   *
   * @throws {LaybyError} As {@linkcode Runtime.unparker}, for condvars.
   */
  attachCondvar(handle: CondvarHandle): Condvar {
    return new Condvar(
      this.#local,
      checkHandle(this.#local, "condvar", handle),
    );
  }

  /**
   * This thread's way to file descriptors. Claims a parker for it; a second one
   * when it blocks while it waits in its event loop. The first wait in an event
   * loop claims one for the thread that drives.
   */
  get io(): Io {
    return this.#io ??= new Io(watchOnThread(this.#local));
  }

  /**
   * Has the driver watch a file descriptor, which is non-blocking and stays the
   * caller's to close.
   *
   * @param fd Its number. Deregister before you close it.
   * @param interest What is to be known of it.
   * @throws {ArgumentTypeError} If an argument has the wrong type.
   * @throws {ArgumentRangeError} If `fd` is no number that a descriptor has, or
   * `interest` is empty.
   * @throws {UnsupportedError} If the runtime's driver takes no descriptors.
   * @throws {SystemError} If it is closed, a file on a disk, or registered.
   * @throws {ExhaustedError} If all registrations are taken.
   * @throws {ShutdownError} If the runtime is shut down.
   */
  register(fd: number, interest: Interest): Registration {
    return this.io.register(fd, interest);
  }

  /**
   * A registration that another thread has made.
   *
   * @throws {LaybyError} As {@linkcode Runtime.unparker}, for registrations.
   */
  attachRegistration(handle: RegistrationHandle): Registration {
    return this.io.attach(handle);
  }

  /**
   * Runs a module in a thread of its own. Its default export is called with the
   * thread's `Runtime` and `data`, and may return a promise.
   *
   * @param module Where the module is: `new URL("./worker.ts", import.meta.url)`.
   * @param data Anything that structured clone carries.
   * @throws {ArgumentTypeError} If `module` is no URL.
   * @throws {UnsupportedError} If the host has no threads.
   */
  spawn(module: URL | string, data?: unknown): Thread {
    const isUrl = module instanceof URL ||
      (typeof module === "string" && URL.canParse(module));
    if (!isUrl) {
      throw new ArgumentTypeError(
        "Cannot spawn a thread as module must be a URL: pass " +
          "new URL(path, import.meta.url)",
      );
    }
    const start: ThreadStart = {
      handle: this.handle,
      module: `${module}`,
      data,
      life: newLife(),
    };
    // The name as it is exported: a minifier may have changed the function's.
    const entry = { module: import.meta.url, name: "runThread" };
    const thread = this.#local.host.spawn(entry, start);
    return new Thread(thread, new Burial(this.#local, start.life));
  }

  /**
   * Shuts the runtime down for all threads: ends every park, now and for ever,
   * with `"shutdown"`, and every armed timer unfired. Doing it twice does
   * nothing.
   */
  shutdown(): void {
    shutdown(this.#local);
  }

  /** Shuts the runtime down, if this object created it. */
  [Symbol.dispose](): void {
    if (this.#isCreator) this.shutdown();
  }

  /** Shuts the runtime down, if this object created it. */
  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }

  #claimLock(kind: number): Omit<MutexHandle, "kind"> {
    const { core, id, regions } = this.#local;
    if (this.isShutdown) throw new ShutdownError("claim a lock");
    const address = core.lockClaim(kind);
    if (address === 0) throw new ExhaustedError("lock", regions.locks.count);
    return { runtime: id, address, claim: core.lockBase(address) };
  }
}

/**
 * What a spawned thread runs. Not for users: `Runtime.spawn()` has the thread
 * import this module and call it.
 */
export async function runThread(): Promise<void> {
  const self = currentHost().self()!;
  const start = self.data as ThreadStart;
  try {
    const runtime = Runtime.attach(start.handle);
    beginLife(start.life, localOf(runtime));
    const { default: main } = await import(start.module);
    if (typeof main !== "function") {
      throw new ArgumentTypeError(
        `Cannot run ${start.module} as its default export must be a function`,
      );
    }
    const value = await main(runtime, start.data);
    self.post({ kind: "returned", value });
  } catch (error) {
    self.post(thrown(error));
  }
}
