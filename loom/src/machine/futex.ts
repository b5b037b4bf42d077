// Who sleeps on which word, in the order in which they fell asleep.

/** The queues of sleepers of one execution. */
export class Futex {
  /** Threads, by the address of the word. Empty queues are not kept. */
  readonly queues: Map<number, number[]> = new Map();

  clear(): void {
    if (this.queues.size > 0) this.queues.clear();
  }

  enqueue(address: number, thread: number): void {
    const queue = this.queues.get(address);
    if (queue) queue.push(thread);
    else this.queues.set(address, [thread]);
  }

  /** Takes a thread out that is in the queue. */
  remove(address: number, thread: number): void {
    const queue = this.queues.get(address)!;
    queue.splice(queue.indexOf(thread), 1);
    if (queue.length === 0) this.queues.delete(address);
  }

  /** How many sleep on a word. */
  count(address: number): number {
    return this.queues.get(address)?.length ?? 0;
  }

  /** Takes the sleeper at a place out of the queue, and returns it. */
  take(address: number, place: number): number {
    const queue = this.queues.get(address)!;
    const [thread] = queue.splice(place, 1);
    if (queue.length === 0) this.queues.delete(address);
    return thread!;
  }

  /** A copy of all queues. */
  save(): [number, number[]][] {
    return Array.from(this.queues, ([address, queue]) => [address, [...queue]]);
  }

  restore(saved: readonly (readonly [number, readonly number[]])[]): void {
    this.queues.clear();
    for (const [address, queue] of saved) this.queues.set(address, [...queue]);
  }
}
