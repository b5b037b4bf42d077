// Who waits for whom, blocked in a join: so that no two workers wait, each for
// what goes on in the event loop of the other.

import { RUNNING } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import type { OrdersPlace } from "./orders.ts";
import { controlOf, THREAD, WAITS, workersOf } from "./start.ts";

// Of a task's word.
const STATE = 7;
const THREAD_SHIFT = 8;

/** What the workers of a pool wait for, for one of them. */
export class Circles {
  readonly #core: CoreExports;
  readonly #controls: Int32Array<SharedArrayBuffer>;
  readonly #place: OrdersPlace;

  constructor(
    core: CoreExports,
    controls: Int32Array<SharedArrayBuffer>,
    place: OrdersPlace,
  ) {
    this.#core = core;
    this.#controls = controls;
    this.#place = place;
  }

  /** This worker is about to block until the task is done. */
  begin(task: number): void {
    // SeqCst. Pairs with the load in `isCircular()`: of those who close a circle,
    // the last one to say so sees all of it [W6].
    Atomics.store(this.#controls, controlOf(this.#place.index, WAITS), task);
  }

  /** It is awake. */
  end(): void {
    // Relaxed: who has seen it wait has seen it wait in a circle, which nothing
    // but an error of its own ends.
    Atomics.store(this.#controls, controlOf(this.#place.index, WAITS), 0);
  }

  /**
   * Whether the task goes on on a worker that is blocked, which waits for a task
   * on a worker that is blocked, and so on up to this one.
   */
  isCircular(task: number): boolean {
    const core = this.#core;
    const { thread } = this.#place;
    // No circle is longer than there are workers.
    for (let left = workersOf(this.#controls); left > 0; left--) {
      const seen = core.taskSeen(task);
      if ((seen & STATE) !== RUNNING) return false;
      if (seen >>> THREAD_SHIFT === thread) return true;
      const next = this.#waitOf(seen >>> THREAD_SHIFT);
      if (next === 0) return false;
      task = next;
    }
    return false;
  }

  /** The task for which this thread of the core is blocked; 0 if it is not. */
  #waitOf(thread: number): number {
    const controls = this.#controls;
    for (let worker = 0; worker < workersOf(controls); worker++) {
      // Relaxed: it stays what it is while the thread runs a task.
      if (Atomics.load(controls, controlOf(worker, THREAD)) !== thread) {
        continue;
      }
      // SeqCst. Pairs with the store in `begin()` [W6].
      return Atomics.load(controls, controlOf(worker, WAITS));
    }
    return 0;
  }
}
