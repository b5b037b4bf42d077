// Who on this thread waits for which file descriptors, and is told when they are
// ready.

import { CONFLICT, STALE } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { Local } from "../core/local.ts";
import { addressOf } from "../core/layout.ts";
import type { RegistrationPlace } from "../driver.ts";
import { InUseError, ReleasedError, ShutdownError } from "../errors.ts";
import type { ParkerPlace } from "../park/result.ts";
import { Ready } from "./ready.ts";

const WAYS = 4;

/** One who waits. */
interface Wait {
  readonly resolve: (ready: Ready) => void;
  readonly reject: (error: unknown) => void;
  /** The task that waits, if the thread has some. */
  readonly task: number;
}

/** Those who wait for the same. The core knows of one parker for all. */
interface Queue {
  readonly place: RegistrationPlace;
  readonly way: number;
  readonly waits: Set<Wait>;
}

/** What a thread does while it waits. */
export interface Sleeper {
  /** The parker that it sleeps on in its event loop. */
  readonly looping: ParkerPlace;
  /** The parker that it sleeps on if it blocks now. */
  readonly blocking: ParkerPlace;
  /** The task that runs; 0 if there is none. */
  readonly task: number;
  /** There is somebody who waits: have the thread sleep, and look after it. */
  begin(): void;
  /** There is nobody any more. */
  end(): void;
}

/** The waits of one thread. */
export class Waits {
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #sleeper: Sleeper;
  /** By the address and the way. */
  readonly #queues = new Map<number, Queue>();
  /** How many waits each task has. */
  readonly #tasks = new Map<number, number>();

  constructor(local: Local, sleeper: Sleeper) {
    this.#local = local;
    this.#core = local.core;
    this.#sleeper = sleeper;
  }

  /** Whether somebody waits. */
  get isPending(): boolean {
    return this.#queues.size > 0;
  }

  /** Tasks that wait. */
  get tasks(): number {
    return this.#tasks.size;
  }

  /**
   * What a descriptor is ready for, if it is for one of those that end a wait.
   *
   * @throws {ReleasedError} If it was deregistered.
   */
  look({ address, claim }: RegistrationPlace, way: number): Ready | undefined {
    const word = this.#core.registrationReady(address, claim);
    if (word === -1) throw new ReleasedError("wait", "registration");
    return Ready.inWay(word, way);
  }

  /** Waits in the event loop, or until the signal is aborted. */
  wait(
    place: RegistrationPlace,
    way: number,
    signal: AbortSignal | undefined,
  ): Promise<Ready> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const found = this.look(place, way);
      if (found) return resolve(found);
      const abort = () => this.#leave(queue, wait, signal!.reason);
      const stop = () => signal?.removeEventListener("abort", abort);
      const wait: Wait = {
        resolve: (ready) => (stop(), resolve(ready)),
        reject: (error) => (stop(), reject(error)),
        task: this.#sleeper.task,
      };
      const queue = this.#enter(place, way, wait);
      signal?.addEventListener("abort", abort, { once: true });
      // It may have become ready before the core knew who waits.
      this.#settle(queue);
      if (!this.isPending) return;
      try {
        this.#sleeper.begin();
      } catch (error) {
        this.#leave(queue, wait, error);
      }
    });
  }

  /**
   * Says that this thread is about to block until it is ready. Returns what it is
   * ready for already.
   */
  arm(place: RegistrationPlace, way: number): Ready | undefined {
    const found = this.look(place, way);
    if (found) return found;
    const { blocking, looping } = this.#sleeper;
    // Those who wait in the event loop of this thread are told after it.
    if (this.#queues.has(keyOf(place, way))) this.#unset(place, way, looping);
    this.#set(place, way, blocking);
    return this.look(place, way);
  }

  /** It does not block any more. */
  disarm(place: RegistrationPlace, way: number): void {
    this.#unset(place, way, this.#sleeper.blocking);
    const queue = this.#queues.get(keyOf(place, way));
    if (queue) this.#resume(queue);
    if (!this.isPending) this.#sleeper.end();
  }

  #set(place: RegistrationPlace, way: number, parker: ParkerPlace): void {
    const { address, claim } = parker;
    const code = this.#core.registrationWait(
      place.address,
      place.claim,
      way,
      address,
      claim,
    );
    if (code === STALE) throw new ReleasedError("wait", "registration");
    if (code === CONFLICT) throw new InUseError("wait for", "registration");
  }

  #unset(place: RegistrationPlace, way: number, parker: ParkerPlace): void {
    const { address, claim } = parker;
    this.#core.registrationLeave(
      place.address,
      place.claim,
      way,
      address,
      claim,
    );
  }

  #enter(place: RegistrationPlace, way: number, wait: Wait): Queue {
    const key = keyOf(place, way);
    let queue = this.#queues.get(key);
    if (queue && queue.place.claim !== place.claim) {
      // What was waited for is gone: those who did are told.
      this.#settle(queue);
      queue = undefined;
    }
    this.#set(place, way, this.#sleeper.looping);
    if (!queue) {
      queue = { place, way, waits: new Set() };
      this.#queues.set(key, queue);
    }
    queue.waits.add(wait);
    this.#count(wait.task, 1);
    return queue;
  }

  #count(task: number, change: number): void {
    const count = (this.#tasks.get(task) ?? 0) + change;
    if (count > 0) this.#tasks.set(task, count);
    else this.#tasks.delete(task);
  }

  #leave(queue: Queue, wait: Wait, reason: unknown): void {
    if (!queue.waits.delete(wait)) return;
    this.#count(wait.task, -1);
    wait.reject(reason);
    if (queue.waits.size > 0) return;
    this.#close(queue);
    if (!this.isPending) this.#sleeper.end();
  }

  #close({ place, way }: Queue): void {
    this.#queues.delete(keyOf(place, way));
    this.#unset(place, way, this.#sleeper.looping);
  }

  /** The core is to know of them again, who has known of another parker. */
  #resume(queue: Queue): void {
    try {
      this.#set(queue.place, queue.way, this.#sleeper.looping);
      this.#settle(queue);
    } catch (error) {
      this.#end(queue, (wait) => wait.reject(error));
    }
  }

  /** Tells those who wait, if they are to be told. Returns how many. */
  #settle(queue: Queue): number {
    const { place, way } = queue;
    let ready: Ready | undefined;
    try {
      ready = this.look(place, way);
    } catch (error) {
      return this.#end(queue, (wait) => wait.reject(error));
    }
    if (!ready) return 0;
    const seen = ready;
    return this.#end(queue, (wait) => wait.resolve(seen));
  }

  #end(queue: Queue, tell: (wait: Wait) => void): number {
    this.#close(queue);
    const { waits } = queue;
    const count = waits.size;
    for (const wait of waits) {
      this.#count(wait.task, -1);
      tell(wait);
    }
    waits.clear();
    return count;
  }

  /**
   * Tells those whose descriptors are ready, when this thread is awake. Returns
   * how many.
   */
  settle(): number {
    if (!this.isPending) return 0;
    const hint = this.#core.parkerHint(this.#sleeper.looping.address);
    if (hint === 0) return 0;
    if (hint < 0) return this.#settleAll();
    const address = addressOf(this.#local.regions.registrations, hint - 1);
    let count = 0;
    for (let way = 0; way < WAYS; way++) {
      const queue = this.#queues.get(keyOf({ address }, way));
      if (queue) count += this.#settle(queue);
    }
    return count;
  }

  #settleAll(): number {
    let count = 0;
    for (const queue of [...this.#queues.values()]) {
      count += this.#settle(queue);
    }
    return count;
  }

  /** Nobody is told any more: the runtime is shut down. */
  shutdown(): void {
    const error = new ShutdownError("wait for a file descriptor");
    for (const queue of [...this.#queues.values()]) {
      this.#end(queue, (wait) => wait.reject(error));
    }
  }
}

/** Addresses are multiples of 64. */
function keyOf({ address }: { readonly address: number }, way: number): number {
  return address + way;
}
