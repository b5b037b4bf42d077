// Threads that park in one runtime of layby, and a caller that wakes them in
// turn.

import {
  type Parker,
  Runtime,
  type RuntimeOptions,
  type Unparker,
} from "../mod.ts";
import type { LaybyEcho } from "./workers/layby_echo.ts";
import { newNotes, type Notes } from "./workers/notes.ts";

/** A runtime, the caller's parker, and the threads that answer it. */
export class LaybyCrew {
  readonly runtime: Runtime;
  readonly parker: Parker;
  readonly unparkers: Unparker[] = [];
  readonly notes: Notes[] = [];
  /** Rejects if a thread could not run. */
  readonly failed: Promise<never>;
  readonly #fail: (error: unknown) => void;
  #next = 0;

  constructor(options: RuntimeOptions) {
    this.runtime = Runtime.create(options);
    this.parker = this.runtime.parker();
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    promise.catch(() => {});
  }

  /** Starts a thread. */
  add(): void {
    const notes = newNotes();
    const mine = this.runtime.parker().detach();
    const data: LaybyEcho = { mine, caller: this.parker.handle, notes };
    const entry = new URL("./workers/layby_echo.ts", import.meta.url);
    this.runtime.spawn(entry, data).result.catch(this.#fail);
    this.unparkers.push(this.runtime.unparker(mine));
    this.notes.push(notes);
  }

  /** Round trips to one thread. Blocks. */
  call(thread: number, trips: number): void {
    const unparker = this.unparkers[thread]!;
    for (let trip = 0; trip < trips; trip++) {
      unparker.unpark();
      this.parker.park();
    }
  }

  /** As `call()`, and returns the milliseconds that the unparks took. */
  callTimed(thread: number, trips: number): number {
    const unparker = this.unparkers[thread]!;
    let total = 0;
    for (let trip = 0; trip < trips; trip++) {
      const start = performance.now();
      unparker.unpark();
      total += performance.now() - start;
      this.parker.park();
    }
    return total;
  }

  /** As `call()`, and waits in the event loop. */
  async callAsync(thread: number, trips: number): Promise<void> {
    const unparker = this.unparkers[thread]!;
    for (let trip = 0; trip < trips; trip++) {
      unparker.unpark();
      await this.parker.parkAsync();
    }
  }

  /** Round trips to one thread after the other. Blocks. */
  callInTurn(trips: number): void {
    const { unparkers } = this;
    for (let trip = 0; trip < trips; trip++) {
      unparkers[this.#next]!.unpark();
      this.parker.park();
      this.#next = this.#next + 1 === unparkers.length ? 0 : this.#next + 1;
    }
  }
}
