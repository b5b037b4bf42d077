// The end of a thread that the runtime has started: when it has really ended, and
// what is done then.

import type { CoreExports } from "./core/core.generated.ts";
import { bury, type Local, wakeAll } from "./core/local.ts";

// Words that a thread and who has started it share.
/** Its thread as the core knows it; 0 until it holds anything. */
const THREAD = 0;
/** As the kernel knows it; 0 if that does not tell. */
const KERNEL = 1;

/**
 * Milliseconds until one is given up that the host says has ended, and that is
 * still there: nothing of it is touched then. On Deno one that is blocked stays
 * so, and one in a loop goes on.
 */
const PATIENCE = 200;

/** What a thread tells of itself, when it starts. */
export type Life = Int32Array<SharedArrayBuffer>;

/** Before there is a thread. */
export function newLife(): Life {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Says which thread it is, before it holds anything. */
export function beginLife(life: Life, { host, thread }: Local): void {
  // Relaxed: the store below publishes it.
  Atomics.store(life, KERNEL, host.kernelThreads()?.current ?? 0);
  // Release. Pairs with the load in `Burial.end()` [W7].
  Atomics.store(life, THREAD, thread);
}

/** The end of one thread. */
export class Burial {
  readonly #local: Local;
  readonly #core: CoreExports;
  readonly #life: Life;
  #ended: Promise<void> | undefined;

  constructor(local: Local, life: Life) {
    this.#local = local;
    this.#core = local.core;
    this.#life = life;
  }

  /** Wakes it, wherever it sleeps: then it ends, if it was terminated. */
  wake(): void {
    this.#core.parkersRouse();
    wakeAll(this.#local);
  }

  /** Frees what it held, once it has ended. The host says that it has. */
  end(): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    // Acquire. Pairs with the store in `beginLife()` [W7].
    const thread = Atomics.load(this.#life, THREAD);
    if (thread === 0 || !await this.#hasEnded()) return;
    bury(this.#local, thread, this.#core.threadBury(thread));
  }

  /** Returns false if it goes on all the same, or nobody can tell. */
  async #hasEnded(): Promise<boolean> {
    const { host } = this.#local;
    const kernel = host.kernelThreads();
    // Relaxed: it is published together with the thread.
    const id = Atomics.load(this.#life, KERNEL);
    // Deno says so before it has, and others after.
    if (!kernel || id === 0) return host.name !== "deno";
    const deadline = performance.now() + PATIENCE;
    while (kernel.isAlive(id)) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return true;
  }
}
