// What the pool has told one worker to do. On Deno a thread goes on for a while
// that was terminated, or has called `process.exit()`: so a worker looks here
// whenever it comes back from a task, and then touches nothing of the pool's.

import { WorkerCrashedError } from "../errors.ts";
import { COMMAND, controlOf, DIE, GONE, RETIRE, THREAD } from "./start.ts";

/** Whose orders they are. */
export interface OrdersPlace {
  readonly index: number;
  readonly name: string;
  /** As the core knows the thread. */
  readonly thread: number;
}

/** The orders of one worker, on its own thread. */
export class Orders {
  readonly #controls: Int32Array<SharedArrayBuffer>;
  readonly #place: OrdersPlace;
  readonly #command: number;
  readonly #thread: number;
  #hasEnded = false;

  constructor(controls: Int32Array<SharedArrayBuffer>, place: OrdersPlace) {
    this.#controls = controls;
    this.#place = place;
    this.#command = controlOf(place.index, COMMAND);
    this.#thread = controlOf(place.index, THREAD);
  }

  /** The thread takes tasks from now on. */
  begin(): void {
    // Relaxed: whoever asks later asks again.
    Atomics.store(this.#controls, this.#thread, this.#place.thread);
  }

  /** Whether it is to end when it has nothing at hand. */
  get isToRetire(): boolean {
    // Acquire. Pairs with the store in `Crew.retire()` [W1].
    return Atomics.load(this.#controls, this.#command) === RETIRE;
  }

  /** Whether the thread has ended, for the pool: also if another has its place. */
  get isOver(): boolean {
    if (this.#hasEnded) return true;
    const controls = this.#controls;
    // No atomics, since each task asks: where it matters the thread has long been
    // told. See `Crew.#hasEnded()`.
    return controls[this.#command]! >= DIE ||
      controls[this.#thread] !== this.#place.thread;
  }

  /**
   * The thread ends, and does nothing more to the pool.
   *
   * @param how `CLOSED` if it was told to.
   */
  end(how = GONE): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // Its place may be another one's by now.
    // Relaxed: the pool has not given the place away if this thread has it.
    if (this.#controls[this.#thread] !== this.#place.thread) return;
    // Any -> GONE or CLOSED.
    // Release. Pairs with the load in `Crew.#hasEnded()` [W5].
    Atomics.store(this.#controls, this.#command, how);
  }

  /**
   * To be called before the pool's records are touched.
   *
   * @throws {WorkerCrashedError} If the thread has ended, for the pool. What it
   * had at hand is somebody else's.
   */
  check(): void {
    if (!this.isOver) return;
    this.end();
    throw new WorkerCrashedError(this.#place.name, "has ended");
  }
}
