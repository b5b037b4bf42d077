// Whether a worker's thread has really ended: the host may say so too early, or to
// one who blocks and does not hear.

import type { Host, KernelThreads } from "../host.ts";
import { CLOSED, COMMAND, controlOf, GONE, KERNEL } from "./start.ts";

/**
 * Milliseconds until a thread is taken for dead that the host says has ended, and
 * that is still there. One in a loop of its task's goes on for ever, on Deno.
 */
const ZOMBIE_MS = 100;

/** What one knows of a worker's end. */
export interface Mortal {
  readonly index: number;
  /** It was told to end, and has said that it has. */
  readonly state: string;
  /** What the host has said of its end, and when. */
  readonly exit: { readonly code: number; readonly at: number } | undefined;
}

/** The threads of one pool, as the kernel and they themselves tell of them. */
export class Pulse {
  readonly #threads: KernelThreads | undefined;
  readonly #controls: Int32Array<SharedArrayBuffer>;

  constructor(host: Host, controls: Int32Array<SharedArrayBuffer>) {
    this.#threads = host.kernelThreads();
    this.#controls = controls;
  }

  /** Whether it tells of ends that the host has not told of. */
  get isFelt(): boolean {
    return this.#threads !== undefined;
  }

  /** Whether a worker has ended as it was told: the message may be on its way. */
  isClosed({ state, index }: Mortal): boolean {
    return state === "closed" || this.#orderOf(index) === CLOSED;
  }

  #orderOf(index: number): number {
    // Acquire. Pairs with the store in `Orders.end()` [W5].
    return Atomics.load(this.#controls, controlOf(index, COMMAND));
  }

  /** Whether a worker's thread does nothing to the pool any more. */
  hasEnded({ state, index, exit }: Mortal): boolean {
    const isAlive = this.#isAlive(index);
    if (exit === undefined) return isAlive === false;
    if (state === "closed" || state === "gone" || !isAlive) return true;
    return this.#orderOf(index) >= GONE ||
      performance.now() - exit.at > ZOMBIE_MS;
  }

  /** Whether the kernel knows of its thread; undefined if nobody can tell. */
  #isAlive(index: number): boolean | undefined {
    // Relaxed: it stays what it is once it is there.
    const id = Atomics.load(this.#controls, controlOf(index, KERNEL));
    return id === 0 ? undefined : this.#threads?.isAlive(id);
  }
}
