// The worker threads, as the main thread sees them.

import process from "node:process";
import type {
  Parker,
  ParkerCounters,
  ParkerHandle,
  Runtime,
  Thread,
  Unparker,
} from "../../mod.ts";
import type { WorkArea } from "./work_area.ts";
import type { WorkerStart } from "./worker.ts";

const MODULE = new URL("./worker.ts", import.meta.url);

/** Threads that take files from a work area. */
export class Crew {
  readonly #runtime: Runtime;
  readonly #parker: Parker;
  readonly #area: WorkArea;
  readonly #handles: ParkerHandle[] = [];
  readonly #unparkers: Unparker[] = [];
  readonly #threads: Thread[] = [];
  #failure: { readonly error: unknown } | undefined;

  /**
   * Starts the threads.
   *
   * @param parker The calling thread's, which they unpark.
   */
  constructor(
    runtime: Runtime,
    parker: Parker,
    area: WorkArea,
    workers: number,
  ) {
    this.#runtime = runtime;
    this.#parker = parker;
    this.#area = area;
    const main = runtime.unparker(parker.handle);
    for (let worker = 0; worker < workers; worker++) {
      const handle = runtime.parker().detach();
      this.#handles.push(handle);
      this.#unparkers.push(runtime.unparker(handle));
      const { memory } = area;
      const start = {
        worker,
        workers,
        memory,
        parker: handle,
        main: main.handle,
      };
      const thread = runtime.spawn(MODULE, start satisfies WorkerStart);
      this.#threads.push(thread);
      thread.result.catch((error) => {
        this.#failure = { error };
        main.unpark();
      });
    }
  }

  /** What the workers have counted, summed up. */
  get counters(): ParkerCounters {
    const all = this.#handles.map((it) => this.#runtime.counters(it));
    const sum = (key: keyof ParkerCounters) =>
      all.reduce((total, counters) => total + counters[key], 0);
    return {
      parks: sum("parks"),
      unparks: sum("unparks"),
      timeouts: sum("timeouts"),
      events: sum("events"),
      noops: sum("noops"),
      turns: sum("turns"),
      parked: sum("parked"),
    };
  }

  /** Unparks idle workers, so many at most. */
  wake(count: number): void {
    for (const worker of this.#area.claimIdle(count)) {
      this.#unparkers[worker]!.unpark();
    }
  }

  /**
   * Parks until a worker has results to collect, or none left to make.
   *
   * @throws {unknown} What a worker threw.
   */
  async wait(timeout: number): Promise<void> {
    await this.#parker.parkAsync({ timeout });
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Rests for so many milliseconds when all workers are idle.
   *
   * @returns The time on a CPU that the process took meanwhile, as a part of
   * one core's.
   */
  async rest(duration: number): Promise<number> {
    while (!this.#area.isIdle) await this.wait(Infinity);
    const began = performance.now();
    const before = process.cpuUsage();
    let left = duration;
    while (left > 0) {
      await this.wait(left);
      left = began + duration - performance.now();
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - began);
  }

  /** Shuts the runtime down. Resolves when the threads have ended. */
  async end(): Promise<void> {
    this.#runtime.shutdown();
    await Promise.all(this.#threads.map((thread) => thread.exited));
  }
}
